/** Our int8 models in the benchmark: quantized with as little effort as will do, since time does not depend on the ranges. */
import type { Model, Tensor } from "mobilenet-v2";
import { fold } from "../src/engine/fold.ts";
import { lower } from "../src/engine/lower.ts";
import type { Operations } from "../src/engine/operations.ts";
import { toIntegers } from "../src/engine/quantize/integers.ts";
import { quantizeProgram } from "../src/engine/quantize/quantize.ts";
import { type Program, programOf } from "../src/graph/program.ts";
import { bestMode } from "../src/kernels/i8-probe.ts";
import type { IntegerMode } from "../src/kernels/i8-parts.ts";

const SETTINGS = { method: "minMax", percentile: 100, equalization: false, biasCorrection: false } as const;

export interface QuantizedModel {
  readonly program: Program;
  readonly transform: (operations: Operations) => Operations;
}

/** From one picture. Without relaxed SIMD the mode is `i16`. */
export async function quantized(
  model: Model,
  picture: Tensor<Float32Array>,
  mode: IntegerMode = bestMode(),
): Promise<QuantizedModel> {
  const network = await quantizeProgram(programOf(model.graph), [picture.shape.slice(1)], [picture], SETTINGS);
  return { program: programOf(model.graph), transform: (operations) => toIntegers(operations, network, mode) };
}

/** What a plan is made of. */
export function operationsOf({ program, transform }: QuantizedModel, size: number): Operations {
  return transform(fold(lower(program, [[size, size, 3]])));
}
