/** Seeded integers, how they lie in memory, and modes of machines other than this one. */
import { fnv1a32, unitAt } from "../../src/core/random.ts";
import { ACTIVATION_BYTES, type IntegerMode, STORED_ZERO } from "../../src/kernels/i8/parts.ts";
import { hasMode } from "../../src/engine/integers/modes.ts";
import type { Expr } from "../../src/wasm/expression.ts";
import { i16x8, i32x4, i8x16 } from "../../src/wasm/instructions.ts";
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

/** Puts activations into memory as a mode has them. */
export function putActivations(
  memory: Uint8Array,
  address: number,
  mode: IntegerMode,
  integers: readonly number[],
): void {
  if (mode === "i16") new Int16Array(memory.buffer, address, integers.length).set(integers);
  else
    memory.set(
      integers.map((integer) => integer + STORED_ZERO[mode]),
      address,
    );
}

/** So many activations from memory. */
export function activationsAt(memory: Uint8Array, address: number, mode: IntegerMode, count: number): number[] {
  const bytes = memory.slice(address, address + count * ACTIVATION_BYTES[mode]).buffer;
  const stored = mode === "i16" ? new Int16Array(bytes) : mode === "s8" ? new Int8Array(bytes) : new Uint8Array(bytes);
  return Array.from(stored, (value) => value - STORED_ZERO[mode]);
}

type Vector = Expr<"v128">;

/** A relaxed dot product that does what another machine's does, in fixed instructions. */
function dotOf(mode: IntegerMode) {
  const widened = (vector: Vector, half: "low" | "high", signed: boolean): Vector => {
    if (signed) return half === "low" ? i16x8.extend_low_i8x16_s(vector) : i16x8.extend_high_i8x16_s(vector);
    return half === "low" ? i16x8.extend_low_i8x16_u(vector) : i16x8.extend_high_i8x16_u(vector);
  };
  return (weights: Vector, activations: Vector, sums: Vector): Vector => {
    const pairs = (half: "low" | "high"): Vector =>
      i32x4.dot_i16x8_s(widened(weights, half, true), widened(activations, half, mode === "s8"));
    const lanes = (numbers: readonly number[]): number[] => numbers.flatMap((n) => [0, 1, 2, 3].map((i) => n * 4 + i));
    const even = i8x16.shuffle(pairs("low"), pairs("high"), lanes([0, 2, 4, 6]));
    const odd = i8x16.shuffle(pairs("low"), pairs("high"), lanes([1, 3, 5, 7]));
    return i32x4.add(sums, i32x4.add(even, odd));
  };
}

const ours = i32x4.relaxed_dot_i8x16_i7x16_add_s;

/**
 * Writes code as for a machine that has the mode: on any other, with a dot product that does the same in more instructions.
 */
export function asOn<T>(mode: IntegerMode, write: () => T): T {
  if (mode === "i16" || hasMode(mode)) return write();
  i32x4.relaxed_dot_i8x16_i7x16_add_s = dotOf(mode);
  try {
    return write();
  } finally {
    i32x4.relaxed_dot_i8x16_i7x16_add_s = ours;
  }
}

/** The same for code that is written while something asynchronous runs; nothing else may write code meanwhile. */
export async function whileOn<T>(mode: IntegerMode, run: () => Promise<T>): Promise<T> {
  if (mode === "i16" || hasMode(mode)) return run();
  i32x4.relaxed_dot_i8x16_i7x16_add_s = dotOf(mode);
  try {
    return await run();
  } finally {
    i32x4.relaxed_dot_i8x16_i7x16_add_s = ours;
  }
}

/** For the `skip` of a test: why this machine does not run the mode, not even with another dot product. */
export function supports(mode: IntegerMode): string | false {
  return mode === "i16" ? false : needsRelaxedSimd;
}
