/** Finds the parts of a MobileNetV2 in a state dict by their names, and checks that every tensor fits. */
import { type Dims, formatShape, shapesEqual } from "../../core/shape.ts";
import { unsupportedError } from "../file-errors.ts";
import { transposed } from "../derived-tensor.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import type { Naming, UnitNames } from "./names.ts";
import { type InvertedResidual, type MobileNet, STAGES, TABLE, type Unit } from "./parts.ts";

/** Our axes by PyTorch's, which are (filters, channels, rows, cols), for a depthwise convolution (channels, 1, rows, cols). */
const CONVOLUTION_AXES: Dims = [2, 3, 1, 0];
const DEPTHWISE_AXES: Dims = [2, 3, 0, 1];
const STEM_STRIDE = 2;
/** A layer that follows the features in one Sequential: `features.21.weight`. */
const AFTER_FEATURES = /^features\.\d+\.\w+$/;
/** More than any published model repeats a block (timm's `mobilenetv2_120d` has 6). */
const MAX_REPEATS = 100;

export interface Assembled {
  /** Without its classifier: that is for head.ts to find among the tensors that are left. */
  readonly net: MobileNet<StoredTensor>;
  /** The width of the features. */
  readonly features: number;
  /** The names that no layer of the network took, apart from the counts of batches, which only training needs. */
  readonly left: readonly string[];
}

/**
 * The network of a state dict.
 * @param tensors by their names in the naming of their package
 * @param outputStride the most pixels of the picture, along an axis, that a pixel of the features stands for: strides beyond it become dilations
 * @throws UnsupportedError naming the first tensor that is missing, does not fit, or stands in the network but is none of its.
 */
export function assembleMobileNet(
  tensors: ReadonlyMap<string, StoredTensor>,
  naming: Naming,
  outputStride = 32,
): Assembled {
  const parts = new Parts(tensors);
  const first = parts.get(`${naming.stem.convolution}.weight`);
  const [filters = 0, colors = 0] = first.shape;
  const stem = parts.unit(naming.stem, [filters, colors, 3, 3], CONVOLUTION_AXES);
  const blocks: InvertedResidual<StoredTensor>[] = [];
  let channels = filters;
  let reached = STEM_STRIDE;
  let dilation = 1;
  for (const { stage, repeat, stride } of naming.byStage ? stagesOf(parts, naming) : TABLE) {
    const dilates = stride > 1 && reached >= outputStride;
    const block = parts.block(naming, { index: blocks.length, stage, repeat }, channels, {
      stride: reached >= outputStride ? 1 : stride,
      dilation: reached >= outputStride ? dilation : 1,
    });
    if (dilates) dilation *= stride;
    else reached *= stride;
    blocks.push(block);
    channels = block.project.kernel.shape[3] ?? 0;
  }
  const head = parts.pointwise(naming.head(blocks.length), channels);
  const features = head.kernel.shape[3] ?? 0;
  return { net: { stem, blocks, head, classifier: undefined }, features, left: parts.left() };
}

/** The blocks of a state dict whose naming counts by stages: as many in each stage as there are. */
function* stagesOf(parts: Parts, naming: Naming): Generator<(typeof TABLE)[number]> {
  for (const [stage, { stride }] of STAGES.entries()) {
    for (let repeat = 0; repeat < (stage === 0 ? 1 : MAX_REPEATS); repeat++) {
      const { depthwise } = naming.block({ index: 1, stage, repeat, expands: stage > 0 });
      if (repeat > 0 && !parts.has(`${depthwise.convolution}.weight`)) break;
      yield { stage, repeat, stride: repeat === 0 ? stride : 1 };
    }
  }
}

class Parts {
  readonly #tensors: ReadonlyMap<string, StoredTensor>;
  readonly #used = new Set<string>();

  constructor(tensors: ReadonlyMap<string, StoredTensor>) {
    this.#tensors = tensors;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  get(name: string): StoredTensor {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) {
      throw unsupportedError(`The state dict has no tensor '${name}', which a MobileNetV2 of this naming has.`);
    }
    this.#used.add(name);
    return tensor;
  }

  block(
    naming: Naming,
    place: { readonly index: number; readonly stage: number; readonly repeat: number },
    channels: number,
    steps: { readonly stride: number; readonly dilation: number },
  ): InvertedResidual<StoredTensor> {
    const isFirst = place.index === 0;
    const names = naming.block({ ...place, expands: !isFirst });
    const expands = !isFirst || (naming.firstMayExpand && this.has(`${names.expand.convolution}.weight`));
    const expand = expands ? this.pointwise(names.expand, channels) : undefined;
    const width = expand?.kernel.shape[3] ?? channels;
    const depthwise = this.unit(names.depthwise, [width, 1, 3, 3], DEPTHWISE_AXES);
    const project = this.pointwise(names.project, width);
    const isResidual =
      steps.stride === 1 && project.kernel.shape[3] === channels && (!isFirst || naming.firstIsResidual);
    return { expand, depthwise, project, ...steps, isResidual };
  }

  /** A 1 × 1 convolution over this many channels; its tensor says how many filters it has. */
  pointwise(names: UnitNames, channels: number): Unit<StoredTensor> {
    const [filters = 0] = this.get(`${names.convolution}.weight`).shape;
    return this.unit(names, [filters, channels, 1, 1], CONVOLUTION_AXES);
  }

  unit(names: UnitNames, shape: Dims, axes: Dims): Unit<StoredTensor> {
    const [filters = 0] = shape;
    const vector = (name: string): StoredTensor => this.#fitting(`${names.normalization}.${name}`, [filters]);
    return {
      kernel: transposed(this.#fitting(`${names.convolution}.weight`, shape), axes),
      gamma: vector("weight"),
      beta: vector("bias"),
      mean: vector("running_mean"),
      variance: vector("running_var"),
    };
  }

  /**
   * The tensors that were not used, apart from the counts of batches.
   * @throws UnsupportedError if one of them stands within the modules of the network
   */
  left(): readonly string[] {
    const modules = new Set(Array.from(this.#used, (name) => name.split(".")[0]));
    const left = [...this.#tensors.keys()].filter(
      (name) => !this.#used.has(name) && !name.endsWith(".num_batches_tracked"),
    );
    for (const name of left) {
      if (!modules.has(name.split(".")[0]) || AFTER_FEATURES.test(name)) continue;
      throw unsupportedError(
        `Tensor '${name.slice(0, 200)}' is of no layer of a MobileNetV2: the state dict is another network's.`,
      );
    }
    return left;
  }

  #fitting(name: string, shape: Dims): StoredTensor {
    const tensor = this.get(name);
    if (shapesEqual(tensor.shape, shape) && !shape.includes(0)) return tensor;
    throw unsupportedError(
      `Tensor '${name}' has the shape ${formatShape(tensor.shape)}; in this MobileNetV2 it would be ${formatShape(shape)}.`,
    );
  }
}
