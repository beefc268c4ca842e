/** Writes each layer in ONNX's operators (opset 17). */
import { samePadding } from "../../core/padding.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { Activation } from "../../layers/activations/activation.ts";
import type { ActivationName } from "../../layers/activations/activations.ts";
import { Add } from "../../layers/merging/add.ts";
import { AveragePooling2D } from "../../layers/pooling/average-pooling2d.ts";
import type { BaseConv2D } from "../../layers/convolutional/base-conv2d.ts";
import { BatchNormalization } from "../../layers/normalization/batch-normalization.ts";
import { Conv2D } from "../../layers/convolutional/conv2d.ts";
import { Dense } from "../../layers/core/dense.ts";
import { DepthwiseConv2D } from "../../layers/convolutional/depthwise-conv2d.ts";
import { Dropout } from "../../layers/regularization/dropout.ts";
import { Flatten } from "../../layers/reshaping/flatten.ts";
import { GlobalAveragePooling2D } from "../../layers/pooling/global-average-pooling2d.ts";
import { GlobalMaxPooling2D } from "../../layers/pooling/global-max-pooling2d.ts";
import type { GlobalPooling2D } from "../../layers/pooling/global-pooling2d.ts";
import { Passing } from "../../layers/regularization/passing.ts";
import { ReLU } from "../../layers/activations/relu.ts";
import { Rescaling } from "../../layers/preprocessing/rescaling.ts";
import { Reshape } from "../../layers/reshaping/reshape.ts";
import { Softmax } from "../../layers/activations/softmax.ts";
import { ZeroPadding2D } from "../../layers/reshaping/zero-padding2d.ts";
import { unsupportedError } from "../file-errors.ts";
import { transposedValues } from "../derived-tensor.ts";
import type { Attribute, GraphWriter, WrittenValue } from "./graph-writer.ts";

/** A layer on its way into a graph. */
export interface WrittenStep {
  readonly graph: GraphWriter;
  /** The name of the node. */
  readonly name: string;
  /** The path of the layer, with which the names of its weights begin. */
  readonly path: string;
  readonly inputs: readonly WrittenValue[];
  readonly shape: Shape;
  readonly weight: (name: string) => Tensor<Float32Array>;
}

/** Writes what a layer computes. @throws UnsupportedError for what ONNX's operators do not say. */
export function writeLayer(layer: object, step: WrittenStep): WrittenValue {
  const [x] = step.inputs;
  if (x === undefined) throw unsupportedError(`Layer '${step.path}' takes nothing.`);
  if (layer instanceof Conv2D) return writeConvolution(layer, layer.groups, x, step);
  if (layer instanceof DepthwiseConv2D) return writeConvolution(layer, x.shape.at(-1) ?? 1, x, step);
  if (layer instanceof BatchNormalization) return writeNormalization(layer, x, step);
  if (layer instanceof ReLU) return writeReLU(layer, x, step);
  if (layer instanceof Activation) return writeActivation(layer.activation, x, step, step.name);
  if (layer instanceof Softmax) return writeSoftmax(layer.axis, x, step);
  if (layer instanceof Dense) return writeDense(layer, x, step);
  if (layer instanceof Add) return writeAdd(step);
  if (layer instanceof ZeroPadding2D) return writePadding(layer, x, step);
  if (layer instanceof GlobalAveragePooling2D) return writeGlobalPool("GlobalAveragePool", layer, x, step);
  if (layer instanceof GlobalMaxPooling2D) return writeGlobalPool("GlobalMaxPool", layer, x, step);
  if (layer instanceof AveragePooling2D) return writeAveragePool(layer, x, step);
  if (layer instanceof Flatten) return writeFlatten(x, step);
  if (layer instanceof Reshape) return writeReshape(layer, x, step);
  if (layer instanceof Passing) return x;
  if (layer instanceof Dropout) return writeDropout(layer, x, step);
  if (layer instanceof Rescaling) return writeRescaling(layer, x, step);
  throw unsupportedError(`Layer '${step.path}' is of a class that is not written to ONNX.`);
}

function made(step: WrittenStep, name: string, channelsFirst: boolean): WrittenValue {
  return { name, channelsFirst, shape: step.shape };
}

function writeConvolution(layer: BaseConv2D, groups: number, given: WrittenValue, step: WrittenStep): WrittenValue {
  const { graph, path, weight } = step;
  const x = graph.ordered(given, true);
  const { shape, data } = weight("kernel");
  const [rows = 1, cols = 1, channels = 1, filters = 1] = shape;
  // A depthwise kernel is (rows, cols, channels, multiplier): all of its filters look at one channel.
  const ours = layer instanceof DepthwiseConv2D ? [rows, cols, 1, channels * filters] : [rows, cols, channels, filters];
  const [, , perGroup = 1, all = 1] = ours;
  const kernel = graph.kernel(`${path}/kernel`, [all, perGroup, rows, cols], () =>
    transposedValues(data, ours, [3, 2, 0, 1]),
  );
  const bias = layer.useBias ? [graph.floats(`${path}/bias`, [all], () => weight("bias").data)] : [];
  const attributes = {
    kernel_shape: layer.kernelSize,
    strides: layer.strides,
    dilations: layer.dilationRate,
    group: BigInt(groups),
    ...windowPadding(layer, given.shape),
  };
  const output = graph.node("Conv", step.name, [x.name, kernel, ...bias], attributes);
  return writeActivation(layer.activation, made(step, output, true), step);
}

interface Window {
  readonly padding: "same" | "valid";
  readonly strides: readonly [number, number];
  readonly kernelSize: readonly [number, number];
  readonly dilationRate: readonly [number, number];
}

/** The padding of a window. For `same` it is written as zeros, which every reader knows, if the size of the picture is known. */
function windowPadding(
  { padding, strides, kernelSize, dilationRate }: Window,
  [, rows = null, cols = null]: Shape,
): Readonly<Record<string, Attribute>> {
  if (padding === "valid") return {};
  if (rows === null || cols === null) return { auto_pad: "SAME_UPPER" };
  const [top, bottom] = samePadding(rows, dilationRate[0] * (kernelSize[0] - 1) + 1, strides[0]);
  const [left, right] = samePadding(cols, dilationRate[1] * (kernelSize[1] - 1) + 1, strides[1]);
  return { pads: [top, left, bottom, right] };
}

function writeNormalization(layer: BatchNormalization, given: WrittenValue, step: WrittenStep): WrittenValue {
  const { graph, path, weight } = step;
  const rank = given.shape.length;
  if ((layer.axis + rank) % rank !== rank - 1 || (rank !== 4 && rank !== 2)) {
    throw unsupportedError(`Layer '${path}' normalizes axis ${layer.axis}; ONNX does so with the channels.`);
  }
  const x = graph.ordered(given, true);
  const mean = weight("moving_mean").data;
  const vector = (name: string, values: () => Float32Array): string =>
    graph.floats(`${path}/${name}`, [mean.length], values);
  const inputs = [
    vector("gamma", () => (layer.scale ? weight("gamma").data : mean.map(() => 1))),
    vector("beta", () => (layer.center ? weight("beta").data : mean.map(() => 0))),
    vector("moving_mean", () => mean),
    vector("moving_variance", () => weight("moving_variance").data),
  ];
  const output = graph.node("BatchNormalization", step.name, [x.name, ...inputs], { epsilon: layer.epsilon });
  return made(step, output, x.channelsFirst);
}

function writeReLU(layer: ReLU, x: WrittenValue, step: WrittenStep): WrittenValue {
  const { maxValue, negativeSlope, threshold } = layer;
  if (threshold !== 0 || (negativeSlope !== 0 && maxValue !== null)) {
    throw unsupportedError(
      `Layer '${step.path}' (threshold=${threshold}, negativeSlope=${negativeSlope}, maxValue=${maxValue}) has no operator in ONNX.`,
    );
  }
  if (negativeSlope !== 0) {
    return made(step, step.graph.node("LeakyRelu", step.name, [x.name], { alpha: negativeSlope }), x.channelsFirst);
  }
  if (maxValue === null) return made(step, step.graph.node("Relu", step.name, [x.name]), x.channelsFirst);
  return made(step, clip(step, step.name, x, maxValue), x.channelsFirst);
}

function clip({ graph }: WrittenStep, name: string, x: WrittenValue, high: number): string {
  const bound = (value: number): string => graph.floats(`bound/${value}`, [], () => new Float32Array([value]));
  return graph.node("Clip", name, [x.name, bound(0), bound(high)]);
}

/** Activations that are one operator. */
const OPERATORS: ReadonlyMap<ActivationName, readonly [string, Readonly<Record<string, Attribute>>]> = new Map<
  ActivationName,
  readonly [string, Readonly<Record<string, Attribute>>]
>([
  ["elu", ["Elu", {}]],
  ["exponential", ["Exp", {}]],
  ["hard_sigmoid", ["HardSigmoid", { alpha: 1 / 6, beta: 0.5 }]],
  ["hard_silu", ["HardSwish", {}]],
  ["leaky_relu", ["LeakyRelu", { alpha: 0.2 }]],
  ["relu", ["Relu", {}]],
  ["sigmoid", ["Sigmoid", {}]],
  ["softplus", ["Softplus", {}]],
  ["softsign", ["Softsign", {}]],
  ["tanh", ["Tanh", {}]],
]);

/** Writes an activation: that of a layer, or one that is a layer itself and has its name. */
function writeActivation(
  activation: ActivationName,
  x: WrittenValue,
  step: WrittenStep,
  name = `${step.name}/${activation}`,
): WrittenValue {
  const { graph, path } = step;
  if (activation === "linear") {
    return name === step.name ? made(step, graph.node("Identity", name, [x.name]), x.channelsFirst) : x;
  }
  if (activation === "relu6") return made(step, clip(step, name, x, 6), x.channelsFirst);
  if (activation === "softmax" || activation === "log_softmax") {
    const last = graph.ordered(x, false);
    const operator = activation === "softmax" ? "Softmax" : "LogSoftmax";
    return made(step, graph.node(operator, name, [last.name], { axis: -1n }), false);
  }
  const [operator, attributes] = OPERATORS.get(activation) ?? [];
  if (operator === undefined) throw unsupportedError(`The activation ${activation} of layer '${path}' is not in ONNX.`);
  return made(step, graph.node(operator, name, [x.name], attributes), x.channelsFirst);
}

function writeSoftmax(axis: number, given: WrittenValue, step: WrittenStep): WrittenValue {
  const x = step.graph.ordered(given, false);
  return made(step, step.graph.node("Softmax", step.name, [x.name], { axis: BigInt(axis) }), false);
}

function writeDense(layer: Dense, given: WrittenValue, step: WrittenStep): WrittenValue {
  const { graph, path, weight } = step;
  const x = graph.ordered(given, false);
  const { shape, data } = weight("kernel");
  const kernel = graph.kernel(`${path}/kernel`, shape, () => data);
  const bias = layer.useBias ? [graph.floats(`${path}/bias`, [layer.units], () => weight("bias").data)] : [];
  if (given.shape.length === 2) {
    const output = graph.node("Gemm", step.name, [x.name, kernel, ...bias]);
    return writeActivation(layer.activation, made(step, output, false), step);
  }
  let output = graph.node("MatMul", step.name, [x.name, kernel]);
  for (const added of bias) output = graph.node("Add", `${step.name}/add`, [output, added]);
  return writeActivation(layer.activation, made(step, output, false), step);
}

function writeAdd({ graph, name, path, inputs, shape }: WrittenStep): WrittenValue {
  const channelsFirst = inputs[0]?.channelsFirst ?? false;
  const [first = "", ...others] = inputs.map((input) => {
    if (input.shape.length !== shape.length) {
      throw unsupportedError(
        `Layer '${path}' adds tensors with different numbers of axes, which ONNX aligns otherwise.`,
      );
    }
    return graph.ordered(input, channelsFirst).name;
  });
  const sum = others.reduce(
    (total, other, i) => graph.node("Add", i === others.length - 1 ? name : `${name}/${i}`, [total, other]),
    first,
  );
  return { name: sum, channelsFirst, shape };
}

function writePadding(layer: ZeroPadding2D, x: WrittenValue, step: WrittenStep): WrittenValue {
  const [[top, bottom], [left, right]] = layer.padding;
  const pads = x.channelsFirst ? [0, 0, top, left, 0, 0, bottom, right] : [0, top, left, 0, 0, bottom, right, 0];
  const name = step.graph.int64s(`pads/${pads.join("_")}`, pads);
  return made(step, step.graph.node("Pad", step.name, [x.name, name]), x.channelsFirst);
}

function writeGlobalPool(
  operator: string,
  layer: GlobalPooling2D,
  given: WrittenValue,
  step: WrittenStep,
): WrittenValue {
  const { graph, name } = step;
  const x = graph.ordered(given, true);
  if (layer.keepdims) return made(step, graph.node(operator, name, [x.name]), true);
  const pooled = graph.node(operator, name, [x.name]);
  return made(step, graph.node("Flatten", `${name}/flatten`, [pooled], { axis: 1n }), false);
}

function writeAveragePool(layer: AveragePooling2D, given: WrittenValue, step: WrittenStep): WrittenValue {
  const { poolSize, strides, padding } = layer;
  const x = step.graph.ordered(given, true);
  const window = { padding, strides, kernelSize: poolSize, dilationRate: [1, 1] as const };
  const attributes = { kernel_shape: poolSize, strides, ...windowPadding(window, given.shape) };
  return made(step, step.graph.node("AveragePool", step.name, [x.name], attributes), true);
}

function writeFlatten(given: WrittenValue, step: WrittenStep): WrittenValue {
  const [, rows, cols] = given.shape;
  // One pixel has its channels in the same order in both layouts.
  const x = rows === 1 && cols === 1 ? given : step.graph.ordered(given, false);
  return made(step, step.graph.node("Flatten", step.name, [x.name], { axis: 1n }), false);
}

function writeReshape(layer: Reshape, given: WrittenValue, step: WrittenStep): WrittenValue {
  const { graph, name, path } = step;
  const x = graph.ordered(given, false);
  // 0 takes over the batch.
  const target = graph.int64s(`${path}/shape`, [0, ...layer.targetShape]);
  return made(step, graph.node("Reshape", name, [x.name, target]), false);
}

function writeDropout(layer: Dropout, x: WrittenValue, step: WrittenStep): WrittenValue {
  const ratio = step.graph.floats(`${step.path}/rate`, [], () => new Float32Array([layer.rate]));
  return made(step, step.graph.node("Dropout", step.name, [x.name, ratio]), x.channelsFirst);
}

function writeRescaling(layer: Rescaling, x: WrittenValue, step: WrittenStep): WrittenValue {
  const { graph, path } = step;
  const factor = (kind: "scale" | "offset"): string => {
    const list = typeof layer[kind] === "number" ? [layer[kind]] : layer[kind];
    const shape = list.length === 1 ? [] : x.channelsFirst ? [list.length, 1, 1] : [list.length];
    return graph.floats(`${path}/${kind}`, shape, () => Float32Array.from(list));
  };
  const scaled = graph.node("Mul", step.name, [x.name, factor("scale")]);
  return made(step, graph.node("Add", `${step.name}/add`, [scaled, factor("offset")]), x.channelsFirst);
}
