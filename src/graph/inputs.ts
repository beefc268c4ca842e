/** Checks the inputs of a program. */
import { MobileNetV2Error } from "../core/errors.ts";
import { formatShape, shapesCompatible } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Program } from "./program.ts";

/**
 * Checks the shapes of the inputs, and returns the batch size that they share.
 * @throws ShapeError if the number of inputs or one of their shapes does not fit.
 */
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
