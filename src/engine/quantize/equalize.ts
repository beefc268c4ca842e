/**
 * Cross-layer equalization (Nagel et al. 2019, arXiv 1906.04721): channels of a value are divided by units of their own, which the
 * convolutions that make and take the value absorb in their weights, so that channels with small numbers are not lost beside those with large ones.
 */
import type { Convolution, Operations } from "../operations.ts";
import { isGlobalMean } from "./integers.ts";
import type { ChannelHistogram } from "./histogram.ts";

/**
 * The units of each value that has some; none is above 1.
 *
 * Values that are added, or made of one another without a convolution, have the same units. Depthwise convolutions take any units for
 * nothing, since each of their channels has a weight scale of its own; for others units cost precision of weights, so that only
 * `strength` (0 to 1) of the difference is evened out.
 */
export function unitsOf(
  operations: Operations,
  convolutions: readonly Convolution[],
  observed: ReadonlyMap<number, ChannelHistogram>,
  strength: number,
): ReadonlyMap<number, Float64Array> {
  const groups = new Groups();
  /** Values that something else than an integer convolution makes or takes. */
  const fixed = new Set([...operations.inputs, ...operations.outputs]);
  const matrixInputs = new Set<number>();
  const integer = new Set(convolutions.map((operation) => operation.output));
  for (const operation of operations.list) {
    const { kind, output } = operation;
    if (kind === "convolution" && integer.has(output)) {
      if (operation.residual !== undefined) groups.join(output, operation.residual);
      if (operation.groups === 1) matrixInputs.add(operation.input);
    } else if (kind === "alias" || (kind === "pool" && isGlobalMean(operation))) {
      groups.join(output, operation.input);
      // Without a range a mean is float32.
      if (kind === "pool" && !observed.has(output)) fixed.add(output);
    } else {
      fixed.add(output);
      const inputs = "inputs" in operation ? operation.inputs : "input" in operation ? [operation.input] : [];
      for (const value of inputs) fixed.add(value);
      if (kind === "convolution" && operation.residual !== undefined) fixed.add(operation.residual);
    }
  }
  const units = new Map<number, Float64Array>();
  for (const values of groups.of([...observed.keys(), ...integer])) {
    if (values.some((value) => fixed.has(value) || (!observed.has(value) && integer.has(value)))) continue;
    const share = values.some((value) => matrixInputs.has(value)) ? strength : 1;
    const reach = reachOf(values.flatMap((value) => observed.get(value) ?? []));
    const most = Math.max(...reach);
    // A channel that was never seen to be anything but 0 gets a unit that is small but has room.
    const made = reach.map((x) => Math.max(x / most, 1 / 32) ** share);
    if (share > 0 && most > 0) for (const value of values) units.set(value, made);
  }
  return units;
}

/** The largest magnitude of each channel in any of the values. */
function reachOf(histograms: readonly ChannelHistogram[]): Float64Array {
  const reach = new Float64Array(histograms[0]?.channels ?? 0);
  for (const { lows, highs } of histograms) {
    for (let c = 0; c < reach.length; c++) reach[c] = Math.max(reach[c] ?? 0, -(lows[c] ?? 0), highs[c] ?? 0);
  }
  return reach;
}

/** Sets of values that belong together. */
class Groups {
  readonly #parents = new Map<number, number>();

  join(a: number, b: number): void {
    this.#parents.set(this.#root(a), this.#root(b));
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
    for (let up = this.#parents.get(root); up !== undefined && up !== root; up = this.#parents.get(root)) root = up;
    return root;
  }
}
