/** Runs a program with the layers' own scalar `forward`: the reference for the tests, and the way to run without WebAssembly SIMD. */
import { MobileNetV2Error } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Program } from "./program.ts";

/**
 * Computes all outputs for the given inputs, whose axes are (batch, rows, columns, channels).
 *
 * @param onStep called with the layer's name and the value after every step
 * @throws ShapeError if there are too few inputs.
 */
export function evaluate(
  program: Program,
  inputs: readonly Tensor<Float32Array>[],
  onStep?: (layerName: string, value: Tensor<Float32Array>) => void,
): Tensor<Float32Array>[] {
  const values = new Map<number, Tensor<Float32Array>>();
  const lastUse = new Map<number, number>();
  for (const [i, step] of program.steps.entries()) for (const input of step.inputs) lastUse.set(input, i);
  for (const output of program.outputs) lastUse.set(output, Infinity);
  const value = (id: number): Tensor<Float32Array> => {
    const found = values.get(id);
    if (found === undefined)
      throw new MobileNetV2Error("StateError", `The program uses value ${id} before it is made.`);
    return found;
  };
  for (const [i, id] of program.inputs.entries()) {
    const input = inputs[i];
    if (input === undefined) {
      throw new MobileNetV2Error(
        "ShapeError",
        `The program has ${program.inputs.length} inputs. Received ${inputs.length}.`,
      );
    }
    values.set(id, input);
  }
  for (const [i, step] of program.steps.entries()) {
    const output = step.layer.forward(step.inputs.map(value));
    onStep?.(step.layer.name, output);
    values.set(step.output, output);
    for (const input of step.inputs) if (lastUse.get(input) === i) values.delete(input);
  }
  return program.outputs.map(value);
}
