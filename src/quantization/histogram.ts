/** The distribution of the numbers in each channel of a value, kept in bins that grow with them, and ranges chosen from it. */
import { valueError } from "../core/errors.ts";
import { LEVELS, type Range } from "./scheme.ts";

/**
 * How a tensor's range is chosen.
 * - `minMax`: all that was seen.
 * - `percentile`: all but the outermost numbers.
 * - `mse`: the range for which rounding and cutting together cost the least squared error.
 */
export type RangeMethod = "minMax" | "percentile" | "mse";

export interface RangeOptions {
  readonly method: RangeMethod;
  /** For `percentile`: the share of numbers inside, in percent. */
  readonly percentile: number;
}

/** The bins on either side of 0: those of a channel, and those of a whole value. */
const CHANNEL_BINS = 128;
const BINS = 4096;
/** About the number of pixels of a picture that are put into bins. */
const PIXELS = 1024;

export class ChannelHistogram {
  readonly channels: number;
  readonly lows: Float64Array;
  readonly highs: Float64Array;
  readonly #sums: Float64Array;
  #pixels = 0;
  /** The number of pixels in the bins. */
  #binned = 0;
  /** How many numbers of each channel, other than 0, are of each size; the upper half of a channel's bins is for positive ones. */
  readonly #bins: Uint32Array;
  readonly #limits: Float64Array;

  constructor(channels: number) {
    this.channels = channels;
    this.lows = new Float64Array(channels);
    this.highs = new Float64Array(channels);
    this.#sums = new Float64Array(channels);
    this.#bins = new Uint32Array(channels * 2 * CHANNEL_BINS);
    this.#limits = new Float64Array(channels);
  }

  /** Adds the numbers of a value, channels last. @throws ValueError for NaN and infinity. */
  add(values: Float32Array): void {
    const { channels } = this;
    this.#bound(values);
    const scales = this.#limits.map((_, c) => {
      this.#grow(c, Math.max(-(this.lows[c] ?? 0), this.highs[c] ?? 0));
      return CHANNEL_BINS / (this.#limits[c] || 1);
    });
    const bins = this.#bins;
    const pixels = values.length / channels;
    // Neighbours are much alike: of large pictures, some pixels are enough.
    const step = Math.max(1, Math.floor(pixels / PIXELS));
    for (let pixel = 0; pixel < pixels; pixel += step) {
      const first = pixel * channels;
      for (let c = 0; c < channels; c++) {
        const value = values[first + c] ?? 0;
        if (value === 0) continue;
        const bin = Math.min(CHANNEL_BINS - 1, Math.floor(value * (scales[c] ?? 0)));
        bins[(2 * c + 1) * CHANNEL_BINS + bin]!++;
      }
      this.#binned++;
    }
  }

  /** Moves the ends of each channel, and adds to its sum. */
  #bound(values: Float32Array): void {
    const { channels, lows, highs } = this;
    const sums = this.#sums;
    for (let first = 0; first < values.length; first += channels) {
      for (let c = 0; c < channels; c++) {
        const value = values[first + c] ?? 0;
        if (value < (lows[c] ?? 0)) lows[c] = value;
        if (value > (highs[c] ?? 0)) highs[c] = value;
        sums[c]! += value;
      }
    }
    this.#pixels += values.length / channels;
    if (!sums.every(Number.isFinite)) {
      throw valueError(
        "With the calibration data, the model computes NaN or infinity. Check the data (preprocessInput?) and the weights.",
      );
    }
  }

  /** The mean of each channel. */
  get means(): Float64Array {
    return this.#sums.map((sum) => sum / this.#pixels);
  }

  /** The range of the value when each channel is divided by its unit. */
  range({ method, percentile }: RangeOptions, units: ArrayLike<number> | undefined): Range {
    const unit = (c: number): number => units?.[c] ?? 1;
    const low = this.lows.reduce((least, x, c) => Math.min(least, x / unit(c)), 0);
    const high = this.highs.reduce((most, x, c) => Math.max(most, x / unit(c)), 0);
    if (method === "minMax" || low === high) return { low, high };
    const limit = Math.max(-low, high);
    const bins = new Float64Array(2 * BINS);
    for (let c = 0; c < this.channels; c++) {
      const scale = ((this.#limits[c] ?? 0) / CHANNEL_BINS / unit(c) / limit) * BINS;
      for (let bin = 0; bin < 2 * CHANNEL_BINS; bin++) {
        const count = this.#bins[2 * c * CHANNEL_BINS + bin] ?? 0;
        if (count === 0) continue;
        const middle = Math.floor((bin + 0.5 - CHANNEL_BINS) * scale) + BINS;
        bins[Math.max(0, Math.min(2 * BINS - 1, middle))]! += count;
      }
    }
    const total = this.#binned * this.channels;
    const whole = { bins, limit, range: { low, high } };
    return method === "percentile" ? percentileRange(whole, (total * (100 - percentile)) / 100) : leastSquares(whole);
  }

  /** Doubles a channel's limit until it holds `most`: pairs of bins become one. */
  #grow(channel: number, most: number): void {
    let limit = this.#limits[channel] ?? 0;
    if (limit === 0 && most > 0) limit = 2 ** Math.ceil(Math.log2(most));
    const bins = this.#bins.subarray(2 * channel * CHANNEL_BINS, 2 * (channel + 1) * CHANNEL_BINS);
    for (; limit < most; limit *= 2) {
      const half = Uint32Array.from({ length: CHANNEL_BINS }, (_, i) => (bins[2 * i] ?? 0) + (bins[2 * i + 1] ?? 0));
      bins.fill(0).set(half, CHANNEL_BINS / 2);
    }
    this.#limits[channel] = limit;
  }
}

interface Whole {
  readonly bins: Float64Array;
  readonly limit: number;
  /** From the least to the largest number that was seen. */
  readonly range: Range;
}

function edge(bin: number, limit: number): number {
  return ((bin - BINS) * limit) / BINS;
}

function percentileRange({ bins, limit, range }: Whole, cut: number): Range {
  const outermost = (order: readonly number[], side: number): number => {
    let left = cut;
    for (const bin of order) {
      left -= bins[bin] ?? 0;
      if (left < 0) return edge(bin + side, limit);
    }
    return 0;
  };
  const below = Array.from({ length: BINS }, (_, i) => i);
  const above = below.map((i) => 2 * BINS - 1 - i);
  return { low: Math.max(range.low, outermost(below, 0)), high: Math.min(range.high, outermost(above, 1)) };
}

function leastSquares({ bins, limit, range }: Whole): Range {
  // Running sums of n, n·x and n·x² over the bins, so that any stretch of them costs two look-ups.
  const sums = [0, 1, 2].map((power) => {
    const running = new Float64Array(2 * BINS + 1);
    for (const [bin, n] of bins.entries()) {
      running[bin + 1] = (running[bin] ?? 0) + n * edge(bin + 0.5, limit) ** power;
    }
    return running;
  });
  const between = (power: number, from: number, to: number): number =>
    (sums[power]?.[to] ?? 0) - (sums[power]?.[from] ?? 0);
  /** What it costs to move all numbers of a stretch to `x`. */
  const cutting = (from: number, to: number, x: number): number =>
    between(2, from, to) - 2 * x * between(1, from, to) + x * x * between(0, from, to);
  const binOf = (x: number): number => Math.max(0, Math.min(2 * BINS, Math.round((x / limit) * BINS) + BINS));
  const error = ({ low, high }: Range): number => {
    const [first, last] = [binOf(low), binOf(high)];
    const rounding = (between(0, first, last) * ((high - low) / LEVELS) ** 2) / 12;
    return rounding + cutting(0, first, low) + cutting(last, 2 * BINS, high);
  };
  let best = range;
  let least = error(best);
  const shares = Array.from({ length: 100 }, (_, i) => 1 - i / 100);
  for (let round = 0; round < 2; round++) {
    for (const side of ["high", "low"] as const) {
      for (const share of shares) {
        const tried = { ...best, [side]: range[side] * share };
        const cost = error(tried);
        if (cost < least) [best, least] = [tried, cost];
      }
    }
  }
  return best;
}
