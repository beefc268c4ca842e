/** Seeded integers, how they lie in memory, and which integer modes this machine has. */
import { fnv1a32, unitAt } from "../../src/core/random.ts";
import type { Activations, IntegerMode } from "../../src/kernels/i8-parts.ts";
import { takesBytes } from "../../src/kernels/i8-probe.ts";
import { needsRelaxedSimd } from "./wasm.ts";

/** Whole numbers from `low` to `high`, that depend on the name alone; some are the ends themselves. */
export function randomIntegers(name: string, size: number, low: number, high: number): number[] {
  const stream = fnv1a32(name);
  return Array.from({ length: size }, (_, i) => {
    const unit = unitAt(stream, i);
    if (unit < 0.05) return unit < 0.025 ? low : high;
    return low + Math.floor(unitAt(stream + 1, i) * (high - low + 1));
  });
}

export function integersAt(
  memory: Uint8Array,
  address: number,
  activations: Activations,
  integers: readonly number[],
): void {
  if (activations === "u8") memory.set(integers, address);
  else new Int16Array(memory.buffer, address, integers.length).set(integers);
}

/** For the `skip` of a test: why this machine does not run the mode. */
export function supports(mode: IntegerMode): string | false {
  if (mode === "i16") return false;
  if (needsRelaxedSimd !== false) return needsRelaxedSimd;
  return mode === "u7" || takesBytes() ? false : "this machine's relaxed dot product takes 7 bits only";
}
