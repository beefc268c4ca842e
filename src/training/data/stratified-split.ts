/** Parts of a data set in which every class has its share. */
import { show, valueError } from "../../core/errors.ts";
import { permutation } from "./permutation.ts";

/** Places of samples, in rising order. */
export interface Split {
  readonly training: Int32Array;
  readonly validation: Int32Array;
}

/** A class with fewer samples gives none away. */
const LEAST_TO_SPLIT = 3;

/**
 * Holds a part of every class out. Of a class with at least 3 samples one is held out at least, and one kept at least; smaller classes are
 * kept whole. The same labels, fraction and seed give the same parts.
 *
 * @param labels the class of each sample, from 0
 * @param fraction between 0 and 1
 */
export function stratifiedSplit(labels: ArrayLike<number>, fraction: number, seed = 0): Split {
  if (!(fraction >= 0 && fraction < 1)) {
    throw valueError(`\`fraction\` must be 0 or more, and below 1. Received: fraction=${show(fraction)}`);
  }
  const training: number[] = [];
  const validation: number[] = [];
  for (const [label, places] of placesByClass(labels)) {
    const count = places.length;
    const held =
      fraction === 0 || count < LEAST_TO_SPLIT ? 0 : Math.min(count - 1, Math.max(1, Math.round(count * fraction)));
    for (const [i, at] of permutation(count, `${seed}/split/${label}`).entries()) {
      (i < held ? validation : training).push(places[at] ?? 0);
    }
  }
  return { training: rising(training), validation: rising(validation) };
}

/**
 * Splits for cross-validation: every sample is held out once, and the parts have as many of every class as one another, give or take one.
 * The same labels, count and seed give the same parts.
 */
export function stratifiedFolds(labels: ArrayLike<number>, count: number, seed = 0): readonly Split[] {
  if (!(Number.isInteger(count) && count >= 2 && count <= labels.length)) {
    throw valueError(
      `\`count\` must be a whole number from 2 to that of the samples, ${labels.length}. Received: count=${show(count)}`,
    );
  }
  const folds: number[][] = Array.from({ length: count }, () => []);
  // Classes go on where the one before stopped, so that what is over does not always fall to the first.
  let next = 0;
  for (const [label, places] of placesByClass(labels)) {
    for (const at of permutation(places.length, `${seed}/folds/${label}`)) {
      folds[next++ % count]?.push(places[at] ?? 0);
    }
  }
  return folds.map((held, fold) => ({
    training: rising(folds.flatMap((other, i) => (i === fold ? [] : other))),
    validation: rising(held),
  }));
}

function placesByClass(labels: ArrayLike<number>): readonly (readonly [label: number, places: readonly number[]])[] {
  const classes = new Map<number, number[]>();
  for (let place = 0; place < labels.length; place++) {
    const label = labels[place] ?? 0;
    const known = classes.get(label);
    if (known === undefined) classes.set(label, [place]);
    else known.push(place);
  }
  return [...classes].toSorted(([a], [b]) => a - b);
}

function rising(places: readonly number[]): Int32Array {
  return Int32Array.from(places).toSorted();
}
