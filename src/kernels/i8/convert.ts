/** Conversion between float32 and integers, and the mean of a picture's integers. */
import type { FunctionBuilder } from "../../wasm/function.ts";
import { f32, f32x4, i16x8, i32, i32x4, v128 } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import { ACTIVATION_BYTES, type IntegerMode, LEVELS, Results, loadEight, loadFloats, truncate } from "./parts.ts";
import { VECTOR, storeFirst } from "../parts.ts";

export function quantizeName(mode: IntegerMode): string {
  return `${mode}_quantize`;
}

export function dequantizeName(mode: IntegerMode): string {
  return `${mode}_dequantize`;
}

const EIGHT = 8;

/**
 * Converts float32 values to integers: value × factor + offset, clamped and truncated. Parameters: `count`, `from` (float32), `to`,
 * `factor`, `offset`. It reads up to 28 bytes beyond the end, and writes nothing beyond it.
 */
export function quantize(module: ModuleBuilder, mode: IntegerMode): FunctionBuilder {
  const f = module.function(quantizeName(mode));
  const count = f.param("i32");
  const from = f.param("i32");
  const to = f.param("i32");
  const factor = f.param("f32");
  const offset = f.param("f32");
  const results = new Results(f, mode);
  const factors = f.local("v128", f32x4.splat(factor));
  const offsets = f.local("v128", f32x4.splat(offset));
  const zero = f.local("v128", f32x4.splat(f32.const(0)));
  const most = f.local("v128", f32x4.splat(f32.const(LEVELS)));
  const values = [0, 1].map(() => f.local("v128"));
  const eight = f.local("v128");
  const compute = (): void => {
    for (const [v, value] of values.entries()) {
      const y = f32x4.add(f32x4.mul(v128.load(from, v * VECTOR), factors), offsets);
      // NaN is not above 0, so it becomes 0.
      f.set(value, truncate(mode, f32x4.pmin(most, f32x4.pmax(zero, y))));
    }
    const [low, high] = values;
    if (low !== undefined && high !== undefined) f.set(eight, i16x8.narrow_i32x4_s(low, high));
  };
  const left = f.local("i32", i32.shr_u(count, i32.const(3)));
  f.times(left, () => {
    compute();
    results.store([{ address: to, offset: 0, eight }]);
    f.increase(from, EIGHT * 4);
    f.increase(to, EIGHT * ACTIVATION_BYTES[mode]);
  });
  f.set(count, i32.and(count, i32.const(EIGHT - 1)));
  f.if(count, () => {
    compute();
    results.storeFirst(to, eight, count);
  });
  return f;
}

/**
 * Converts integers to float32: value × scale + offset. Parameters: `count`, `from`, `to` (float32), `scale`, `offset`. It works on eight
 * values at a time, and reads and writes up to 28 bytes beyond the end.
 */
export function dequantize(module: ModuleBuilder, mode: IntegerMode): FunctionBuilder {
  const f = module.function(dequantizeName(mode));
  const count = f.param("i32");
  const from = f.param("i32");
  const to = f.param("i32");
  const scale = f.param("f32");
  const offset = f.param("f32");
  const left = f.local("i32", i32.shr_u(i32.add(count, i32.const(EIGHT - 1)), i32.const(3)));
  f.times(left, () => {
    for (const [v, value] of loadFloats(f, mode, from).entries()) {
      f.store(v128.store(to, f32x4.add(f32x4.mul(value, f32x4.splat(scale)), f32x4.splat(offset)), v * VECTOR));
    }
    f.increase(from, EIGHT * ACTIVATION_BYTES[mode]);
    f.increase(to, EIGHT * 4);
  });
  return f;
}

export function fillName(mode: IntegerMode): string {
  return `${mode}_fill`;
}

/** Fills memory with an activation as it is stored, for the few at the edges of a picture. Parameters: `to`, `count`, `value`. */
export function fill(module: ModuleBuilder, mode: IntegerMode): FunctionBuilder {
  const f = module.function(fillName(mode));
  const to = f.param("i32");
  const count = f.param("i32");
  const value = f.param("i32");
  f.times(count, () => {
    f.store(mode === "i16" ? i32.store16(to, value) : i32.store8(to, value));
    f.increase(to, ACTIVATION_BYTES[mode]);
  });
  return f;
}

/** A variant of `mean`. */
export interface MeanVariant {
  readonly mode: IntegerMode;
  readonly output: "integers" | "f32";
}

export function meanName({ mode, output }: MeanVariant): string {
  return `${mode}_mean__to_${output}`;
}

/**
 * The mean of each channel over a picture: factor × (start + the sum of the integers). Parameters: `pixels` (at least 1), `channels` (at
 * least 1), `from`, `to`, `start`, `factor`. It reads up to 16 bytes beyond the end, and writes nothing beyond it.
 */
export function mean(module: ModuleBuilder, variant: MeanVariant): FunctionBuilder {
  const { mode, output } = variant;
  const f = module.function(meanName(variant));
  const pixels = f.param("i32");
  const channels = f.param("i32");
  const from = f.param("i32");
  const to = f.param("i32");
  const start = f.param("i32");
  const factor = f.param("f32");
  const results = output === "f32" ? undefined : new Results(f, mode);
  const bytes = ACTIVATION_BYTES[mode];
  const pixel = f.local("i32", i32.mul(channels, i32.const(bytes)));
  const [low, high, value] = [f.local("v128"), f.local("v128"), f.local("v128")];
  const at = f.local("i32");
  const count = f.local("i32");
  const compute = (): void => {
    for (const sum of [low, high]) f.set(sum, i32x4.splat(start));
    f.set(at, from);
    f.set(count, pixels);
    f.times(count, () => {
      f.set(value, loadEight(mode, at));
      f.set(low, i32x4.add(low, i32x4.extend_low_i16x8_u(value)));
      f.set(high, i32x4.add(high, i32x4.extend_high_i16x8_u(value)));
      f.increase(at, pixel);
    });
    for (const sum of [low, high]) {
      const y = f32x4.mul(f32x4.convert_i32x4_s(sum), f32x4.splat(factor));
      f.set(sum, results === undefined ? y : truncate(mode, y));
    }
  };
  f.repeat(
    () => {
      compute();
      f.if(
        i32.ge_u(channels, i32.const(EIGHT)),
        () => {
          if (results === undefined)
            for (const [v, sum] of [low, high].entries()) f.store(v128.store(to, sum, v * VECTOR));
          else results.store([{ address: to, offset: 0, eight: i16x8.narrow_i32x4_s(low, high) }]);
          f.increase(to, EIGHT * (results === undefined ? 4 : bytes));
        },
        () => {
          if (results === undefined) storeFirst(f, to, [low, high], channels);
          else results.storeFirst(to, i16x8.narrow_i32x4_s(low, high), channels);
        },
      );
      f.increase(from, EIGHT * bytes);
      f.increase(channels, -EIGHT);
    },
    i32.gt_s(channels, i32.const(0)),
  );
  return f;
}
