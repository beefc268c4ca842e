/**
 * Prints GMAC/s and GB/s of the kernels of training over MobileNetV2's shapes, the best of many calls:
 * node --conditions=@mobilenet-v2/source [--experimental-wasm-revectorize] bench/kernels/train.ts
 */
import { TILINGS } from "../../src/kernels/table.ts";
import { gemmTn } from "../../src/kernels/train-gemm.ts";
import { features } from "../../src/wasm/features.ts";
import { i32 } from "../../src/wasm/instructions.ts";
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
const MILLISECONDS = 200;
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
