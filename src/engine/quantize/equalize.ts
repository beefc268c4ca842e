/**
 * Cross-layer equalization (Nagel et al. 2019, arXiv 1906.04721): channels of a value are divided by units of their own, which the
 * convolutions that make and take the value absorb in their weights, so that channels with small numbers are not lost beside those
 * with large ones.
 */
import { LEVELS } from "../../kernels/i8-parts.ts";
import { type Convolution, type Operations, inputsOf } from "../operations.ts";
import { folded } from "../weights.ts";
import type { ChannelHistogram, RangeOptions } from "./histogram.ts";
import { isGlobalMean } from "./integers.ts";
import { WEIGHT_LIMIT } from "./scheme.ts";

/** How far beyond what was seen a channel may go before it is cut, and the least unit: pictures to come are not those of the calibration. */
const MARGIN = 2;
const LEAST_UNIT = 1 / 4;
/** How much of the differences between channels may be evened out where that costs precision of weights. */
const STRENGTHS = [0, 0.25, 0.5, 0.75, 1];

export type Units = ReadonlyMap<number, Float64Array>;

/**
 * The units of each value that has some; none is above 1.
 *
 * Values that are added, or made of one another without a convolution, have the same units. Depthwise convolutions take any units for
 * nothing, since each of their channels has a weight scale of its own. For others units cost precision of weights: there the strength is
 * chosen that leaves the least noise, of rounded activations and rounded weights together.
 */
export function unitsOf(
  operations: Operations,
  convolutions: readonly Convolution[],
  observed: ReadonlyMap<number, ChannelHistogram>,
  options: RangeOptions,
): Units {
  const units = new Map<number, Float64Array>();
  for (const values of freeGroups(operations, convolutions, observed)) {
    const reach = reachOf(values.flatMap((value) => observed.get(value) ?? []));
    const takers = convolutions.filter(({ input, groups }) => groups === 1 && values.includes(input));
    let made = units1(reach);
    if (takers.length > 0) {
      const takersOf = takers.map((taker) => takerOf(taker, observed, options));
      let least = Infinity;
      for (const strength of STRENGTHS) {
        const tried = reach.map((x) => x ** strength);
        const noise = takersOf.reduce((sum, taker) => sum + taker(tried), 0);
        if (noise < least) [least, made] = [noise, tried];
      }
    }
    for (const value of values) units.set(value, made);
  }
  return units;
}

function units1(reach: Float64Array): Float64Array {
  return reach.map((x) => Math.min(1, Math.max(LEAST_UNIT, MARGIN * x)));
}

/** Sets of values that must have the same units, without those that something else than an integer convolution makes or takes. */
function freeGroups(
  { list, inputs, outputs }: Operations,
  convolutions: readonly Convolution[],
  observed: ReadonlyMap<number, ChannelHistogram>,
): readonly (readonly number[])[] {
  const groups = new Groups();
  const fixed = new Set([...inputs, ...outputs]);
  const integer = new Set(convolutions.map((operation) => operation.output));
  for (const operation of list) {
    const { kind, output } = operation;
    if (kind === "convolution" && integer.has(output)) {
      if (operation.residual !== undefined) groups.join(output, operation.residual);
    } else if (kind === "alias" || (kind === "pool" && isGlobalMean(operation))) {
      groups.join(output, operation.input);
    } else for (const value of [output, ...inputsOf(operation)]) fixed.add(value);
  }
  return groups
    .of([...observed.keys(), ...integer])
    .filter((values) => values.every((value) => !fixed.has(value)))
    .filter((values) => values.some((value) => observed.has(value)));
}

/** The largest magnitude of each channel in any of the values, as a share of the largest of all. */
function reachOf(histograms: readonly ChannelHistogram[]): Float64Array {
  const reach = new Float64Array(histograms[0]?.channels ?? 0);
  for (const { lows, highs } of histograms) {
    for (let c = 0; c < reach.length; c++) reach[c] = Math.max(reach[c] ?? 0, -(lows[c] ?? 0), highs[c] ?? 0);
  }
  const most = reach.reduce((a, b) => Math.max(a, b), 0) || 1;
  return reach.map((x) => Math.max(x / most, 1 / 32));
}

/** The noise of a convolution's results relative to their power, for units of its input. */
function takerOf(
  operation: Convolution,
  observed: ReadonlyMap<number, ChannelHistogram>,
  options: RangeOptions,
): (units: Float64Array) => number {
  const input = observed.get(operation.input);
  const powers = observed.get(operation.output)?.powers;
  const { scale } = folded(operation);
  const { channels } = operation.to;
  const perTap = operation.from.channels;
  const weights = Float64Array.from(operation.kernel.values, (weight, i) => weight * (scale[i % channels] ?? 1));
  const inputs = weights.length / channels;
  return (units) => {
    if (input === undefined) return 0;
    const { low, high } = input.range(options, units);
    const rounding = ((high - low) / LEVELS) ** 2 / 12;
    let noise = 0;
    for (let c = 0; c < channels; c++) {
      let most = 0;
      for (let k = 0; k < inputs; k++)
        most = Math.max(most, Math.abs(weights[k * channels + c] ?? 0) * (units[k % perTap] ?? 1));
      const step = most / WEIGHT_LIMIT || 1;
      let sum = 0;
      for (let k = 0; k < inputs; k++) {
        const unit = units[k % perTap] ?? 1;
        const weight = (weights[k * channels + c] ?? 0) * unit;
        const error = Math.round(weight / step) * step - weight;
        sum += rounding * weight ** 2 + (error / unit) ** 2 * (input.powers[k % perTap] ?? 0);
      }
      const power = powers?.[c] ?? 1;
      if (power > 0) noise += sum / power;
    }
    return noise;
  };
}

/** Sets of values that belong together. */
class Groups {
  readonly #parents = new Map<number, number>();

  join(a: number, b: number): void {
    const [rootA, rootB] = [this.#root(a), this.#root(b)];
    if (rootA !== rootB) this.#parents.set(rootA, rootB);
  }

  of(values: readonly number[]): readonly (readonly number[])[] {
    const groups = new Map<number, number[]>();
    for (const value of new Set([...values, ...this.#parents.keys(), ...this.#parents.values()])) {
      const root = this.#root(value);
      const group = groups.get(root) ?? [];
      group.push(value);
      groups.set(root, group);
    }
    return [...groups.values()];
  }

  #root(value: number): number {
    let root = value;
    for (let up = this.#parents.get(root); up !== undefined; up = this.#parents.get(root)) root = up;
    return root;
  }
}
