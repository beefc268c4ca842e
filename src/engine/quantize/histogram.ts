/** The distribution of a stream of numbers, kept in bins that grow with it, and ranges chosen from it. */
import { MobileNetV2Error } from "../../core/errors.ts";
import type { Range } from "./scheme.ts";

/**
 * How a tensor's range is chosen.
 * - `minMax`: all that was seen.
 * - `percentile`: all but the outermost numbers.
 * - `mse`: where rounding and cutting together cost the least squared error.
 */
export type RangeMethod = "minMax" | "percentile" | "mse";

/** Bins on either side of 0. */
const BINS = 4096;

export class Histogram {
  /** Numbers that are not 0, by size; the upper half holds the positive ones. */
  readonly #bins = new Float64Array(2 * BINS);
  #limit = 0;
  #zeros = 0;
  #low = 0;
  #high = 0;

  /** @throws ValueError for NaN and infinity. */
  add(values: Float32Array): void {
    let low = this.#low;
    let high = this.#high;
    for (const value of values) {
      if (value < low) low = value;
      else if (value > high) high = value;
      else if (Number.isNaN(value)) low = -Infinity;
    }
    const most = Math.max(-low, high);
    if (most === Infinity) {
      throw new MobileNetV2Error(
        "ValueError",
        "With the calibration data, the model computes NaN or infinity. Check the data (preprocessInput?) and the weights.",
      );
    }
    this.#low = low;
    this.#high = high;
    this.#grow(most);
    const bins = this.#bins;
    const scale = BINS / this.#limit;
    let zeros = 0;
    for (const value of values) {
      if (value === 0) zeros++;
      else bins[Math.min(2 * BINS - 1, Math.floor(value * scale) + BINS)]!++;
    }
    this.#zeros += zeros;
  }

  range(method: RangeMethod, options: { readonly percentile: number; readonly levels: number }): Range {
    switch (method) {
      case "percentile":
        return this.#percentile(options.percentile);
      case "mse":
        return this.#leastSquares(options.levels);
      default:
        return { low: this.#low, high: this.#high };
    }
  }

  /** Doubles the limit until it holds `most`: pairs of bins become one. */
  #grow(most: number): void {
    if (this.#limit === 0 && most > 0) this.#limit = 2 ** Math.ceil(Math.log2(most));
    while (this.#limit < most) {
      const half = Float64Array.from(
        { length: BINS },
        (_, i) => (this.#bins[2 * i] ?? 0) + (this.#bins[2 * i + 1] ?? 0),
      );
      this.#bins.fill(0).set(half, BINS / 2);
      this.#limit *= 2;
    }
  }

  #edge(bin: number): number {
    return ((bin - BINS) * this.#limit) / BINS;
  }

  #percentile(percentile: number): Range {
    const total = this.#bins.reduce((sum, n) => sum + n, this.#zeros);
    const cut = (total * (100 - percentile)) / 100;
    const edge = (bins: readonly number[], side: number): number => {
      let left = cut;
      for (const bin of bins) {
        left -= this.#bins[bin] ?? 0;
        if (left < 0) return this.#edge(bin + side);
      }
      return 0;
    };
    const below = Array.from({ length: BINS }, (_, i) => i);
    const above = below.map((i) => 2 * BINS - 1 - i);
    return { low: Math.max(this.#low, edge(below, 0)), high: Math.min(this.#high, edge(above, 1)) };
  }

  #leastSquares(levels: number): Range {
    // Running sums of n, n·x and n·x² over the bins, so that any stretch of them costs two look-ups.
    const sums = [0, 1, 2].map((power) => {
      const running = new Float64Array(2 * BINS + 1);
      for (const [bin, n] of this.#bins.entries()) {
        running[bin + 1] = (running[bin] ?? 0) + n * ((this.#edge(bin) + this.#edge(bin + 1)) / 2) ** power;
      }
      return running;
    });
    const between = (power: number, from: number, to: number): number =>
      (sums[power]?.[to] ?? 0) - (sums[power]?.[from] ?? 0);
    /** What it costs to move all numbers of a stretch to `x`. */
    const cutting = (from: number, to: number, x: number): number =>
      between(2, from, to) - 2 * x * between(1, from, to) + x * x * between(0, from, to);
    const binOf = (x: number): number => Math.max(0, Math.min(2 * BINS, Math.round((x / this.#limit) * BINS) + BINS));
    const error = ({ low, high }: Range): number => {
      const [first, last] = [binOf(low), binOf(high)];
      const rounding = (between(0, first, last) * ((high - low) / levels) ** 2) / 12;
      return rounding + cutting(0, first, low) + cutting(last, 2 * BINS, high);
    };
    let best: Range = { low: this.#low, high: this.#high };
    if (this.#limit === 0) return best;
    let least = error(best);
    const shares = Array.from({ length: 100 }, (_, i) => 1 - i / 100);
    for (let round = 0; round < 2; round++) {
      for (const side of ["high", "low"] as const) {
        const whole = side === "high" ? this.#high : this.#low;
        for (const share of shares) {
          const tried = { ...best, [side]: whole * share };
          const cost = error(tried);
          if (cost < least) [best, least] = [tried, cost];
        }
      }
    }
    return best;
  }
}
