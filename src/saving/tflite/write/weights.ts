/** The weights of convolutions as TFLite has them: filters first, in float32, float16 or integers. */
import type { Dims } from "../../../core/shape.ts";
import { folded } from "../../../lowering/folded.ts";
import type { Convolution } from "../../../lowering/operations.ts";
import type { QuantizedWeights } from "../../../quantization/network.ts";
import { WEIGHT_LIMIT } from "../../../quantization/scheme.ts";
import { float16Of } from "../../bytes/float16.ts";
import type { WeightType } from "../../checkpoint.ts";
import type { TfliteGraph } from "./graph.ts";
import { dequantizeOptions } from "./schema.ts";
import type { Quantization } from "./values.ts";

/** How the kernel of a convolution lies in the file. */
export interface KernelLayout {
  readonly shape: Dims;
  /** The number of filters, if they come first; undefined if they come last, as in Keras. */
  readonly filters: number | undefined;
  /** The axis of the filters. */
  readonly axis: number;
}

interface RealWeights {
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

/** Float32 weights with everything folded in: those of the layer, or what the integers stand for. */
function realWeights(operation: Convolution, weights: QuantizedWeights | undefined): RealWeights {
  if (weights !== undefined) {
    const { kernel, scales, bias } = weights;
    return { kernel: Float32Array.from(kernel, (value, i) => value * (scales[i % scales.length] ?? 1)), bias };
  }
  const { scale, offset } = folded(operation);
  const { values } = operation.kernel;
  return {
    kernel: values.map((value, i) => value * (scale[i % scale.length] ?? 1)),
    bias: Float32Array.from(offset),
  };
}

/** The tensors of a kernel and a bias in floats. */
export function floatWeights(
  graph: TfliteGraph,
  name: string,
  operation: Convolution,
  { weights, dtype, layout }: { weights: QuantizedWeights | undefined; dtype: WeightType; layout: KernelLayout },
): readonly [kernel: number, bias: number] {
  const { kernel, bias } = realWeights(operation, weights);
  const values = filtersFirst(kernel, layout);
  const { shape } = layout;
  const biasTensor = graph.constant({ name: `${name}/bias`, shape: [bias.length], type: "float32" }, bias);
  if (dtype === "float32")
    return [graph.constant({ name: `${name}/kernel`, shape, type: "float32" }, values), biasTensor];
  const halves = float16Of(`${name}/kernel`, values);
  const stored = graph.constant({ name: `${name}/kernel`, shape, type: "float16" }, halves);
  const output = graph.part({ name: `${name}/kernel_float32`, shape, type: "float32" });
  return [
    graph.operator("DEQUANTIZE", { inputs: [stored], output, options: dequantizeOptions, version: 3 }),
    biasTensor,
  ];
}

/** The tensors of a kernel of int8 and a bias of int32, whose unit is that of the sums. */
export function integerWeights(
  graph: TfliteGraph,
  name: string,
  { kernel, scales, bias }: QuantizedWeights,
  { input, layout }: { input: Quantization; layout: KernelLayout },
): readonly [kernel: number, bias: number] {
  const { shape, axis } = layout;
  const zeroPoints = Array.from(scales, () => 0);
  const units = Float32Array.from(scales, (scale) => scale * input.scale);
  const biases = Int32Array.from(bias, (value, c) => Math.round(value / (units[c % units.length] ?? 1)));
  return [
    graph.constant(
      { name: `${name}/kernel`, shape, type: "int8", quantization: { scales, zeroPoints, axis } },
      filtersFirst(kernel, layout),
    ),
    graph.constant(
      { name: `${name}/bias`, shape: [bias.length], type: "int32", quantization: { scales: units, zeroPoints } },
      biases,
    ),
  ];
}

/** The weights with one scale for all filters: older runtimes and Coral take no others for FULLY_CONNECTED. */
export function withOneScale({ kernel, scales, bias }: QuantizedWeights): QuantizedWeights {
  let most = 0;
  for (const [i, value] of kernel.entries()) most = Math.max(most, Math.abs(value) * (scales[i % scales.length] ?? 0));
  const scale = most / WEIGHT_LIMIT || 1;
  const values = kernel.map((value, i) => Math.round((value * (scales[i % scales.length] ?? 0)) / scale));
  return { kernel: values, scales: Float32Array.of(scale), bias };
}

interface Numbers<T> {
  readonly length: number;
  [index: number]: number;
  slice: () => T;
}

/** Values whose last axis is that of the filters, with that axis first. */
function filtersFirst<T extends Numbers<T>>(values: T, { filters }: KernelLayout): T {
  if (filters === undefined) return values;
  const result = values.slice();
  const size = values.length / filters;
  for (let f = 0; f < filters; f++) {
    for (let i = 0; i < size; i++) result[f * size + i] = values[i * filters + f] ?? 0;
  }
  return result;
}
