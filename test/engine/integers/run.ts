/** Quantized programs by the plain loops and on the engine, in every mode. */
import type { Tensor } from "../../../src/core/tensor.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { executorOf } from "../../../src/engine/executor-of.ts";
import { fold } from "../../../src/lowering/fold.ts";
import { lower } from "../../../src/lowering/lower.ts";
import type { Operations } from "../../../src/lowering/operations.ts";
import type { MixedOperation } from "../../../src/engine/operations.ts";
import { toIntegers } from "../../../src/engine/integers/integers.ts";
import type { QuantizedNetwork } from "../../../src/quantization/network.ts";
import { type QuantizeSettings, quantizeProgram } from "../../../src/quantization/quantize.ts";
import { type ReferenceValue, compute } from "../../../src/engine/integers/reference.ts";
import type { Program } from "../../../src/graph/program.ts";
import type { IntegerMode } from "../../../src/kernels/i8/parts.ts";

export const SETTINGS: QuantizeSettings = {
  method: "mse",
  percentile: 99.99,
  biasCorrection: true,
  equalization: true,
};

/** Quantizes with the inputs themselves as calibration. */
export function quantized(
  program: Program,
  inputs: readonly Tensor<Float32Array>[],
  settings: Partial<QuantizeSettings> = {},
): Promise<QuantizedNetwork> {
  const shapes = inputs.map((input) => input.shape.slice(1));
  return quantizeProgram(program, shapes, { data: [inputs], executorOf }, { ...SETTINGS, ...settings });
}

/** The operations of a quantized program. */
export function operationsFor(
  program: Program,
  network: QuantizedNetwork,
  inputs: readonly Tensor[],
  mode: IntegerMode = "i16",
): Operations<MixedOperation> {
  return toIntegers(
    fold(
      lower(
        program,
        inputs.map((input) => input.shape.slice(1)),
      ),
    ),
    network,
    mode,
  );
}

/** The outputs by the plain loops, for the first picture. Only for programs without float32 operations between. */
export function byReference(
  operations: Operations<MixedOperation>,
  inputs: readonly Tensor<Float32Array>[],
): ReferenceValue[] {
  const values = new Map<number, ReferenceValue>();
  const value = (id: number): ReferenceValue => {
    const found = values.get(id);
    if (found === undefined) throw new Error(`value ${id} is not made yet`);
    return found;
  };
  for (const [i, id] of operations.inputs.entries()) {
    const input = inputs[i];
    if (input) values.set(id, input.data.subarray(0, input.size / (input.shape[0] ?? 1)));
  }
  for (const operation of operations.list) {
    switch (operation.kind) {
      case "alias":
        values.set(operation.output, value(operation.input));
        break;
      case "clamp": {
        const { low, high } = operation.bounds;
        values.set(
          operation.output,
          value(operation.input).map((x) => Math.min(Math.max(x, low), high)),
        );
        break;
      }
      case "quantize":
      case "dequantize":
      case "integer pad":
      case "integer convolution":
      case "integer mean":
        values.set(operation.output, compute(operation, value));
        break;
      default:
        throw new Error(`a float32 operation: ${operation.kind}`);
    }
  }
  return operations.outputs.map(value);
}

/** The outputs on the engine. */
export async function onEngine(
  program: Program,
  network: QuantizedNetwork,
  inputs: readonly Tensor<Float32Array>[],
  {
    mode,
    threads = 1,
    wide = false,
  }: { readonly mode: IntegerMode; readonly threads?: number; readonly wide?: boolean },
): Promise<readonly Tensor<Float32Array>[]> {
  using engine = await Engine.create(program, {
    threads,
    transform: (operations) => toIntegers(operations, network, mode, wide),
  });
  const results = await engine.run(inputs);
  return results;
}
