/** Which convolutions are computed together, row by row: those between which there is more than the cache holds. */
import { sizeOf } from "../../core/shape.ts";
import { type Convolution, usesOf } from "../../lowering/operations.ts";
import {
  type Chain,
  type EngineOperation,
  type EngineOperations,
  type SelectedConvolution,
  inputsOf,
} from "../operations.ts";

/** A value of fewer bytes stays in the cache whole. */
const LEAST_BYTES = 2 ** 18;
/** The least number of rows of a piece if there are several: each piece computes two rows of its neighbours again. */
const LEAST_ROWS = 24;
/** The least number of columns: narrower pictures leave the register tiles of a row too empty. */
const LEAST_COLS = 20;

export function chainConvolutions(operations: EngineOperations, pieces: number): EngineOperations {
  const { list } = operations;
  const shapes = [...operations.shapes];
  const uses = usesOf(operations, inputsOf);

  /** The rows of the last link's output that must be kept for `next`; undefined if `next` cannot be chained to the last of `links`. */
  const rowsKept = (links: readonly SelectedConvolution[], next: EngineOperation | undefined): number | undefined => {
    const link = links.at(-1);
    if (link === undefined || next?.kind !== "convolution" || next.input !== link.output || uses.get(link.output) !== 1)
      return undefined;
    const { rows, cols, channels } = link.to;
    if (rows * cols * channels * 4 < LEAST_BYTES || cols < LEAST_COLS || next.to.cols < LEAST_COLS) return undefined;
    // Every piece computes the rows above and below its own again.
    if (pieces > 1 && (next.to.rows < LEAST_ROWS * pieces || (isDepthwise(next) && links.some(isDepthwise)))) {
      return undefined;
    }
    if (isDepthwise(next)) return (next.window.rows - 1) * next.window.dilation[0] + 1;
    return next.by.kind === "pixels" && next.groups === 1 ? 1 : undefined;
  };

  const chained: EngineOperation[] = [];
  for (let i = 0; i < list.length;) {
    const first = list[i];
    if (first === undefined) break;
    const links: SelectedConvolution[] = first.kind === "convolution" ? [first] : [];
    const kept: Chain["kept"][number][] = [];
    for (let last = links.at(-1); last !== undefined; last = links.at(-1)) {
      const next = list[i + links.length];
      const rows = rowsKept(links, next);
      if (rows === undefined || next?.kind !== "convolution") break;
      const value = shapes.push([pieces, rows, last.to.cols, last.to.channels]) - 1;
      kept.push({ rows, value });
      links.push(next);
    }
    if (links.length > 1) chained.push({ kind: "chain", links, kept, output: links.at(-1)?.output ?? -1, pieces });
    else chained.push(first);
    i += Math.max(1, links.length);
  }
  return { ...operations, list: chained, shapes };
}

function isDepthwise({ by }: SelectedConvolution): boolean {
  return by.kind === "depthwise";
}

/** The bytes of the rows that one piece keeps of a convolution's output. */
export function keptBytes({ to }: Convolution, rows: number): number {
  return sizeOf([rows, to.cols, to.channels]) * 4;
}
