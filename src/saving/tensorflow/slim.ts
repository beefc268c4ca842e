/**
 * Google's own MobileNetV2 (tensorflow/models, research/slim/nets/mobilenet): what its checkpoints call the tensors, and what the code says
 * of the network beside them.
 */
import type { Checkpoint } from "../checkpoint.ts";
import { elementCount } from "../bytes/element-count.ts";
import { reshaped } from "../derived-tensor.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { assembleMobileNet } from "../torch/assemble.ts";
import { describeMobileNet } from "../torch/describe.ts";
import type { Layout, Storage, UnitNames } from "../torch/names.ts";
import type { Traits } from "../torch/parts.ts";

const SCOPE = "MobilenetV2/";
const CLASSIFIER = "Logits/Conv2d_1c_1x1";
const AVERAGE = "/ExponentialMovingAverage";

/** Axes are in Keras's order. */
const STORAGE: Storage = {
  what: "TensorFlow checkpoint",
  kernel: "/weights",
  depthwiseKernel: "/depthwise_weights",
  bias: "/biases",
  gamma: "/gamma",
  beta: "/beta",
  mean: "/moving_mean",
  variance: "/moving_variance",
  axes: { convolution: [0, 1, 2, 3], depthwise: [0, 1, 2, 3], dense: [0, 1] },
};

function unit(name: string): UnitNames {
  return { convolution: SCOPE + name, normalization: `${SCOPE}${name}/BatchNorm` };
}

const LAYOUT: Layout = {
  storage: STORAGE,
  stem: unit("Conv"),
  block: ({ index }) => {
    const block = index === 0 ? "expanded_conv" : `expanded_conv_${index}`;
    return {
      expand: unit(`${block}/expand`),
      depthwise: unit(`${block}/depthwise`),
      project: unit(`${block}/project`),
    };
  },
  head: () => unit("Conv_1"),
  classifier: SCOPE + CLASSIFIER,
  byStage: false,
  firstIsResidual: true,
  firstMayExpand: true,
};

/** `mobilenet_v2.training_scope` and `slim.batch_norm`; the size of pictures is in the names of the published files. */
const TRAITS: Traits = {
  size: [224, 224],
  padding: "same",
  epsilon: 1e-3,
  momentum: 0.997,
  maxValue: 6,
  dropout: 0.2,
  activation: "linear",
};

/** True for a checkpoint of that code. */
export function isSlim(tensors: ReadonlyMap<string, StoredTensor>): boolean {
  return tensors.has(`${SCOPE}Conv/weights`);
}

/** The model, whose output is logits. `name` is that of the file. @throws UnsupportedError naming a tensor that is missing, does not fit, or is left over. */
export function readSlim(
  tensors: ReadonlyMap<string, StoredTensor>,
  name: string,
): Pick<Checkpoint, "model" | "weights"> {
  const size = Number(/mobilenet_v2_[\d.]+_(\d{2,4})(?!\d)/.exec(name)?.[1] ?? 0);
  return describeMobileNet(assembleMobileNet(weightsIn(tensors), LAYOUT), {
    ...TRAITS,
    ...(size > 0 && { size: [size, size] }),
  });
}

/** The ends of the names of weights; what an optimizer keeps has others. */
const ENDS: readonly string[] = Object.values(STORAGE).filter((end) => typeof end === "string" && end.startsWith("/"));

/** The network's weights: of those that have a moving average over the training, that. The classifier's 1 × 1 kernel is a matrix. */
function weightsIn(tensors: ReadonlyMap<string, StoredTensor>): ReadonlyMap<string, StoredTensor> {
  const weights = new Map<string, StoredTensor>();
  for (const [name, own] of tensors) {
    if (!name.startsWith(SCOPE) || !ENDS.some((end) => name.endsWith(end))) continue;
    const tensor = tensors.get(name + AVERAGE) ?? own;
    const isMatrix = name === SCOPE + CLASSIFIER + STORAGE.kernel && tensor.shape.length === 4;
    const [rows = 0, cols = 0, features = 0] = tensor.shape;
    const units = elementCount(tensor.shape) / (rows * cols * features);
    weights.set(name, isMatrix && rows * cols === 1 ? reshaped(tensor, [features, units]) : tensor);
  }
  return weights;
}
