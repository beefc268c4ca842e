/** What the bare kernels reach at best, with everything they read in the nearest cache: the peak to hold a plan's steps against. */
import { dwconv } from "../src/kernels/f32/dwconv.ts";
import { gemm } from "../src/kernels/f32/gemm.ts";
import { i8Dwconv } from "../src/kernels/i8/dwconv.ts";
import { PANEL, groupsOf, i8Gemm, i8PanelBytes } from "../src/kernels/i8/gemm.ts";
import type { IntegerMode } from "../src/kernels/i8/parts.ts";
import { MOST_I8_ROWS, panelsOf } from "../src/kernels/i8/tiles.ts";
import type { Tiling } from "../src/kernels/f32/tilings.ts";
import type { AnyExpr } from "../src/wasm/expression.ts";
import type { Callable } from "../src/wasm/function.ts";
import { f32, i32 } from "../src/wasm/instructions.ts";
import { ModuleBuilder } from "../src/wasm/module.ts";

/** GMAC/s. */
export interface Peaks {
  readonly matrix: number;
  readonly depthwise: number;
}

/** Addresses of what is read and written, and how long the inner loop of a matrix kernel is. */
const [A, B, C, SCRATCH] = [1 << 10, 1 << 16, 1 << 17, 1 << 18];
const K = 256;
/** A depthwise kernel's row. */
const ROW = { inputCols: 14, outputCols: 14, padLeft: 1, channels: 32, stride: 1 } as const;
const ROW_MACS = ROW.outputCols * ROW.channels * 9;
const CALLS = 1000;
const MILLISECONDS = 100;

export async function f32Peaks({ arithmetic, tile, depthwiseVectors: vectors }: Tiling): Promise<Peaks> {
  const { rows, columns } = tile;
  const common = { arithmetic, minmax: true };
  const bounds = [f32.const(0), f32.const(6)];
  const matrix = await fastest(
    (module) => gemm(module, { ...common, rows, columns, add: false, window: false, ragged: false }),
    [...[1, K, columns, A, K * 4, B, C, columns * 4].map(i32.const), ...bounds],
  );
  const depthwise = await fastest(
    (module) => dwconv(module, { ...common, ...ROW, kernelRows: 3, kernelCols: 3, dilation: 1, vectors }),
    [i32.const(C), i32.const(B), ...bounds, i32.const(A), i32.const(A), i32.const(A)],
  );
  return { matrix: (rows * columns * K) / matrix / 1e6, depthwise: ROW_MACS / depthwise / 1e6 };
}

export async function int8Peaks(mode: IntegerMode, wide: boolean): Promise<Peaks> {
  const rows = MOST_I8_ROWS[mode];
  const panels = panelsOf(rows, wide);
  const columns = panels * PANEL;
  const panelBytes = i8PanelBytes({ mode, add: false, runs: 1, k: K, n: columns });
  const matrix = await fastest(
    (module) => i8Gemm(module, { mode, output: "integers", rows, panels, add: false, window: false, wide }),
    [1, groupsOf(mode, K), columns, A, K * 2, B, panelBytes, C, columns * 2, ...(wide ? [SCRATCH] : [])].map(i32.const),
  );
  const depthwise = await fastest(
    (module) => i8Dwconv(module, { ...ROW, mode, output: "integers", rows: 2, wide }),
    [C, ROW.outputCols * ROW.channels * 2, B, A, A, A, A, SCRATCH, 0].map(i32.const),
  );
  return { matrix: (rows * columns * K) / matrix / 1e6, depthwise: (2 * ROW_MACS) / depthwise / 1e6 };
}

/** Milliseconds of one call, at best. */
async function fastest(kernel: (module: ModuleBuilder) => Callable, args: readonly AnyExpr[]): Promise<number> {
  const module = new ModuleBuilder();
  const called = kernel(module);
  const f = module.export(module.function("run"));
  const left = f.local("i32", i32.const(CALLS));
  f.times(left, () => f.call(called, [...args]));
  const memory = new WebAssembly.Memory({ initial: 8, maximum: 65536 });
  const { instance } = await WebAssembly.instantiate(module.toBytes(), { env: { memory } });
  const { run } = instance.exports;
  if (typeof run !== "function") throw new Error("The kernel's module has no run.");
  let best = Infinity;
  for (const end = performance.now() + MILLISECONDS; performance.now() < end;) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return best / CALLS;
}
