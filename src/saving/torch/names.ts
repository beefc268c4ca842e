/**
 * What the packages call the tensors of a MobileNetV2: torchvision's `mobilenet_v2`, timm's `mobilenetv2_*`, Hugging Face's
 * `MobileNetV2ForImageClassification`, and the two naming habits that older repositories share.
 */
import type { Dims } from "../../core/shape.ts";

/** The prefixes of a convolution's and of its normalization's tensors. */
export interface UnitNames {
  readonly convolution: string;
  readonly normalization: string;
}

export interface BlockNames {
  readonly expand: UnitNames;
  readonly depthwise: UnitNames;
  readonly project: UnitNames;
}

/** The place of a block: its number in the network, its stage in the paper's table, and its number in the stage. */
export interface BlockPlace {
  readonly index: number;
  readonly stage: number;
  readonly repeat: number;
  readonly expands: boolean;
}

/** How a framework calls the tensors of a part, and in which order their axes are. */
export interface Storage {
  /** What errors call the file. */
  readonly what: string;
  /** The ends of names, behind that of the convolution, the normalization or the classifier. */
  readonly kernel: string;
  readonly depthwiseKernel: string;
  readonly bias: string;
  readonly gamma: string;
  readonly beta: string;
  readonly mean: string;
  readonly variance: string;
  /** Keras's axes by the framework's, as `transposed` takes them. */
  readonly axes: { readonly convolution: Dims; readonly depthwise: Dims; readonly dense: Dims };
}

/** Kernels are (filters, channels, rows, cols), for a depthwise convolution (channels, 1, rows, cols). */
const PYTORCH: Storage = {
  what: "state dict",
  kernel: ".weight",
  depthwiseKernel: ".weight",
  bias: ".bias",
  gamma: ".weight",
  beta: ".bias",
  mean: ".running_mean",
  variance: ".running_var",
  axes: { convolution: [2, 3, 1, 0], depthwise: [2, 3, 0, 1], dense: [1, 0] },
};

/** Where the parts of a network are among the tensors of a file. */
export interface Layout {
  readonly storage: Storage;
  readonly stem: UnitNames;
  readonly block: (place: BlockPlace) => BlockNames;
  readonly head: (blocks: number) => UnitNames;
  /** The prefix of the classifier's weight and bias. */
  readonly classifier: string;
  /** True if blocks are named by their stage, so that a stage may repeat as often as it likes. */
  readonly byStage: boolean;
  /** True if even the first block adds its input when that has as many channels as its output. */
  readonly firstIsResidual: boolean;
  /** True if the first block can have an expansion as well, whose name is not taken. */
  readonly firstMayExpand: boolean;
}

export interface Naming extends Layout {
  readonly id: "torchvision" | "timm" | "huggingface";
}

function unit(convolution: string, normalization: string): UnitNames {
  return { convolution, normalization };
}

/** `features.3.conv.0.0`: a Sequential of a convolution, its normalization, and an activation. */
const torchvisionBlock = ({ index, expands }: BlockPlace): BlockNames => {
  const conv = `features.${index + 1}.conv`;
  const first = expands ? 1 : 0;
  return {
    expand: unit(`${conv}.0.0`, `${conv}.0.1`),
    depthwise: unit(`${conv}.${first}.0`, `${conv}.${first}.1`),
    project: unit(`${conv}.${first + 1}`, `${conv}.${first + 2}`),
  };
};

/** `features.3.conv.3`: one Sequential of everything. */
const flatBlock = ({ index, expands }: BlockPlace): BlockNames => {
  const conv = `features.${index + 1}.conv`;
  const first = expands ? 3 : 0;
  return {
    expand: unit(`${conv}.0`, `${conv}.1`),
    depthwise: unit(`${conv}.${first}`, `${conv}.${first + 1}`),
    project: unit(`${conv}.${first + 3}`, `${conv}.${first + 4}`),
  };
};

const timmBlock = ({ stage, repeat, expands }: BlockPlace): BlockNames => {
  const block = `blocks.${stage}.${repeat}`;
  return {
    expand: unit(`${block}.conv_pw`, `${block}.bn1`),
    depthwise: unit(`${block}.conv_dw`, `${block}.${expands ? "bn2" : "bn1"}`),
    project: expands ? unit(`${block}.conv_pwl`, `${block}.bn3`) : unit(`${block}.conv_pw`, `${block}.bn2`),
  };
};

const TORCHVISION: Naming = {
  id: "torchvision",
  storage: PYTORCH,
  stem: unit("features.0.0", "features.0.1"),
  block: torchvisionBlock,
  head: (blocks) => unit(`features.${blocks + 1}.0`, `features.${blocks + 1}.1`),
  classifier: "classifier.1",
  byStage: false,
  firstIsResidual: true,
  firstMayExpand: false,
};

const TIMM: Naming = {
  id: "timm",
  storage: PYTORCH,
  stem: unit("conv_stem", "bn1"),
  block: timmBlock,
  head: () => unit("conv_head", "bn2"),
  classifier: "classifier",
  byStage: true,
  firstIsResidual: true,
  firstMayExpand: false,
};

/** Hugging Face's naming. If the whole classifier was saved, its base model is one of its parts, which `prefix` names. */
function huggingface(prefix: string): Naming {
  const part = (name: string): UnitNames => unit(`${prefix}${name}.convolution`, `${prefix}${name}.normalization`);
  return {
    id: "huggingface",
    storage: PYTORCH,
    stem: part("conv_stem.first_conv"),
    block: ({ index }) => {
      const block = index === 0 ? "conv_stem" : `layer.${index - 1}`;
      return {
        expand: part(`${block}.expand_1x1`),
        depthwise: part(`${block}.conv_3x3`),
        project: part(`${block}.reduce_1x1`),
      };
    },
    head: () => part("conv_1x1"),
    classifier: "classifier",
    byStage: false,
    firstIsResidual: false,
    firstMayExpand: true,
  };
}

/** The naming that each package writes. */
export const NAMINGS = {
  torchvision: TORCHVISION,
  timm: TIMM,
  huggingface: huggingface("mobilenet_v2."),
  huggingfaceBase: huggingface(""),
} as const;

/** torchvision's naming with two habits of older repositories: blocks as one flat Sequential, and the last convolution as `conv`. */
export function flatTorchvision(isFlat: boolean, endsApart: boolean): Naming {
  return {
    ...TORCHVISION,
    ...(isFlat ? { block: flatBlock } : {}),
    ...(endsApart ? { head: () => unit("conv.0", "conv.1") } : {}),
  };
}
