/**
 * Prints GMAC/s and GB/s of the kernels of training over MobileNetV2's shapes, the best of many calls:
 * node --conditions=@mobilenet-v2/source [--experimental-wasm-revectorize] bench/kernels/train.ts
 */
import { dwconv } from "../../src/kernels/f32/dwconv.ts";
import { TILINGS } from "../../src/kernels/f32/tilings.ts";
import { dwconvWeights } from "../../src/kernels/training/dwconv.ts";
import { gemmTn } from "../../src/kernels/training/gemm.ts";
import { packTransposed, packWeights } from "../../src/kernels/training/pack.ts";
import { moments, scale, scaleGradient, scaleReduce } from "../../src/kernels/training/scaling.ts";
import type { AnyExpr } from "../../src/wasm/expression.ts";
import { features } from "../../src/wasm/features.ts";
import type { FunctionBuilder } from "../../src/wasm/function.ts";
import { f32, i32 } from "../../src/wasm/instructions.ts";
import { ModuleBuilder } from "../../src/wasm/module.ts";
import { type Timed, at, print, time } from "./timing.ts";

/** Input channels, output channels, and how much of the work is so. */
const POINTWISE = [
  [32, 16],
  [16, 96],
  [96, 24],
  [24, 144],
  [144, 32],
  [32, 192],
  [192, 64],
  [64, 384],
  [384, 96],
  [96, 576],
  [576, 160],
  [160, 960],
  [960, 320],
  [320, 1280],
] as const;
/** Bytes of a block of A and B together. */
const BLOCK = Number(process.env["BLOCK"] ?? 2 ** 18);

const [A, B, C, NUMBERS, SUMS] = [at(1), at(20), at(40), at(50), at(51)];
const MILLISECONDS = 60;

for (const [name, tiling] of Object.entries(TILINGS)) {
  if (tiling.arithmetic === "fma" && !features().relaxedSimd) continue;
  const products: Timed[] = [];
  for (const [k, n] of POINTWISE) {
    const module = new ModuleBuilder();
    const kernel = gemmTn(module, { ...tiling, ragged: false });
    const pixels = Math.floor(BLOCK / (4 * (k + n)));
    module.export(module.function("run")).call(kernel, [pixels, k, n, A, k * 4, B, n * 4, C, n * 4].map(i32.const));
    products.push(await time(module, pixels * k * n, MILLISECONDS));
  }
  print(`${name} gemmTn`, "GMAC/s", products);
}

const addresses = (...list: readonly number[]): AnyExpr[] => list.map((address) => i32.const(address));

/** Rows and columns of the input, stride, channels. */
const DEPTHWISE = [
  [112, 1, 32],
  [112, 2, 96],
  [56, 1, 144],
  [56, 2, 144],
  [28, 1, 192],
  [28, 2, 192],
  [14, 1, 384],
  [14, 2, 576],
  [7, 1, 960],
] as const;
for (const [name, { arithmetic, depthwiseVectors: vectors }] of Object.entries(TILINGS)) {
  if (arithmetic === "fma" && !features().relaxedSimd) continue;
  const [weights, inputs]: [Timed[], Timed[]] = [[], []];
  for (const [size, stride, channels] of DEPTHWISE) {
    const common = { kernelRows: 3, kernelCols: 3, dilation: 1, channels, vectors, arithmetic };
    const outputCols = Math.ceil(size / stride);
    const rowBytes = size * channels * 4;
    const rows = (from: number): number[] => [0, 1, 2].map((row) => from + row * rowBytes);
    const timeRows = async (make: (module: ModuleBuilder) => FunctionBuilder, args: readonly AnyExpr[]) => {
      const module = new ModuleBuilder();
      const kernel = make(module);
      const f = module.export(module.function("run"));
      const left = f.local("i32", i32.const(10));
      f.times(left, () => f.call(kernel, args));
      return time(module, 10 * outputCols * channels * 9, MILLISECONDS);
    };
    const forward = { ...common, stride, inputCols: size, outputCols, padLeft: 2 - stride };
    weights.push(await timeRows((m) => dwconvWeights(m, forward), addresses(SUMS, A, ...rows(B))));
    const back = { ...common, stride: 1, inputCols: outputCols, outputCols: size, padLeft: stride, spread: stride };
    inputs.push(await timeRows((m) => dwconv(m, { ...back, minmax: false }), addresses(A, NUMBERS, ...rows(B))));
  }
  print(`${name} dwconvWeights`, "GMAC/s", weights);
  print(`${name} dwconv spread`, "GMAC/s", inputs);
}

const CHANNELS = [16, 24, 32, 96, 144, 192, 384, 576, 960] as const;
/** Bytes of a matrix's block. */
const MATRIX = 2 ** 17;

/** A kernel that passes a block of matrices so many times. */
async function timeBlock(
  make: (module: ModuleBuilder) => FunctionBuilder,
  channels: number,
  passes: number,
  args: readonly AnyExpr[],
): Promise<Timed> {
  const module = new ModuleBuilder();
  const kernel = make(module);
  const pixels = Math.floor(MATRIX / (4 * channels));
  module.export(module.function("run")).call(kernel, [i32.const(pixels), i32.const(channels), ...args]);
  return time(module, pixels * channels * 4 * passes, MILLISECONDS);
}

const perChannel = (count: number): AnyExpr[] =>
  addresses(...Array.from({ length: count }, (_, i) => NUMBERS + i * 8192));
const bounds = [f32.const(0), f32.const(6)];
for (const [name, { arithmetic }] of Object.entries(TILINGS)) {
  if (arithmetic === "fma" && !features().relaxedSimd) continue;
  const all: [string, (module: ModuleBuilder) => FunctionBuilder, number, AnyExpr[]][] = [
    ["moments", (m) => moments(m, { arithmetic }), 1, addresses(A, SUMS, 8192)],
    [
      "scale minmax",
      (m) => scale(m, { arithmetic, minmax: true, add: false }),
      2,
      [...addresses(A, B), ...perChannel(2), ...bounds],
    ],
    [
      "scaleReduce minmax",
      (m) => scaleReduce(m, { arithmetic, minmax: true }),
      2,
      [...addresses(A, B, SUMS, 8192), ...perChannel(3), ...bounds],
    ],
    [
      "scaleReduce",
      (m) => scaleReduce(m, { arithmetic, minmax: false }),
      2,
      [...addresses(A, B, SUMS, 8192), ...perChannel(3)],
    ],
    [
      "scaleGradient minmax value",
      (m) => scaleGradient(m, { arithmetic, minmax: true, value: true }),
      3,
      [...addresses(A, B, C), ...perChannel(4), ...bounds],
    ],
    [
      "scaleGradient value",
      (m) => scaleGradient(m, { arithmetic, minmax: false, value: true }),
      3,
      [...addresses(A, B, C), ...perChannel(4)],
    ],
  ];
  for (const [what, make, passes, args] of all) {
    const timed: Timed[] = [];
    for (const channels of CHANNELS) timed.push(await timeBlock(make, channels, passes, args));
    print(`${name} ${what}`, "GB/s", timed);
  }
}

for (const columns of [8, 16]) {
  const kernels: [string, (module: ModuleBuilder) => FunctionBuilder][] = [
    ["packWeights", (m) => packWeights(m, { columns, bias: false })],
    ["packTransposed", (m) => packTransposed(m, { columns })],
  ];
  for (const [what, make] of kernels) {
    const timed: Timed[] = [];
    for (const [k, n] of POINTWISE) {
      const module = new ModuleBuilder();
      const kernel = make(module);
      const sizes = what === "packWeights" ? [k, n] : [n, k];
      module.export(module.function("run")).call(kernel, addresses(A, B, ...sizes));
      timed.push(await time(module, 8 * k * n, MILLISECONDS));
    }
    print(`${what} ${columns}`, "GB/s", timed);
  }
}
