/** Stratified splits into training and validation data (scikit-learn's StratifiedShuffleSplit and StratifiedKFold). */
import { show, valueError } from "../../core/errors.ts";
import { NUMBER, NUMBERS, check } from "../../core/kinds.ts";
import { permutation } from "./permutation.ts";

/** A split of samples into training and validation data. */
export interface Split {
  /** The indices of the samples to train on, in ascending order. */
  readonly training: Int32Array;
  /** The indices of the samples to validate with, in ascending order. */
  readonly validation: Int32Array;
}

/** The smallest number of samples of a class that is split. */
const LEAST_TO_SPLIT = 3;

/**
 * Holds out a fraction of every class for validation. Each class of 3 or more samples has at least one on either side (unless `fraction` is
 * 0); smaller classes are only trained on. The same labels, fraction and seed give the same split.
 *
 * @param labels the class index of each sample, from 0
 * @param fraction the fraction to hold out, in [0, 1)
 * @param seed the seed of the random choice
 * @throws ValueError if `fraction` is out of range
 */
export function stratifiedSplit(labels: ArrayLike<number>, fraction: number, seed = 0): Split {
  checkLabels("stratifiedSplit()", labels, seed);
  if (!(typeof fraction === "number" && fraction >= 0 && fraction < 1)) {
    throw valueError(`\`fraction\` must be 0 or more, and below 1. Received: fraction=${show(fraction)}`);
  }
  const training: number[] = [];
  const validation: number[] = [];
  for (const [label, indices] of indicesByClass(labels)) {
    const count = indices.length;
    const held =
      fraction === 0 || count < LEAST_TO_SPLIT ? 0 : Math.min(count - 1, Math.max(1, Math.round(count * fraction)));
    for (const [i, at] of permutation(count, `${seed}/split/${label}`).entries()) {
      (i < held ? validation : training).push(indices[at] ?? 0);
    }
  }
  return { training: rising(training), validation: rising(validation) };
}

/**
 * Makes `count` splits for cross-validation. Every sample is in the validation data of exactly one split, and the number of samples of a class
 * differs by at most one between splits. The same labels, count and seed give the same splits.
 *
 * @param labels the class index of each sample, from 0
 * @param count the number of splits, from 2 to the number of samples
 * @param seed the seed of the random choice
 * @throws ValueError if `count` is out of range
 */
export function stratifiedFolds(labels: ArrayLike<number>, count: number, seed = 0): readonly Split[] {
  checkLabels("stratifiedFolds()", labels, seed);
  if (!(Number.isInteger(count) && count >= 2 && count <= labels.length)) {
    throw valueError(
      `\`count\` must be a whole number from 2 to that of the samples, ${labels.length}. Received: count=${show(count)}`,
    );
  }
  const folds: number[][] = Array.from({ length: count }, () => []);
  // Each class starts at the fold after the last one's end, so that the remainders don't all go to the first folds.
  let next = 0;
  for (const [label, indices] of indicesByClass(labels)) {
    for (const at of permutation(indices.length, `${seed}/folds/${label}`)) {
      folds[next++ % count]?.push(indices[at] ?? 0);
    }
  }
  return folds.map((held, fold) => ({
    training: rising(folds.flatMap((other, i) => (i === fold ? [] : other))),
    validation: rising(held),
  }));
}

function checkLabels(of: string, labels: ArrayLike<number>, seed: number): void {
  check(of, "labels", labels, NUMBERS);
  check(of, "seed", seed, NUMBER);
}

function indicesByClass(labels: ArrayLike<number>): readonly (readonly [label: number, indices: readonly number[]])[] {
  const classes = new Map<number, number[]>();
  for (let place = 0; place < labels.length; place++) {
    const label = labels[place] ?? 0;
    const known = classes.get(label);
    if (known === undefined) classes.set(label, [place]);
    else known.push(place);
  }
  return [...classes].toSorted(([a], [b]) => a - b);
}

function rising(indices: readonly number[]): Int32Array {
  return Int32Array.from(indices).toSorted();
}
