/** Finds the parts of a MobileNetV2 by the names of their tensors, in PyTorch's state dicts and in others', and checks that every tensor fits. */
import { type Dims, formatShape, shapesEqual } from "../../core/shape.ts";
import { unsupportedError } from "../file-errors.ts";
import { transposed } from "../derived-tensor.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import type { Layout, Storage, UnitNames } from "./names.ts";
import { type InvertedResidual, type MobileNet, STAGES, TABLE, type Unit } from "./parts.ts";

const STEM_STRIDE = 2;
/** The stride of the whole network. */
const WHOLE = 32;
/** A layer that follows the features in one Sequential: `features.21.weight`. */
const AFTER_FEATURES = /^features\.\d+\.\w+$/;
/** More than any published model repeats a block (timm's `mobilenetv2_120d` has 6). */
const MAX_REPEATS = 100;

export interface Assembled {
  /** Without its classifier, which is for head.ts to find among what is left. */
  readonly net: MobileNet<StoredTensor>;
  /** The width of the features. */
  readonly features: number;
  /** The names of the tensors that are not in the network. */
  readonly left: readonly string[];
}

/**
 * The network in these tensors, with its classifier.
 * @throws UnsupportedError naming the first tensor that is missing, does not fit, or is left over.
 */
export function assembleMobileNet(tensors: ReadonlyMap<string, StoredTensor>, layout: Layout): MobileNet<StoredTensor> {
  const parts = new Parts(tensors, layout.storage);
  const net = networkOf(parts, layout, WHOLE);
  const classifier = parts.dense(layout.classifier, net.head.kernel.shape[3] ?? 0);
  const [left] = parts.left();
  if (left !== undefined) throw parts.stray(left);
  return { ...net, classifier };
}

/**
 * The network in these tensors, and what is left of them for a head.
 * @param outputStride the most pixels of the picture, along an axis, that a pixel of the features stands for: strides beyond it become dilations
 * @throws UnsupportedError naming the first tensor that is missing, does not fit, or stands within the network but is none of its.
 */
export function assembleFeatures(
  tensors: ReadonlyMap<string, StoredTensor>,
  layout: Layout,
  outputStride: number,
): Assembled {
  const parts = new Parts(tensors, layout.storage);
  const net = networkOf(parts, layout, outputStride);
  const left = parts.left();
  const stray = left.find((name) => parts.isWithin(name) && !AFTER_FEATURES.test(name));
  if (stray !== undefined) throw parts.stray(stray);
  return { net, features: net.head.kernel.shape[3] ?? 0, left };
}

function networkOf(parts: Parts, layout: Layout, outputStride: number): MobileNet<StoredTensor> {
  const [colors, filters] = parts.channels(layout.stem);
  const stem = parts.unit(layout.stem, "convolution", [3, 3, colors, filters]);
  const blocks: InvertedResidual<StoredTensor>[] = [];
  let channels = filters;
  let reached = STEM_STRIDE;
  let dilation = 1;
  for (const { stage, repeat, stride } of layout.byStage ? stagesOf(parts, layout) : TABLE) {
    const dilates = stride > 1 && reached >= outputStride;
    const block = parts.block(layout, { index: blocks.length, stage, repeat }, channels, {
      stride: reached >= outputStride ? 1 : stride,
      dilation: reached >= outputStride ? dilation : 1,
    });
    if (dilates) dilation *= stride;
    else reached *= stride;
    blocks.push(block);
    channels = block.project.kernel.shape[3] ?? 0;
  }
  const head = parts.pointwise(layout.head(blocks.length), channels);
  return { stem, blocks, head, classifier: undefined };
}

/** The blocks of a state dict whose naming counts by stages: as many in each stage as there are. */
function* stagesOf(parts: Parts, layout: Layout): Generator<(typeof TABLE)[number]> {
  for (const [stage, { stride }] of STAGES.entries()) {
    for (let repeat = 0; repeat < (stage === 0 ? 1 : MAX_REPEATS); repeat++) {
      const { depthwise } = layout.block({ index: 1, stage, repeat, expands: stage > 0 });
      if (repeat > 0 && !parts.has(depthwise.convolution + layout.storage.depthwiseKernel)) break;
      yield { stage, repeat, stride: repeat === 0 ? stride : 1 };
    }
  }
}

class Parts {
  readonly #tensors: ReadonlyMap<string, StoredTensor>;
  readonly #storage: Storage;
  readonly #used = new Set<string>();
  #modules: ReadonlySet<string> | undefined;

  constructor(tensors: ReadonlyMap<string, StoredTensor>, storage: Storage) {
    this.#tensors = tensors;
    this.#storage = storage;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  block(
    layout: Layout,
    place: { readonly index: number; readonly stage: number; readonly repeat: number },
    channels: number,
    steps: { readonly stride: number; readonly dilation: number },
  ): InvertedResidual<StoredTensor> {
    const isFirst = place.index === 0;
    const names = layout.block({ ...place, expands: !isFirst });
    const mayExpand = layout.firstMayExpand && this.has(names.expand.convolution + this.#storage.kernel);
    const expand = !isFirst || mayExpand ? this.pointwise(names.expand, channels) : undefined;
    const width = expand?.kernel.shape[3] ?? channels;
    const depthwise = this.unit(names.depthwise, "depthwise", [3, 3, width, 1]);
    const project = this.pointwise(names.project, width);
    const isResidual =
      steps.stride === 1 && project.kernel.shape[3] === channels && (!isFirst || layout.firstIsResidual);
    return { expand, depthwise, project, ...steps, isResidual };
  }

  /** The channels that a convolution takes and its filters, as its tensor says. */
  channels({ convolution }: UnitNames): readonly [number, number] {
    const { shape } = this.#get(convolution + this.#storage.kernel);
    const [, , channels = 0, filters = 0] = this.#storage.axes.convolution;
    return [shape[channels] ?? 0, shape[filters] ?? 0];
  }

  /** A 1 × 1 convolution over this many channels. */
  pointwise(names: UnitNames, channels: number): Unit<StoredTensor> {
    return this.unit(names, "convolution", [1, 1, channels, this.channels(names)[1]]);
  }

  /** `shape` is the kernel's in Keras. */
  unit(names: UnitNames, kind: "convolution" | "depthwise", shape: Dims): Unit<StoredTensor> {
    const { axes, ...storage } = this.#storage;
    const vector = (end: string): StoredTensor =>
      this.#fitting(names.normalization + end, [shape[kind === "convolution" ? 3 : 2] ?? 0], [0]);
    const end = kind === "convolution" ? storage.kernel : storage.depthwiseKernel;
    return {
      kernel: this.#fitting(names.convolution + end, shape, axes[kind]),
      gamma: vector(storage.gamma),
      beta: vector(storage.beta),
      mean: vector(storage.mean),
      variance: vector(storage.variance),
    };
  }

  /** The classifier, if there is one. */
  dense(prefix: string, features: number): MobileNet<StoredTensor>["classifier"] {
    const { kernel, bias, axes } = this.#storage;
    if (!this.has(prefix + kernel)) return undefined;
    const units = this.#get(prefix + kernel).shape[axes.dense[1] ?? 1] ?? 0;
    return {
      kernel: this.#fitting(prefix + kernel, [features, units], axes.dense),
      bias: this.#fitting(prefix + bias, [units], [0]),
    };
  }

  /** The tensors that were not used, apart from the counts of batches, which only training needs. */
  left(): readonly string[] {
    return [...this.#tensors.keys()].filter((name) => !this.#used.has(name) && !name.endsWith(".num_batches_tracked"));
  }

  /** True if the tensor is named as one of a module that has parts of the network. */
  isWithin(name: string): boolean {
    this.#modules ??= new Set(Array.from(this.#used, moduleOf));
    return this.#modules.has(moduleOf(name));
  }

  stray(name: string): Error {
    return unsupportedError(
      `Tensor '${name.slice(0, 200)}' is of no layer of a MobileNetV2: the ${this.#storage.what} is another network's.`,
    );
  }

  #get(name: string): StoredTensor {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) {
      throw unsupportedError(
        `The ${this.#storage.what} has no tensor '${name}', which a MobileNetV2 of this naming has.`,
      );
    }
    this.#used.add(name);
    return tensor;
  }

  /** The tensor with its axes in Keras's order, which then has this shape. */
  #fitting(name: string, shape: Dims, axes: Dims): StoredTensor {
    const tensor = this.#get(name);
    const theirs = axes.map((_, axis) => shape[axes.indexOf(axis)] ?? 0);
    if (shapesEqual(tensor.shape, theirs) && !shape.includes(0)) {
      return axes.every((axis, i) => axis === i) ? tensor : transposed(tensor, axes);
    }
    throw unsupportedError(
      `Tensor '${name}' has the shape ${formatShape(tensor.shape)}; in this MobileNetV2 it would be ${formatShape(theirs)}.`,
    );
  }
}

/** The outermost module that a tensor is of. */
function moduleOf(name: string): string {
  return name.split(".", 1)[0] ?? "";
}
