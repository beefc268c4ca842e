/** What a program takes. */
import { MobileNetV2Error } from "../core/errors.ts";
import { formatShape, shapesCompatible } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Program } from "./program.ts";

/** The batch that all inputs have. @throws ShapeError where one does not fit. */
export function checkInputs({ inputs: values, shapes }: Program, inputs: readonly Tensor[]): number {
  if (inputs.length !== values.length) {
    throw new MobileNetV2Error(
      "ShapeError",
      `The program has ${values.length} inputs. Received ${inputs.length} tensors.`,
    );
  }
  const batch = inputs[0]?.shape[0] ?? 0;
  for (const [i, value] of values.entries()) {
    const given = inputs[i]?.shape ?? [];
    const expected = (shapes[value] ?? []).with(0, batch);
    if (!shapesCompatible(expected, given)) {
      throw new MobileNetV2Error(
        "ShapeError",
        `Input ${i} of the program: expected shape=${formatShape(expected)}, found shape=${formatShape(given)}`,
      );
    }
  }
  return batch;
}
