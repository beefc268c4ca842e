/** Whether integer kernels are worth having in the form that V8 joins to 256 bits: tried out before it is trusted. */
import { fnv1a32, unitAt } from "../../core/random.ts";
import {
  type I8DwconvVariant,
  i8Dwconv,
  i8DwconvName,
  packI8Dwconv,
  packedI8DwconvSize,
} from "../../kernels/i8/dwconv.ts";
import { type I8GemmVariant, groupsOf, i8Gemm, i8GemmName, i8PanelBytes, packI8Gemm } from "../../kernels/i8/gemm.ts";
import type { IntegerMode } from "../../kernels/i8/parts.ts";
import { MOST_I8_ROWS, panelsOf } from "../../kernels/i8/tiles.ts";
import { ModuleBuilder } from "../../wasm/module.ts";
import { machineFeatures } from "../wide-simd.ts";

/** V8 starts with simple code and changes to the joined one when that is ready. This is how many milliseconds are waited for it. */
const PATIENCE = 150;
/** The wide tile is faster by at least this factor if vectors are joined, and slower if they are not. */
const FASTER = 1.1;

const [K, N, CHANNELS, COLS] = [256, 64, 32, 12];
const [A, B, C, SCRATCH] = [1024, 64 * 1024, 128 * 1024, 192 * 1024];
const PAGES = 4;

const found = new Map<IntegerMode, boolean>();

/** Whether a mode's kernels gain from joined vectors, after `enableWideSimd()`. Those of 16-bit numbers are joined as they are. */
export function joinsIntegers(mode: IntegerMode): boolean {
  if (mode === "i16" || !machineFeatures().wideSimd) return false;
  const known = found.get(mode) ?? areWideKernelsGood(mode);
  found.set(mode, known);
  return known;
}

function areWideKernelsGood(mode: IntegerMode): boolean {
  const rows = MOST_I8_ROWS[mode];
  const [narrow, wide] = [false, true].map((one): I8GemmVariant => {
    return { mode, wide: one, output: "integers", rows, panels: panelsOf(rows, one), add: false, window: false };
  });
  const shape = { stride: 1, rows: 2, inputCols: COLS, outputCols: COLS, padLeft: 1, channels: CHANNELS } as const;
  const [narrowRow, wideRow] = [false, true].map((one): I8DwconvVariant => {
    return { mode, wide: one, output: "integers", ...shape };
  });
  if (!narrow || !wide || !narrowRow || !wideRow) return false;
  const module = new ModuleBuilder();
  for (const variant of [narrow, wide]) module.export(i8Gemm(module, variant));
  for (const variant of [narrowRow, wideRow]) module.export(i8Dwconv(module, variant));
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: 65536 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  const bytes = new Uint8Array(memory.buffer);
  const call = (name: string, args: readonly number[]): Uint8Array => {
    const kernel = exports[name];
    if (typeof kernel === "function") kernel(...args);
    return bytes.slice(C, C + rows * N);
  };

  bytes.set(seeded("a", rows * K), A);
  const matrix = { mode, add: false, runs: 1, k: K, n: N };
  const weights = Int8Array.from(seeded("b", K * N), (x) => x - 128 || 1);
  const starts = new Int32Array(N).fill(1000);
  packI8Gemm(bytes.subarray(B), matrix, { weights, starts, factors: new Float32Array(N).fill(1 / 4000) });
  const multiply = (variant: I8GemmVariant): { ms: number; results: Uint8Array } => {
    const args = [1, groupsOf(mode, K), N, A, K, B, i8PanelBytes(matrix), C, N, ...(variant.wide ? [SCRATCH] : [])];
    const start = performance.now();
    for (let i = 0; i < 20; i++) call(i8GemmName(variant), args);
    return { ms: performance.now() - start, results: call(i8GemmName(variant), args) };
  };
  let [wideTime, narrowTime] = [Infinity, Infinity];
  for (const end = performance.now() + PATIENCE; performance.now() < end && wideTime * FASTER >= narrowTime;) {
    const [a, b] = [multiply(narrow), multiply(wide)];
    narrowTime = Math.min(narrowTime, a.ms);
    wideTime = Math.min(wideTime, b.ms);
    if (!isSame(a.results, b.results)) return false;
  }
  const rowOf = (variant: I8DwconvVariant): Uint8Array => {
    const packed = bytes.subarray(B, B + packedI8DwconvSize(variant));
    const factors = new Float32Array(CHANNELS).fill(1 / 200);
    packI8Dwconv(packed, variant, { weights: weights.subarray(0, 9 * CHANNELS), starts, factors });
    const args = [C, COLS * CHANNELS, B, A, A + 32, A + 64, A + 96, SCRATCH, 0];
    for (let i = 0; i < 500; i++) call(i8DwconvName(variant), args);
    return bytes.slice(C, C + 2 * COLS * CHANNELS);
  };
  return wideTime * FASTER < narrowTime && isSame(rowOf(narrowRow), rowOf(wideRow));
}

/** Whole numbers from 0 to 255. */
function seeded(name: string, size: number): Uint8Array {
  const stream = fnv1a32(name);
  return Uint8Array.from({ length: size }, (_, i) => unitAt(stream, i) * 256);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
