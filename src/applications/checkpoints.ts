/** The 22 published models: table 4 of arXiv 1801.04381 and the ImageNet accuracies published with the checkpoints. */
import { frozen } from "../core/frozen.ts";

/** A published model. */
export interface Checkpoint {
  /** The width multiplier. */
  readonly alpha: number;
  /** The height and width of the input, in pixels. */
  readonly rows: number;
  /** Keras's name of the model, such as `mobilenetv2_1.00_224`. */
  readonly name: string;
  /** The number of multiply-accumulate operations of one prediction, with the classifier. */
  readonly macs: number;
  /** The number of parameters, moving statistics and the classifier included. */
  readonly parameters: number;
  /** The published top-1 accuracy on ImageNet's validation set, in percent. */
  readonly top1: number;
  /** The published top-5 accuracy on ImageNet's validation set, in percent. */
  readonly top5: number;
}

// alpha, rows, MACs, top-1, top-5
const TABLE = [
  [1.4, 224, 582195824, 75.0, 92.5],
  [1.3, 224, 509374560, 74.4, 92.1],
  [1.0, 224, 300774272, 71.8, 91.0],
  [1.0, 192, 221316608, 70.7, 90.1],
  [1.0, 160, 154083200, 68.8, 89.0],
  [1.0, 128, 99074048, 65.3, 86.9],
  [1.0, 96, 56289152, 60.3, 83.2],
  [0.75, 224, 209069792, 69.8, 89.6],
  [0.75, 192, 153941888, 68.7, 88.9],
  [0.75, 160, 107295200, 66.4, 87.3],
  [0.75, 128, 69129728, 63.2, 85.3],
  [0.75, 96, 39445472, 58.8, 81.6],
  [0.5, 224, 97131840, 65.4, 86.4],
  [0.5, 192, 71701760, 63.9, 85.4],
  [0.5, 160, 50184000, 61.0, 83.2],
  [0.5, 128, 32578560, 57.7, 80.8],
  [0.5, 96, 18885440, 51.2, 75.8],
  [0.35, 224, 59285808, 60.3, 82.9],
  [0.35, 192, 43896512, 58.2, 81.2],
  [0.35, 160, 30874800, 55.7, 79.1],
  [0.35, 128, 20220672, 50.8, 75.0],
  [0.35, 96, 11934128, 45.5, 70.4],
] as const;

const PARAMETERS: Readonly<Record<(typeof TABLE)[number][0], number>> = {
  1.4: 6156712,
  1.3: 5431048,
  1.0: 3538984,
  0.75: 2663064,
  0.5: 1987224,
  0.35: 1691208,
};

/** Keras's name of a model of this width and input size, such as `mobilenetv2_1.00_224`. */
export function modelName(alpha: number, rows: number | null): string {
  return `mobilenetv2_${alpha.toFixed(2)}_${rows ?? "None"}`;
}

/** The 22 published models, the widest first, and of the same width the largest input first. */
export const checkpoints: readonly Checkpoint[] = frozen(
  TABLE.map(([alpha, rows, macs, top1, top5]) => ({
    alpha,
    rows,
    name: modelName(alpha, rows),
    macs,
    parameters: PARAMETERS[alpha],
    top1,
    top5,
  })),
);

/** The widths for which ImageNet weights were published, ascending. */
export const PUBLISHED_ALPHAS: readonly number[] = [0.35, 0.5, 0.75, 1.0, 1.3, 1.4];

/** The input sizes for which ImageNet weights were published, ascending; for the widths 1.3 and 1.4, only the last. */
export const PUBLISHED_ROWS: readonly number[] = [96, 128, 160, 192, 224];

/** Whether ImageNet weights of this width and input size were published. */
export function isPublished(alpha: number, rows: number): boolean {
  return TABLE.some(([a, r]) => a === alpha && r === rows);
}
