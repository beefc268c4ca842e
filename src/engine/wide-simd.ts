/** 256-bit vectors, if V8 can join pairs of 128 bits: opt-in, and tried out before it is trusted. */
import { joinVectors } from "#platform";
import { uniform } from "../core/random.ts";
import { dwconv, packDwconv, packedDwconvSize } from "../kernels/f32/dwconv.ts";
import { type GemmVariant, gemm, gemmName, packGemm, packedGemmSize } from "../kernels/f32/gemm.ts";
import { TILINGS } from "../kernels/f32/tilings.ts";
import { type Features, features } from "../wasm/features.ts";
import { ModuleBuilder } from "../wasm/module.ts";

let enabled: boolean | undefined;

/**
 * Lets models that are made from now on compute with 256-bit vectors, about 1.7 times as fast. It works in Node 26 on x64 machines with AVX2;
 * elsewhere nothing changes. It sets a switch of V8 for the whole process. Results stay the same to the bit.
 *
 * The kernels are tried first, which takes some 20 ms: if they are wrong or not faster, everything stays as it is.
 *
 * @returns whether 256-bit vectors are on. Later calls give the first call's answer.
 */
export function enableWideSimd(): boolean {
  enabled ??= features().relaxedSimd && joinVectors(true) && (areWideKernelsGood() || !joinVectors(false));
  return enabled;
}

/** The features that engines use unless they are told otherwise. */
export function machineFeatures(): Features {
  return { ...features(), wideSimd: enabled ?? false };
}

/** V8 starts with simple code and changes to the joined one when that is ready. This is how many milliseconds are waited for it. */
const PATIENCE = 150;
/** The wide tile is faster by at least this factor if vectors are joined, and slower if they are not. */
const FASTER = 1.1;

const [ROWS, K, N] = [6, 256, 64];
const [CHANNELS, COLS] = [16, 12];
const A = 1024;
const WIDE_B = 16 * 1024;
const NARROW_B = 96 * 1024;
const C = 192 * 1024;
const PAGES = 4;
const TAPS = 9;

function areWideKernelsGood(): boolean {
  const module = new ModuleBuilder();
  const { arithmetic, depthwiseVectors: vectors } = TILINGS.wide;
  const common = { rows: ROWS, arithmetic, minmax: true, add: false, window: false, ragged: false };
  const wide: GemmVariant = { ...common, columns: TILINGS.wide.tile.columns };
  const narrow: GemmVariant = { ...common, columns: TILINGS.fma.tile.columns };
  for (const variant of [wide, narrow]) module.export(gemm(module, variant));
  const shape = { kernelRows: 3, kernelCols: 3, stride: 1, dilation: 1, inputCols: COLS, outputCols: COLS, padLeft: 1 };
  const depthwise = dwconv(module, { ...shape, channels: CHANNELS, vectors, arithmetic, minmax: true });
  module.export(depthwise);

  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: 65536 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  const call = (name: string, ...args: readonly number[]): void => {
    const kernel = exports[name];
    if (typeof kernel === "function") kernel(...args);
  };
  const floats = new Float32Array(memory.buffer);

  // Small whole numbers: every order and every rounding gives the same sums.
  const whole = (name: string, size: number): Float32Array => uniform(name, size, -4, 4).map(Math.round);
  const [a, weights, bias] = [whole("a", ROWS * K), whole("b", K * N), whole("bias", N)];
  floats.set(a, A / 4);
  for (const [variant, b] of [
    [wide, WIDE_B],
    [narrow, NARROW_B],
  ] as const) {
    const { columns } = variant;
    packGemm(floats.subarray(b / 4, b / 4 + packedGemmSize(K, N, columns)), weights, bias, [], { k: K, n: N, columns });
  }
  const multiply = (variant: GemmVariant, b: number): number => {
    const start = performance.now();
    for (let i = 0; i < 10; i++) call(gemmName(variant), 1, K, N, A, K * 4, b, C, N * 4, -99, 99);
    return performance.now() - start;
  };
  const isProduct = (): boolean => {
    for (let i = 0; i < ROWS * N; i++) {
      let sum = bias[i % N] ?? 0;
      for (let k = 0; k < K; k++) sum += (a[Math.floor(i / N) * K + k] ?? 0) * (weights[k * N + (i % N)] ?? 0);
      if (floats[C / 4 + i] !== Math.min(Math.max(sum, -99), 99)) return false;
    }
    return true;
  };
  const isDepthwiseRight = (): boolean => {
    const row = whole("row", COLS * CHANNELS);
    const taps = whole("taps", TAPS * CHANNELS);
    floats.set(row, A / 4);
    const packed = floats.subarray(WIDE_B / 4, WIDE_B / 4 + packedDwconvSize(TAPS, CHANNELS));
    packDwconv(packed, taps, bias, [], { taps: TAPS, channels: CHANNELS, vectors });
    for (let i = 0; i < 1000; i++) call(depthwise.name, C, WIDE_B, -99, 99, A, A, A);
    for (let i = 0; i < COLS * CHANNELS; i++) {
      const c = i % CHANNELS;
      let sum = bias[c] ?? 0;
      for (let tap = 0; tap < TAPS; tap++) {
        const x = Math.floor(i / CHANNELS) + (tap % 3) - 1;
        if (x >= 0 && x < COLS) sum += (row[x * CHANNELS + c] ?? 0) * (taps[tap * CHANNELS + c] ?? 0);
      }
      if (floats[C / 4 + i] !== Math.min(Math.max(sum, -99), 99)) return false;
    }
    return true;
  };

  let [wideTime, narrowTime] = [Infinity, Infinity];
  for (const end = performance.now() + PATIENCE; performance.now() < end;) {
    narrowTime = Math.min(narrowTime, multiply(narrow, NARROW_B));
    wideTime = Math.min(wideTime, multiply(wide, WIDE_B));
    if (wideTime * FASTER < narrowTime) break;
  }
  return wideTime * FASTER < narrowTime && isProduct() && isDepthwiseRight();
}
