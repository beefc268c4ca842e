/** Distances between arrays of numbers, for assertions that state a tolerance. */
import assert from "node:assert/strict";

/** The largest absolute difference; infinite where one is NaN and the other is not. */
export function maxDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert.equal(actual.length, expected.length, "arrays of the same length");
  let max = 0;
  for (let i = 0; i < expected.length; i++) {
    const [a = NaN, b = NaN] = [actual[i], expected[i]];
    const difference = Object.is(a, b) || a === b ? 0 : Math.abs(a - b);
    if (!(difference <= max)) max = Number.isNaN(difference) ? Infinity : difference;
  }
  return max;
}

/** The largest magnitude in an array. */
export function maxMagnitude(values: ArrayLike<number>): number {
  let max = 0;
  for (let i = 0; i < values.length; i++) max = Math.max(max, Math.abs(values[i] ?? 0));
  return max;
}

/** Asserts |actual - expected| ≤ tolerance everywhere. */
export function assertWithin(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = "values",
): void {
  const difference = maxDifference(actual, expected);
  assert.ok(difference <= tolerance, `${what}: the largest difference is ${difference}, allowed is ${tolerance}`);
}

/** Ten times the logarithm of the signal's power over that of the noise; infinite without any noise. */
export function decibels(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  let signal = 0;
  let noise = 0;
  for (let i = 0; i < expected.length; i++) {
    signal += (expected[i] ?? NaN) ** 2;
    noise += ((expected[i] ?? NaN) - (actual[i] ?? NaN)) ** 2;
  }
  return noise === 0 ? Infinity : 10 * Math.log10(signal / noise);
}
