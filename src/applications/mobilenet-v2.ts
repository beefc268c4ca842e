/** MobileNetV2 (arXiv 1801.04381, table 2), built as keras.applications.MobileNetV2 does. */
import { MobileNetV2Error, valueError } from "../core/errors.ts";
import { correctPad } from "../core/padding.ts";
import { axisOf } from "../core/shape.ts";
import { Add } from "../layers/merging/add.ts";
import { BatchNormalization } from "../layers/normalization/batch-normalization.ts";
import { Conv2D } from "../layers/convolutional/conv2d.ts";
import { Dense } from "../layers/core/dense.ts";
import { DepthwiseConv2D } from "../layers/convolutional/depthwise-conv2d.ts";
import { GlobalAveragePooling2D } from "../layers/pooling/global-average-pooling2d.ts";
import { GlobalMaxPooling2D } from "../layers/pooling/global-max-pooling2d.ts";
import { Input } from "../layers/core/input-layer.ts";
import type { KerasTensor } from "../layers/layer.ts";
import { ReLU } from "../layers/activations/relu.ts";
import { ZeroPadding2D } from "../layers/reshaping/zero-padding2d.ts";
import { Model } from "../models/model.ts";
import type { BytesSource } from "../platform/contract.ts";
import { modelName } from "./checkpoints.ts";
import {
  DEFAULT_SIZE,
  type ModelArguments,
  type MobileNetV2Options,
  checkArguments,
  wrongWeights,
} from "./mobilenet-v2-options.ts";
import { imagenetWeights } from "./weights.ts";

export type { MobileNetV2Options } from "./mobilenet-v2-options.ts";

/** Table 2 of the paper: expansion factor, output channels before alpha, number of blocks, stride of the first block. */
export const STAGES = [
  { expansion: 1, filters: 16, repeats: 1, stride: 1 },
  { expansion: 6, filters: 24, repeats: 2, stride: 2 },
  { expansion: 6, filters: 32, repeats: 3, stride: 2 },
  { expansion: 6, filters: 64, repeats: 4, stride: 2 },
  { expansion: 6, filters: 96, repeats: 3, stride: 1 },
  { expansion: 6, filters: 160, repeats: 3, stride: 2 },
  { expansion: 6, filters: 320, repeats: 1, stride: 1 },
] as const;

/**
 * Instantiates the MobileNetV2 architecture, by default with weights pre-trained on ImageNet, which are downloaded once and cached.
 *
 * The model takes pictures scaled to [-1, 1] by `preprocessInput`, [batch, rows, cols, channels] (channels last).
 *
 * @returns a promise of the model, named `mobilenetv2_{alpha}_{rows}` unless `name` is given
 * @throws ValueError for invalid arguments, in Keras's words; NetworkError, IOError or FormatError if the weights cannot be loaded
 * @see https://keras.io/api/applications/mobilenet/#mobilenetv2-function
 */
export async function MobileNetV2(options: MobileNetV2Options = {}): Promise<Model> {
  const checked = checkArguments(options);
  const model = buildGraph(checked);
  const { weights } = checked;
  if (weights === "imagenet") {
    await imagenetWeights({
      alpha: checked.alpha,
      rows: checked.weightRows ?? DEFAULT_SIZE,
      includeTop: checked.includeTop,
      baseUrl: options.weightsBaseUrl,
      onProgress: options.onProgress,
      signal: options.signal,
      // Loading is the check: unless all tensors are there, with the right shapes and finite values, none is assigned.
      check: (bytes) => model.loadWeightsFromBytes(bytes),
    });
  } else if (weights !== null) {
    await loadFile(model, weights, options);
  }
  return model;
}

/** Loads a weights file. @throws ValueError, in Keras's words, for a text that is neither `imagenet` nor the path of a file. */
async function loadFile(model: Model, weights: BytesSource, options: MobileNetV2Options): Promise<void> {
  const { onProgress, signal } = options;
  try {
    await model.loadWeights(weights, { onProgress, signal });
  } catch (error) {
    if (typeof weights !== "string" || !(error instanceof MobileNetV2Error) || error.code !== "IOError") throw error;
    throw new MobileNetV2Error("ValueError", `${wrongWeights(weights)} (${error.message})`, { cause: error });
  }
}

function buildGraph(args: ModelArguments): Model {
  const { alpha } = args;
  const image = args.inputTensor ?? Input({ shape: args.inputShape });
  let x = new Conv2D({
    filters: makeDivisible(32 * alpha, 8),
    kernelSize: 3,
    strides: 2,
    padding: "same",
    useBias: false,
    name: "Conv1",
  }).apply(image);
  x = normalize(x, "bn_Conv1");
  x = new ReLU({ maxValue: 6, name: "Conv1_relu" }).apply(x);

  let block = 0;
  for (const { expansion, filters, repeats, stride } of STAGES) {
    for (let repeat = 0; repeat < repeats; repeat++) {
      x = invertedResidual(x, { block: block++, expansion, filters, alpha, stride: repeat === 0 ? stride : 1 });
    }
  }

  // The paper applies alpha to the last convolution only if it is above 1.
  const last = alpha > 1 ? makeDivisible(1280 * alpha, 8) : 1280;
  x = new Conv2D({ filters: last, kernelSize: 1, useBias: false, name: "Conv_1" }).apply(x);
  x = normalize(x, "Conv_1_bn");
  x = new ReLU({ maxValue: 6, name: "out_relu" }).apply(x);

  if (args.includeTop) {
    x = new GlobalAveragePooling2D().apply(x);
    x = new Dense({ units: args.classes, activation: args.classifierActivation, name: "predictions" }).apply(x);
  } else if (args.pooling === "avg") {
    x = new GlobalAveragePooling2D().apply(x);
  } else if (args.pooling === "max") {
    x = new GlobalMaxPooling2D().apply(x);
  }
  const name = args.name ?? modelName(alpha, args.weightRows);
  return new Model({
    inputs: args.inputTensor === undefined ? image : sourcesOf(image),
    outputs: x,
    name,
    threads: args.threads,
  });
}

interface Block {
  readonly block: number;
  readonly expansion: number;
  readonly filters: number;
  readonly alpha: number;
  readonly stride: number;
}

/** An inverted residual block: expand 1 × 1, depthwise 3 × 3, project 1 × 1 without activation; added to its input if shapes allow (figure 4). */
function invertedResidual(input: KerasTensor, { block, expansion, filters, alpha, stride }: Block): KerasTensor {
  const channels = axisOf(input.shape, -1) ?? 0;
  const projected = makeDivisible(Math.trunc(filters * alpha), 8);
  const prefix = block === 0 ? "expanded_conv_" : `block_${block}_`;
  let x = input;
  if (block !== 0) {
    x = new Conv2D({
      filters: expansion * channels,
      kernelSize: 1,
      padding: "same",
      useBias: false,
      name: `${prefix}expand`,
    }).apply(x);
    x = normalize(x, `${prefix}expand_BN`);
    x = new ReLU({ maxValue: 6, name: `${prefix}expand_relu` }).apply(x);
  }
  if (stride === 2) {
    const padding = correctPad([axisOf(x.shape, 1), axisOf(x.shape, 2)], 3);
    x = new ZeroPadding2D({ padding, name: `${prefix}pad` }).apply(x);
  }
  x = new DepthwiseConv2D({
    kernelSize: 3,
    strides: stride,
    padding: stride === 1 ? "same" : "valid",
    useBias: false,
    name: `${prefix}depthwise`,
  }).apply(x);
  x = normalize(x, `${prefix}depthwise_BN`);
  x = new ReLU({ maxValue: 6, name: `${prefix}depthwise_relu` }).apply(x);
  x = new Conv2D({
    filters: projected,
    kernelSize: 1,
    padding: "same",
    useBias: false,
    name: `${prefix}project`,
  }).apply(x);
  x = normalize(x, `${prefix}project_BN`);
  return channels === projected && stride === 1 ? new Add({ name: `${prefix}add` }).apply([input, x]) : x;
}

function normalize(x: KerasTensor, name: string): KerasTensor {
  return new BatchNormalization({ epsilon: 1e-3, momentum: 0.999, name }).apply(x);
}

/** The multiple of `divisor` nearest to `value`, or the next one if that is more than a tenth below it; at least `divisor`. */
export function makeDivisible(value: number, divisor: number): number {
  const rounded = Math.max(divisor, Math.floor((value + divisor / 2) / divisor) * divisor);
  return rounded < 0.9 * value ? rounded + divisor : rounded;
}

/** The outputs of `Input` that a tensor depends on. @throws ValueError if there are none. */
function sourcesOf(tensor: KerasTensor): readonly KerasTensor[] {
  const sources = new Set<KerasTensor>();
  const seen = new Set([tensor.node]);
  const stack = [tensor];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.node.inputs.length === 0) sources.add(top);
    for (const input of top.node.inputs) {
      if (!seen.has(input.node)) stack.push(input);
      seen.add(input.node);
    }
  }
  if (sources.size === 0) throw valueError("`inputTensor` depends on no Input().");
  return [...sources];
}
