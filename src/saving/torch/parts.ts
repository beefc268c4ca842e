/** A MobileNetV2 as PyTorch's packages have it (arXiv 1801.04381, table 2): convolutions with their normalizations, in blocks. */
import type { ActivationName } from "../../layers/activations/activations.ts";

/** A convolution and the BatchNormalization after it. `T` holds the values, in Keras's order of axes. */
export interface Unit<T> {
  /** The kernel, (rows, cols, channels, filters); for a depthwise convolution (rows, cols, channels, 1). */
  readonly kernel: T;
  readonly gamma: T;
  readonly beta: T;
  readonly mean: T;
  readonly variance: T;
}

/** A block: an expansion of 1 × 1, a depthwise convolution of 3 × 3, and a projection of 1 × 1 without an activation. */
export interface InvertedResidual<T> {
  /** The first block has none, unless a checkpoint of Hugging Face says otherwise. */
  readonly expand: Unit<T> | undefined;
  readonly depthwise: Unit<T>;
  readonly project: Unit<T>;
  readonly stride: number;
  readonly dilation: number;
  /** True if the block's input is added to its output. */
  readonly isResidual: boolean;
}

export interface MobileNet<T> {
  readonly stem: Unit<T>;
  readonly blocks: readonly InvertedResidual<T>[];
  readonly head: Unit<T>;
  /** Undefined for a model that ends with the pooled features. */
  readonly classifier: { readonly kernel: T; readonly bias: T } | undefined;
}

/** A layer of a head that is more than the one classifier of its package. */
export type HeadLayer<T> =
  | { readonly kind: "dense"; readonly kernel: T; readonly bias: T | undefined }
  | ({ readonly kind: "normalization" } & Omit<Unit<T>, "kernel">)
  | { readonly kind: "relu" };

/** `symmetric`: a row and a column of zeros on every side, as PyTorch pads. `same`: as TensorFlow pads, by the parity of the size. */
export type StridedPadding = "symmetric" | "same";

/** What a state dict does not say of its network: the packages have it in their code or in a file beside it. */
export interface Traits {
  /** Rows and columns of the pictures; null if nothing says them, as the networks themselves take any. */
  readonly size: readonly [number | null, number | null];
  readonly padding: StridedPadding;
  readonly epsilon: number;
  /** The momentum of the BatchNormalizations in Keras's sense: the share of the moving average that stays. */
  readonly momentum: number;
  /** The value at which activations cap: 6 for ReLU6, null for ReLU. */
  readonly maxValue: number | null;
  /** The rate of the Dropout before the classifier; 0 for none. */
  readonly dropout: number;
  /** The activation of the classifier: `linear` in PyTorch's models, which give logits. */
  readonly activation: ActivationName;
}

/** How often each stage of the table repeats its block, and the stride of its first block. */
export const STAGES: readonly { readonly repeats: number; readonly stride: number }[] = [
  { repeats: 1, stride: 1 },
  { repeats: 2, stride: 2 },
  { repeats: 3, stride: 2 },
  { repeats: 4, stride: 2 },
  { repeats: 3, stride: 1 },
  { repeats: 3, stride: 2 },
  { repeats: 1, stride: 1 },
];

/** The stage of every block of the table, its number in the stage, and its stride. */
export const TABLE: readonly { readonly stage: number; readonly repeat: number; readonly stride: number }[] =
  STAGES.flatMap(({ repeats, stride }, stage) =>
    Array.from({ length: repeats }, (_, repeat) => ({ stage, repeat, stride: repeat === 0 ? stride : 1 })),
  );
