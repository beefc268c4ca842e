/** The numbers of TFLite's schema (version 3) that are written: types, operators, and the tables of their options. */
import type { Padding } from "../../../core/padding.ts";
import type { Bounds } from "../../../lowering/bounds.ts";
import { type FlatTable, bool, float32, int32, int32s, int8, table } from "./flatbuffer-writer.ts";

/** TensorType. */
export const TYPES = { float32: 0, float16: 1, int32: 2, uint8: 3, int8: 9 } as const;
export type TfliteType = keyof typeof TYPES;

/** BuiltinOperator. */
export const OPERATORS = {
  ADD: 0,
  AVERAGE_POOL_2D: 1,
  CONV_2D: 3,
  DEPTHWISE_CONV_2D: 4,
  DEQUANTIZE: 6,
  FULLY_CONNECTED: 9,
  LOGISTIC: 14,
  MUL: 18,
  RELU: 19,
  RELU_N1_TO_1: 20,
  RELU6: 21,
  RESHAPE: 22,
  SOFTMAX: 25,
  TANH: 28,
  PAD: 34,
  MEAN: 40,
  EXP: 47,
  LOG_SOFTMAX: 50,
  MAXIMUM: 55,
  MINIMUM: 57,
  REDUCE_MAX: 82,
  LEAKY_RELU: 98,
  ELU: 111,
  QUANTIZE: 114,
  HARD_SWISH: 117,
  GELU: 150,
} as const;
export type OperatorName = keyof typeof OPERATORS;

/** What an operator is told: the number of the table in BuiltinOptions, and the table. */
export type Options = readonly [kind: number, table: FlatTable];

/** ActivationFunctionType of bounds that an operator can end with. */
export function fusedActivation(bounds: Bounds | undefined): number | undefined {
  if (bounds === undefined) return 0;
  const { low, high } = bounds;
  if (low === 0 && high === Infinity) return 1;
  if (low === -1 && high === 1) return 2;
  return low === 0 && high === 6 ? 3 : undefined;
}

interface WindowOptions {
  readonly padding: Padding;
  /** Down, and to the right. */
  readonly strides: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly activation: number;
}

function paddingOf(padding: Padding): ReturnType<typeof int8> {
  return int8(padding === "same" ? 0 : 1);
}

export function conv2DOptions({ padding, strides, dilation, activation }: WindowOptions): Options {
  const [down, right] = strides;
  return [
    1,
    table([paddingOf(padding), int32(right), int32(down), int8(activation), int32(dilation[1]), int32(dilation[0])]),
  ];
}

export function depthwiseConv2DOptions(
  { padding, strides, dilation, activation }: WindowOptions,
  multiplier: number,
): Options {
  const [down, right] = strides;
  const places = [int32(right), int32(down), int32(multiplier), int8(activation)];
  return [2, table([paddingOf(padding), ...places, int32(dilation[1]), int32(dilation[0])])];
}

export function pool2DOptions({ padding, strides }: WindowOptions, size: readonly [number, number]): Options {
  return [
    5,
    table([paddingOf(padding), int32(strides[1]), int32(strides[0]), int32(size[1]), int32(size[0]), int8(0)]),
  ];
}

export function fullyConnectedOptions(activation: number, keepsAxes: boolean): Options {
  return [8, table([int8(activation), int8(0), bool(keepsAxes)])];
}

export const softmaxOptions: Options = [9, table([float32(1)])];

export function addOptions(activation: number): Options {
  return [11, table([int8(activation)])];
}

export const mulOptions: Options = [21, table([int8(0)])];

export function reshapeOptions(shape: readonly number[]): Options {
  return [17, table([int32s(shape)])];
}

export const padOptions: Options = [22, table()];

export function reducerOptions(keepsAxes: boolean): Options {
  return [27, table([bool(keepsAxes)])];
}

export const expOptions: Options = [33, table()];
export const logSoftmaxOptions: Options = [36, table()];
export const dequantizeOptions: Options = [38, table()];
export const maximumMinimumOptions: Options = [39, table()];

export function leakyReluOptions(slope: number): Options {
  return [75, table([float32(slope)])];
}

export const quantizeOptions: Options = [89, table()];
export const hardSwishOptions: Options = [91, table()];
export const geluOptions: Options = [116, table([bool(false)])];
