/** Recognition of a MobileNetV2 by the shapes of its weights alone (table 2 of arXiv 1801.04381). */
import { ITERABLE, check, listOf } from "../core/kinds.ts";
import { type Dims, SHAPE } from "../core/shape.ts";
import { PUBLISHED_ALPHAS } from "./checkpoints.ts";
import { STAGES, makeDivisible } from "./mobilenet-v2.ts";

/** The arguments of `MobileNetV2` that some weights are for. */
export interface Recognized {
  /** The width multiplier: the published one, if several have the same numbers of channels. */
  readonly alpha: number;
  /** Whether the weights have a classifier like Keras's, one dense layer. */
  readonly includeTop: boolean;
  /** The number of classes; undefined without the top. */
  readonly classes: number | undefined;
}

const SHAPES = listOf("a list of shapes", SHAPE);

/** The widths to try: published ones first, then all up to 3 in steps of 0.05, since several may have the same numbers of channels. */
const ALPHAS: readonly number[] = [...PUBLISHED_ALPHAS, ...Array.from({ length: 60 }, (_, i) => (i + 1) / 20)];

/**
 * Recognizes the MobileNetV2 that weights are for by their shapes.
 *
 * @param shapes the shapes of all weights in Keras's layout, in any order
 * @returns the arguments of `MobileNetV2`, or undefined if the weights are not those of a MobileNetV2
 */
export function recognizeMobileNetV2(shapes: Iterable<Dims>): Recognized | undefined {
  check("recognizeMobileNetV2()", "shapes", shapes, ITERABLE);
  const all = [...shapes];
  check("recognizeMobileNetV2()", "shapes", all, SHAPES);
  // The numbers of channels of the depthwise kernels, in any order, determine the width.
  const channels = all
    .filter(([rows, cols, , multiplier]) => rows === 3 && cols === 3 && multiplier === 1)
    .map(([, , channel]) => channel);
  const alpha = ALPHAS.find((candidate) => sameNumbers(depthwiseChannels(candidate), channels));
  if (alpha === undefined) return undefined;
  // With several dense layers, the top is not Keras's.
  const [dense, ...more] = all.filter(({ length }) => length === 2);
  const includeTop = dense !== undefined && more.length === 0;
  return { alpha, includeTop, classes: includeTop ? dense[1] : undefined };
}

function depthwiseChannels(alpha: number): readonly number[] {
  let input = makeDivisible(32 * alpha, 8);
  return STAGES.flatMap(({ expansion, filters, repeats }) => {
    const output = makeDivisible(Math.trunc(filters * alpha), 8);
    return Array.from({ length: repeats }, () => {
      const channels = expansion * input;
      input = output;
      return channels;
    });
  });
}

function sameNumbers(a: readonly number[], b: readonly (number | undefined)[]): boolean {
  const sorted = b.toSorted((x = 0, y = 0) => x - y);
  return a.length === b.length && a.toSorted((x, y) => x - y).every((value, i) => value === sorted[i]);
}
