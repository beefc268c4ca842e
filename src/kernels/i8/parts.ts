/** What the integer kernels share: the modes, the conversion of sums to results, and stores of fewer than eight channels. */
import { type Expr, type Local } from "../../wasm/expression.ts";
import type { FunctionBuilder } from "../../wasm/function.ts";
import { f32x4, i16x8, i32, i32x4, i8x16, v128 } from "../../wasm/instructions.ts";

/**
 * How a machine multiplies integers, and how activations are stored for it. Activations are whole numbers from 0 to 255, and the results
 * are the same in all modes.
 * - `u8`: bytes, if the relaxed dot product treats its second operand as unsigned and adds exactly (x86 with VNNI).
 * - `s8`: bytes minus 128, if it treats its second operand as signed (ARM).
 * - `i16`: 16 bits each, on every machine. It is faster than a relaxed dot product that is exact for 7 bits only.
 */
export type IntegerMode = "u8" | "s8" | "i16";

export const INTEGER_MODES: readonly IntegerMode[] = ["u8", "s8", "i16"];

/** The largest activation. */
export const LEVELS = 255;

/** The number of bytes of an activation in each mode. */
export const ACTIVATION_BYTES: Readonly<Record<IntegerMode, number>> = { u8: 1, s8: 1, i16: 2 };

/** The stored value of the activation 0 in each mode. */
export const STORED_ZERO: Readonly<Record<IntegerMode, number>> = { u8: 0, s8: -128, i16: 0 };

/** Truncates four float32 numbers to int32, before they are clamped. If a result fits, every machine of the mode truncates it the same way. */
export function truncate(mode: IntegerMode, y: Expr<"v128">): Expr<"v128"> {
  return mode === "i16" ? i32x4.trunc_sat_f32x4_s(y) : i32x4.relaxed_trunc_f32x4_s(y);
}

/** Clamps, narrows and stores the results of a mode. */
export class Results {
  readonly #f: FunctionBuilder;
  readonly #mode: IntegerMode;
  readonly #value: Local<"v128">;

  constructor(f: FunctionBuilder, mode: IntegerMode) {
    this.#f = f;
    this.#mode = mode;
    this.#value = f.local("v128");
  }

  /** Stores eight results at one address or at each of two. */
  store(
    results: readonly { readonly address: Expr<"i32">; readonly offset: number; readonly eight: Expr<"v128"> }[],
  ): void {
    const f = this.#f;
    const value = this.#value;
    const [a, b] = results;
    if (a === undefined) return;
    if (this.#mode === "i16") {
      for (const { address, offset, eight } of results) f.store(v128.store(address, this.#bounded(eight), offset));
      return;
    }
    f.set(value, this.#narrowed(a.eight, (b ?? a).eight));
    f.store(v128.store64_lane(a.address, value, 0, a.offset));
    if (b !== undefined) f.store(v128.store64_lane(b.address, value, 1, b.offset));
  }

  /** Stores the first `count` of eight results; `count` is below eight and known at run time. `address` is changed. */
  storeFirst(address: Local<"i32">, eight: Expr<"v128">, count: Expr<"i32">): void {
    const f = this.#f;
    const value = this.#value;
    const wide = this.#mode === "i16";
    f.set(value, wide ? this.#bounded(eight) : this.#narrowed(eight, eight));
    const bytes = (lanes: number): number => lanes * (wide ? 2 : 1);
    for (const lanes of [4, 2, 1]) {
      f.if(i32.and(count, i32.const(lanes)), () => {
        f.store(STORES[bytes(lanes)]?.(address, value, 0) ?? v128.store(address, value));
        f.increase(address, bytes(lanes));
        const rest = Array.from({ length: 16 }, (_, i) => (i + bytes(lanes)) % 16);
        if (lanes > 1) f.set(value, i8x16.shuffle(value, value, rest));
      });
    }
  }

  /**
   * Stores four results for each of up to four pixels, which lie `stride` bytes apart; only `lanes` of the four exist. The vectors hold the
   * results as int32.
   */
  storeGroups(address: Local<"i32">, stride: number, pixels: readonly Expr<"v128">[], lanes: number): void {
    const f = this.#f;
    const value = this.#value;
    const bytes = this.#mode === "i16" ? 2 : 1;
    /** Stores the results that begin at byte `from` of `value`. */
    const storeLanes = (from: number, offset: number): void => {
      let at = 0;
      for (const size of [8, 4, 2, 1]) {
        if (lanes * bytes - at < size) continue;
        const store = STORES[size] ?? v128.store8_lane;
        f.store(store(address, value, (from + at) / size, offset + at));
        at += size;
      }
    };
    const pairs = pixels
      .filter((_, i) => i % 2 === 0)
      .map((pixel, i) => i16x8.narrow_i32x4_s(pixel, pixels[2 * i + 1] ?? pixel));
    if (this.#mode === "i16") {
      for (const [p, pair] of pairs.entries()) {
        f.set(value, this.#bounded(pair));
        for (let i = 2 * p; i < Math.min(2 * p + 2, pixels.length); i++) storeLanes((i % 2) * 8, i * stride);
      }
      return;
    }
    const [low, high] = pairs;
    if (low === undefined) return;
    f.set(value, this.#narrowed(low, high ?? low));
    for (let i = 0; i < pixels.length; i++) storeLanes(i * 4, i * stride);
  }

  #narrowed(low: Expr<"v128">, high: Expr<"v128">): Expr<"v128"> {
    const bytes = i8x16.narrow_i16x8_u(low, high);
    return this.#mode === "s8" ? v128.xor(bytes, i8x16.splat(i32.const(-128))) : bytes;
  }

  // eslint-disable-next-line class-methods-use-this
  #bounded(eight: Expr<"v128">): Expr<"v128"> {
    return i16x8.min_s(i16x8.max_s(eight, i16x8.splat(i32.const(0))), i16x8.splat(i32.const(LEVELS)));
  }
}

const STORES: Readonly<Record<number, typeof v128.store8_lane>> = {
  1: v128.store8_lane,
  2: v128.store16_lane,
  4: v128.store32_lane,
  8: v128.store64_lane,
};

/** Loads eight activations as 16-bit numbers. */
export function loadEight(mode: IntegerMode, address: Expr<"i32">, offset = 0): Expr<"v128"> {
  if (mode === "i16") return v128.load(address, offset);
  if (mode === "u8") return v128.load8x8_u(address, offset);
  return i16x8.sub(v128.load8x8_s(address, offset), i16x8.splat(i32.const(STORED_ZERO.s8)));
}

/** Loads eight activations as two vectors of four float32 numbers. */
export function loadFloats(
  f: FunctionBuilder,
  mode: IntegerMode,
  address: Expr<"i32">,
): readonly [Expr<"v128">, Expr<"v128">] {
  const eight = f.local("v128", loadEight(mode, address));
  return [
    f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(eight)),
    f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(eight)),
  ];
}

/** Adds the products of four weights and activations (two in mode `i16`) to each lane of the sums. */
export function dotAdd(
  mode: IntegerMode,
  weights: Expr<"v128">,
  activations: Expr<"v128">,
  sums: Expr<"v128">,
): Expr<"v128"> {
  return mode === "i16"
    ? i32x4.add(sums, i32x4.dot_i16x8_s(weights, activations))
    : i32x4.relaxed_dot_i8x16_i7x16_add_s(weights, activations, sums);
}

/** The numbers that sums start from, corrected for how activations are stored in a mode. `weights` are [products, channels]. */
export function startsFor(mode: IntegerMode, starts: Int32Array, weights: Int8Array): Int32Array {
  const own = starts.slice();
  const zero = STORED_ZERO[mode];
  if (zero !== 0) for (const [i, weight] of weights.entries()) own[i % own.length]! -= zero * weight;
  return own;
}
