/** Zeros around pictures, for kernels that read them from memory. */
import type { Picture } from "../../lowering/picture.ts";
import { NO_PADS, hasPads } from "../../lowering/windows.ts";
import { type EngineOperation, type EngineOperations, inputsOf } from "../operations.ts";

/** How a caller's picture is written into a padded one. */
export interface Border {
  readonly from: Picture;
  readonly top: number;
  readonly left: number;
  readonly right: number;
}

export interface SpreadOperations extends EngineOperations {
  /** How inputs are written that go into a padded buffer, by their position among the inputs. */
  readonly padded: ReadonlyMap<number, Border>;
}

/**
 * The matrix kernels read padding from memory: it becomes an operation of its own. A picture that comes straight from the caller, and that
 * nothing else reads, is written between the zeros at once.
 */
export function spreadPadding({ list, shapes, inputs, outputs }: EngineOperations): SpreadOperations {
  const spread: EngineOperation[] = [];
  const allShapes = [...shapes];
  const newInputs = [...inputs];
  const padded = new Map<number, Border>();
  const uses = [...list.flatMap(inputsOf), ...outputs, ...inputs];
  for (const operation of list) {
    if (operation.kind !== "convolution" || operation.by.kind === "depthwise" || !hasPads(operation.window)) {
      spread.push(operation);
      continue;
    }
    const { input, from, window } = operation;
    const [[top, bottom], [left, right]] = window.pads;
    const picture = { rows: top + from.rows + bottom, cols: left + from.cols + right, channels: from.channels };
    const output = allShapes.push([picture.rows, picture.cols, picture.channels]) - 1;
    const position = inputs.indexOf(input);
    const direct = position >= 0 && uses.filter((value) => value === input).length === 2;
    if (direct) {
      newInputs[position] = output;
      padded.set(position, { from, top, left, right });
    }
    spread.push({ kind: "pad", input: direct ? output : input, output, from, pads: window.pads });
    spread.push({ ...operation, input: output, from: picture, window: { ...window, pads: NO_PADS } });
  }
  return { list: spread, shapes: allShapes, inputs: newInputs, outputs, padded };
}
