/**
 * Cross-layer equalization (Nagel et al. 2019, arXiv 1906.04721), if it costs nothing: channels of a value are divided by units of
 * their own, which the convolutions that make and take the value absorb in their weights, so that channels with small numbers are not
 * lost beside those with large ones. Depthwise convolutions take any units, since each of their channels has a weight scale of its own; others
 * would pay for them with the precision of weights, and lose more than they gain.
 */
import { type Convolution, type Operation, type Operations, inputsOf } from "../lowering/operations.ts";
import type { ChannelHistogram } from "./histogram.ts";

/**
 * How far beyond what was seen a channel may go before it is cut, as pictures to come are not those of the calibration; and the least unit.
 */
const MARGIN = 2;
const LEAST_UNIT = 1 / 4;

export type Units = ReadonlyMap<number, Float64Array>;

/** The units of each value that only depthwise convolutions take. None is above 1. */
export function unitsOf(
  operations: Operations,
  convolutions: readonly Convolution[],
  observed: ReadonlyMap<number, ChannelHistogram>,
): Units {
  const integer = new Set<Operation>(convolutions);
  const units = new Map<number, Float64Array>();
  for (const { output } of convolutions) {
    const takers = operations.list.filter((operation) => inputsOf(operation).includes(output));
    const histogram = observed.get(output);
    if (histogram === undefined || takers.length === 0 || operations.outputs.includes(output)) continue;
    const free = takers.every((taker) => integer.has(taker) && taker.kind === "convolution" && taker.groups > 1);
    if (free) units.set(output, unitsOfChannels(histogram));
  }
  return units;
}

function unitsOfChannels({ lows, highs }: ChannelHistogram): Float64Array {
  const reach = highs.map((high, c) => Math.max(high, -(lows[c] ?? 0)));
  const most = reach.reduce((a, b) => Math.max(a, b), 0) || 1;
  return reach.map((x) => Math.min(1, Math.max(LEAST_UNIT, (MARGIN * x) / most)));
}
