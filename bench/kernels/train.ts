/**
 * Prints GMAC/s and GB/s of the kernels of training over MobileNetV2's shapes, the best of many calls:
 * node --conditions=@mobilenet-v2/source [--experimental-wasm-revectorize] bench/kernels/train.ts
 */
import { TILINGS } from "../../src/kernels/table.ts";
import { gemmTn } from "../../src/kernels/train-gemm.ts";
import { moments, scale, scaleGradient, scaleReduce } from "../../src/kernels/train-scaling.ts";
import type { AnyExpr } from "../../src/wasm/expression.ts";
import { features } from "../../src/wasm/features.ts";
import type { FunctionBuilder } from "../../src/wasm/function.ts";
import { f32, i32 } from "../../src/wasm/instructions.ts";
import { ModuleBuilder } from "../../src/wasm/module.ts";

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

const MEBIBYTE = 2 ** 20;
const [A, B, C] = [MEBIBYTE, 20 * MEBIBYTE, 40 * MEBIBYTE];
const MILLISECONDS = 60;
const memory = new WebAssembly.Memory({ initial: 1024, maximum: 65536 });
// Untouched pages would all be the same one.
new Float32Array(memory.buffer).fill(0.01);

interface Timed {
  /** MACs or bytes. */
  readonly work: number;
  readonly ms: number;
}

async function time(module: ModuleBuilder, work: number): Promise<Timed> {
  const { instance } = await WebAssembly.instantiate(module.toBytes(), { env: { memory } });
  const run = instance.exports["run"];
  if (typeof run !== "function") throw new Error("no run");
  let ms = Infinity;
  for (const end = performance.now() + MILLISECONDS; performance.now() < end;) {
    const start = performance.now();
    run();
    ms = Math.min(ms, performance.now() - start);
  }
  return { work, ms };
}

function print(name: string, unit: string, timed: readonly Timed[]): void {
  const sum = (of: (one: Timed) => number): number => timed.reduce((total, one) => total + of(one), 0);
  const rate = (work: number, ms: number): string => (work / ms / 1e6).toFixed(1);
  const all = rate(
    sum(({ work }) => work),
    sum(({ ms }) => ms),
  );
  console.log(
    `${name.padEnd(28)} ${all.padStart(5)} ${unit}   ${timed.map(({ work, ms }) => rate(work, ms)).join(" ")}`,
  );
}

for (const [name, tiling] of Object.entries(TILINGS)) {
  if (tiling.arithmetic === "fma" && !features().relaxedSimd) continue;
  const products: Timed[] = [];
  for (const [k, n] of POINTWISE) {
    const module = new ModuleBuilder();
    const kernel = gemmTn(module, { ...tiling, ragged: false });
    const pixels = Math.floor(BLOCK / (4 * (k + n)));
    module.export(module.function("run")).call(kernel, [pixels, k, n, A, k * 4, B, n * 4, C, n * 4].map(i32.const));
    products.push(await time(module, pixels * k * n));
  }
  print(`${name} gemmTn`, "GMAC/s", products);
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
  return time(module, pixels * channels * 4 * passes);
}

const [NUMBERS, SUMS] = [50 * MEBIBYTE, 51 * MEBIBYTE];
const addresses = (...list: readonly number[]): AnyExpr[] => list.map((address) => i32.const(address));
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
