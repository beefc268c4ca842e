/** Which MobileNetV2 some weights are for, from their shapes alone. */
import type { Dims } from "../core/shape.ts";
import { PUBLISHED_ALPHAS } from "./checkpoints.ts";
import { STAGES, makeDivisible } from "./mobilenet-v2.ts";

export interface Recognized {
  readonly alpha: number;
  /** With one dense layer, as Keras's classifier has. */
  readonly includeTop: boolean;
  /** Undefined without a top. */
  readonly classes: number | undefined;
}

/** The published widths first, then all others in steps of a twentieth: several may have the same channels. */
const ALPHAS: readonly number[] = [...PUBLISHED_ALPHAS, ...Array.from({ length: 60 }, (_, i) => (i + 1) / 20)];

/**
 * @param shapes of all weights in Keras's layout, in any order
 * @returns undefined where they are not those of a MobileNetV2
 */
export function recognizeMobileNetV2(shapes: Iterable<Dims>): Recognized | undefined {
  const all = [...shapes];
  // Depthwise kernels tell the width, in whatever order they come.
  const channels = all
    .filter(([rows, cols, , multiplier]) => rows === 3 && cols === 3 && multiplier === 1)
    .map(([, , channel]) => channel);
  const alpha = ALPHAS.find((candidate) => sameNumbers(depthwiseChannels(candidate), channels));
  if (alpha === undefined) return undefined;
  // With several, the head is another than Keras's.
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
