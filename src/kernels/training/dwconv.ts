/**
 * The gradient of a depthwise convolution's weights from one output row, with the shape of the row in the code. For each vector of channels
 * (or two), the sums of the window stay in registers while the row passes, one tile of outputs after the other. (The gradient of the input
 * is a depthwise convolution too: `dwconv` with `spread`.)
 */
import type { Local } from "../../wasm/expression.ts";
import type { FunctionBuilder } from "../../wasm/function.ts";
import { i32, v128 } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import { type DwconvRow, channelGroups, dwconvRowName } from "../f32/dwconv.ts";
import { VECTOR, multiplyAdd, storeFirst } from "../parts.ts";

export function dwconvWeightsName(row: DwconvRow): string {
  return `f32_dwconv_weights_${dwconvRowName(row)}`;
}

/** The number of outputs in a tile. Their gradients, 9 sums and one input fill 14 of the 15 vector registers that V8 has on x64. */
const TILE = 4;
/** The largest number of sums in registers. For larger windows, the rows of the window are treated one after the other. */
const SUMS = 9;

/**
 * The kernel for one output row. Parameters: `sums` ([taps, channels], which is added to), `gradient` (of the output row), and the address
 * of each of the window's input rows. Up to 3 floats are read beyond the ends.
 */
export function dwconvWeights(module: ModuleBuilder, variant: DwconvRow): FunctionBuilder {
  const { kernelRows, kernelCols, channels, vectors: most } = variant;
  const f = module.function(dwconvWeightsName(variant));
  const sums = f.param("i32");
  const gradient = f.param("i32");
  const rows = Array.from({ length: kernelRows }, () => f.param("i32"));
  const inRegisters = kernelRows * kernelCols <= SUMS ? kernelRows : 1;
  for (let first = 0; first < kernelRows; first += inRegisters) {
    const part = new Part(f, variant, rows.slice(first, first + inRegisters));
    const walking = [sums, gradient, ...rows].map((start) => f.local("i32", start));
    const [sumsAt, gradientAt, ...rowsAt] = walking;
    if (sumsAt === undefined || gradientAt === undefined) break;
    for (const { channels: lanes, count } of channelGroups(channels, most)) {
      const left = f.local("i32", i32.const(count));
      f.times(left, () => {
        part.emit(sumsAt, gradientAt, rowsAt.slice(first, first + inRegisters), { first, lanes });
        for (const pointer of walking) f.increase(pointer, lanes * 4);
      });
    }
  }
  return f;
}

/** The rows of the window whose sums are in registers at the same time. */
class Part {
  readonly #f: FunctionBuilder;
  readonly #variant: DwconvRow;
  readonly #sums: readonly (readonly Local<"v128">[])[];
  readonly #gradients: readonly (readonly Local<"v128">[])[];
  readonly #values: readonly Local<"v128">[];
  /** Pointers that move along the row. */
  readonly #gradient: Local<"i32">;
  readonly #rows: readonly Local<"i32">[];

  constructor(f: FunctionBuilder, variant: DwconvRow, rows: readonly Local<"i32">[]) {
    this.#f = f;
    this.#variant = variant;
    const locals = (): Local<"v128">[] => Array.from({ length: variant.vectors }, () => f.local("v128"));
    this.#sums = Array.from({ length: rows.length * variant.kernelCols }, locals);
    this.#gradients = Array.from({ length: TILE }, locals);
    this.#values = locals();
    this.#gradient = f.local("i32");
    this.#rows = rows.map(() => f.local("i32"));
  }

  /** Emits one group of `lanes` channels; `first` is the number of the first of these rows in the window. */
  emit(
    sums: Local<"i32">,
    gradient: Local<"i32">,
    rows: readonly Local<"i32">[],
    { first, lanes }: { first: number; lanes: number },
  ): void {
    const f = this.#f;
    const { kernelCols, channels } = this.#variant;
    const vectors = Math.ceil(lanes / 4);
    const offset = (tap: number, v: number): number => (first * kernelCols + tap) * channels * 4 + v * VECTOR;
    for (const [tap, sum] of this.#sums.entries()) {
      for (const [v, local] of sum.slice(0, vectors).entries()) f.set(local, v128.load(sums, offset(tap, v)));
    }
    f.set(this.#gradient, gradient);
    for (const [r, row] of this.#rows.entries()) f.set(row, rows[r] ?? gradient);
    this.#along(vectors);
    for (const [tap, sum] of this.#sums.entries()) {
      const stored = sum.slice(0, vectors);
      if (lanes === 4 * vectors) {
        for (const [v, local] of stored.entries()) f.store(v128.store(sums, local, offset(tap, v)));
      } else storeFirst(f, f.local("i32", i32.add(sums, i32.const(offset(tap, 0)))), stored, i32.const(lanes));
    }
  }

  #along(vectors: number): void {
    const f = this.#f;
    const { outputCols, stride, channels } = this.#variant;
    let moved = 0;
    for (let x = 0; x < outputCols;) {
      let tiles = 0;
      while (x + (tiles + 1) * TILE <= outputCols && this.#isInterior(x + tiles * TILE)) tiles++;
      if (tiles > 1) {
        const left = f.local("i32", i32.const(tiles));
        const from = x;
        f.times(left, () => {
          this.#tile(from, TILE, moved, vectors);
          f.increase(this.#gradient, TILE * channels * 4);
          for (const row of this.#rows) f.increase(row, TILE * stride * channels * 4);
        });
        x += tiles * TILE;
        moved += tiles * TILE;
      } else {
        const width = Math.min(TILE, outputCols - x);
        this.#tile(x, width, moved, vectors);
        x += width;
      }
    }
  }

  #column(x: number, tap: number): number {
    return x * this.#variant.stride + tap * this.#variant.dilation - this.#variant.padLeft;
  }

  #isInterior(x: number): boolean {
    const { kernelCols, inputCols } = this.#variant;
    return this.#column(x, 0) >= 0 && this.#column(x + TILE - 1, kernelCols - 1) < inputCols;
  }

  /** Emits `width` outputs from output `x` on; the pointers are `moved` outputs ahead. */
  #tile(x: number, width: number, moved: number, vectors: number): void {
    const f = this.#f;
    const { kernelCols, inputCols, channels, stride, arithmetic } = this.#variant;
    const pixel = channels * 4;
    for (const [t, gradient] of this.#gradients.slice(0, width).entries()) {
      for (const [v, local] of gradient.slice(0, vectors).entries()) {
        f.set(local, v128.load(this.#gradient, (x + t - moved) * pixel + v * VECTOR));
      }
    }
    const from = Math.max(0, this.#column(x, 0));
    const to = Math.min(inputCols - 1, this.#column(x + width - 1, kernelCols - 1));
    for (const [r, row] of this.#rows.entries()) {
      for (let column = from; column <= to; column++) {
        const uses = this.#gradients.slice(0, width).flatMap((gradient, t) => {
          for (let tap = 0; tap < kernelCols; tap++)
            if (this.#column(x + t, tap) === column) return [{ gradient, tap }];
          return [];
        });
        if (uses.length === 0) continue;
        for (const [v, value] of this.#values.slice(0, vectors).entries()) {
          f.set(value, v128.load(row, (column - moved * stride) * pixel + v * VECTOR));
        }
        for (const { gradient, tap } of uses) {
          const sum = this.#sums[r * kernelCols + tap] ?? [];
          for (const [v, value] of this.#values.slice(0, vectors).entries()) {
            const local = sum[v];
            if (local !== undefined) f.set(local, multiplyAdd(arithmetic, gradient[v] ?? value, value, local));
          }
        }
      }
    }
  }
}
