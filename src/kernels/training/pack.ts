/**
 * Packs weights into the layouts of `gemm` and `dwconv` inside WebAssembly, because training changes them with every step. It writes
 * exactly what `packGemm` and `packDwconv` write, from weights in Keras's layout.
 */
import type { Expr, Local } from "../../wasm/expression.ts";
import type { FunctionBuilder } from "../../wasm/function.ts";
import { f32, f32x4, i32, i8x16, v128 } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import { channelGroups } from "../f32/dwconv.ts";
import { VECTOR } from "../parts.ts";
import { parameters } from "./parts.ts";

type I32 = Local<"i32">;

/** A variant of `packWeights`. */
export interface PackWeightsVariant {
  /** The number of columns in a panel. */
  readonly columns: number;
  /** Whether a bias is packed, one number per column; otherwise zeros take its place. */
  readonly bias: boolean;
}

export function packWeightsName({ columns, bias }: PackWeightsVariant): string {
  return `f32_pack_weights${bias ? "_bias" : ""}_${columns}`;
}

/**
 * Packs weights [k, n] for `gemm`. Parameters: `to` (of `packedGemmSize` floats), `from`, `k`, `n` (at least 1), and `bias` if the variant
 * has one. It reads nothing beyond the weights.
 */
export function packWeights(module: ModuleBuilder, variant: PackWeightsVariant): FunctionBuilder {
  const { columns } = variant;
  const f = module.function(packWeightsName(variant));
  const [to, from, k, n] = parameters(f, 4);
  const bias = variant.bias ? f.param("i32") : undefined;
  const stride = f.local("i32");
  const left = f.local("i32");
  const rows = f.local("i32");
  const row = f.local("i32");
  const column = f.local("i32");
  f.set(stride, i32.shl(n, i32.const(2)));
  f.set(left, n);

  /** Copies a row of a panel from `source`; `to` moves on. */
  const copyRow = (source: I32): void => {
    f.if(
      i32.ge_s(left, i32.const(columns)),
      () => {
        for (let v = 0; v < columns; v += 4) f.store(v128.store(to, v128.load(source, v * 4), v * 4));
      },
      () => {
        f.fill(to, i32.const(columns * 4));
        f.set(column, i32.const(0));
        f.repeat(
          () => {
            f.store(f32.store(i32.add(to, column), f32.load(i32.add(source, column))));
            f.increase(column, 4);
          },
          i32.lt_s(column, i32.shl(left, i32.const(2))),
        );
      },
    );
    f.increase(to, columns * 4);
  };
  f.repeat(
    () => {
      if (bias === undefined) {
        f.fill(to, i32.const(columns * 4));
        f.increase(to, columns * 4);
      } else copyRow(bias);
      f.set(row, from);
      f.set(rows, k);
      f.repeat(() => {
        copyRow(row);
        f.increase(row, stride);
        f.increase(rows, -1);
      }, rows);
      for (const pointer of [from, ...(bias === undefined ? [] : [bias])]) f.increase(pointer, columns * 4);
      f.increase(left, -columns);
    },
    i32.gt_s(left, i32.const(0)),
  );
  return f;
}

export function packTransposedName({ columns }: { readonly columns: number }): string {
  return `f32_pack_transposed_${columns}`;
}

/**
 * Packs the transpose of weights [n, k] for `gemm`, which then turns the gradients of a product's output, in rows of `k` values, into those
 * of its input. The bias is zeros. Parameters: `to` (of `packedGemmSize` floats), `from`, `k`, `n` (at least 1). It reads nothing beyond
 * the weights.
 */
export function packTransposed(module: ModuleBuilder, { columns }: { readonly columns: number }): FunctionBuilder {
  const f = module.function(packTransposedName({ columns }));
  const [to, from, k, n] = parameters(f, 4);
  const stride = f.local("i32");
  const left = f.local("i32");
  const panelBytes = f.local("i32");
  const count = f.local("i32");
  const source = f.local("i32");
  const row = f.local("i32");
  const target = f.local("i32");
  const column = f.local("i32");
  const vectors = Array.from({ length: 4 }, () => f.local("v128"));
  f.set(stride, i32.shl(k, i32.const(2)));
  f.set(left, n);
  f.set(panelBytes, i32.mul(i32.add(k, i32.const(1)), i32.const(columns * 4)));

  /** Copies all columns of a panel, four of its rows at a time. */
  const whole = (): void => {
    f.set(count, i32.shr_u(k, i32.const(2)));
    f.times(count, () => {
      f.set(row, source);
      for (let c = 0; c < columns; c += 4) {
        for (const vector of vectors) {
          f.set(vector, v128.load(row));
          f.increase(row, stride);
        }
        for (const [i, turned] of transposed(f, vectors).entries()) {
          f.store(v128.store(target, turned, (i * columns + c) * 4));
        }
      }
      f.increase(source, VECTOR);
      f.increase(target, 4 * columns * 4);
    });
    f.set(count, i32.and(k, i32.const(3)));
    f.times(count, () => {
      f.set(row, source);
      for (let c = 0; c < columns; c++) {
        f.store(f32.store(target, f32.load(row), c * 4));
        f.increase(row, stride);
      }
      f.increase(source, 4);
      f.increase(target, columns * 4);
    });
  };
  const some = (): void => {
    f.fill(target, i32.sub(panelBytes, i32.const(columns * 4)));
    f.set(count, k);
    f.repeat(() => {
      f.set(row, source);
      f.set(column, i32.const(0));
      f.repeat(
        () => {
          f.store(f32.store(i32.add(target, column), f32.load(row)));
          f.increase(row, stride);
          f.increase(column, 4);
        },
        i32.lt_s(column, i32.shl(left, i32.const(2))),
      );
      f.increase(source, 4);
      f.increase(target, columns * 4);
      f.increase(count, -1);
    }, count);
  };
  f.repeat(
    () => {
      f.fill(to, i32.const(columns * 4));
      f.set(target, i32.add(to, i32.const(columns * 4)));
      f.set(source, from);
      f.if(i32.ge_s(left, i32.const(columns)), whole, some);
      f.increase(from, i32.mul(stride, i32.const(columns)));
      f.increase(to, panelBytes);
      f.increase(left, -columns);
    },
    i32.gt_s(left, i32.const(0)),
  );
  return f;
}

/** Transposes a matrix of four vectors. */
function transposed(f: FunctionBuilder, rows: readonly Local<"v128">[]): readonly Local<"v128">[] {
  const [a, b, c, d] = rows;
  if (a === undefined || b === undefined || c === undefined || d === undefined) return [];
  const lanes = (...chosen: readonly number[]): number[] =>
    chosen.flatMap((lane) => [0, 1, 2, 3].map((i) => 4 * lane + i));
  const interleaved = [
    [a, b],
    [c, d],
  ].flatMap(([x = a, y = b]) => [
    f.local("v128", i8x16.shuffle(x, y, lanes(0, 4, 1, 5))),
    f.local("v128", i8x16.shuffle(x, y, lanes(2, 6, 3, 7))),
  ]);
  const [abLow = a, abHigh = a, cdLow = a, cdHigh = a] = interleaved;
  return [
    [abLow, cdLow],
    [abHigh, cdHigh],
  ].flatMap(([x = a, y = b]) => [
    f.local("v128", i8x16.shuffle(x, y, lanes(0, 1, 4, 5))),
    f.local("v128", i8x16.shuffle(x, y, lanes(2, 3, 6, 7))),
  ]);
}

/** A variant of `packDepthwise`. */
export interface PackDepthwiseVariant {
  /** The window's taps in the order in which they are packed: all of them or, for the gradient of the input, reversed or only some of them. */
  readonly taps: readonly number[];
  readonly channels: number;
  /** The number of vectors of channels side by side, as in the variant of `dwconv`. */
  readonly vectors: number;
  readonly bias: boolean;
}

export function packDepthwiseName({ taps, channels, vectors, bias }: PackDepthwiseVariant): string {
  const lanes = vectors > 1 ? `c${4 * vectors}` : "";
  return `f32_pack_depthwise${bias ? "_bias" : ""}_${taps.join(".")}${lanes}x${channels}`;
}

/**
 * Packs weights [taps of the window, channels] for `dwconv`. Parameters: `to` (of `packedDwconvSize` floats), `from`, and `bias` if the
 * variant has one. It reads up to 3 floats beyond the ends, and packs them with the last channels, where they are ignored.
 */
export function packDepthwise(module: ModuleBuilder, variant: PackDepthwiseVariant): FunctionBuilder {
  const { taps, channels } = variant;
  const f = module.function(packDepthwiseName(variant));
  const [to, from] = [f.param("i32"), f.param("i32")];
  const bias = variant.bias ? f.param("i32") : undefined;
  const left = f.local("i32");
  for (const { channels: lanes, count } of channelGroups(channels, variant.vectors)) {
    const vectors = Math.ceil(lanes / 4);
    const put = (index: number, load: (v: number) => Expr<"v128">): void => {
      for (let v = 0; v < vectors; v++) f.store(v128.store(to, load(v), (index * vectors + v) * VECTOR));
    };
    f.set(left, i32.const(count));
    f.times(left, () => {
      put(0, (v) => (bias === undefined ? f32x4.splat(f32.const(0)) : v128.load(bias, v * VECTOR)));
      for (const [i, tap] of taps.entries()) put(i + 1, (v) => v128.load(from, tap * channels * 4 + v * VECTOR));
      f.increase(to, (taps.length + 1) * vectors * VECTOR);
      for (const pointer of [from, ...(bias === undefined ? [] : [bias])]) f.increase(pointer, lanes * 4);
    });
  }
  return f;
}
