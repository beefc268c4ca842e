/**
 * Prints GMAC/s of the f32 kernels over MobileNetV2's shapes, the best of many calls:
 * node --conditions=@mobilenet-v2/source [--experimental-wasm-revectorize] bench/kernels/f32.ts
 */
import { type DwconvVariant, dwconv } from "../../src/kernels/f32/dwconv.ts";
import { type GemmVariant, gemm } from "../../src/kernels/f32/gemm.ts";
import { TILINGS } from "../../src/kernels/f32/tilings.ts";
import { features } from "../../src/wasm/features.ts";
import { f32, i32 } from "../../src/wasm/instructions.ts";
import { ModuleBuilder } from "../../src/wasm/module.ts";
import { type Timed, at, print, time } from "./timing.ts";

/** Pixels, input channels, output channels. */
const POINTWISE = [
  [12544, 32, 16],
  [12544, 16, 96],
  [3136, 96, 24],
  [3136, 24, 144],
  [784, 144, 32],
  [784, 32, 192],
  [196, 192, 64],
  [196, 64, 384],
  [196, 384, 96],
  [196, 96, 576],
  [49, 576, 160],
  [49, 160, 960],
  [49, 960, 320],
  [49, 320, 1280],
] as const;

/** Rows and columns of the input, stride, channels. */
const DEPTHWISE = [
  [112, 1, 32],
  [112, 2, 96],
  [56, 1, 144],
  [28, 1, 192],
  [28, 2, 192],
  [14, 1, 384],
  [14, 2, 576],
  [7, 1, 960],
] as const;

const [A, B, C] = [at(1), at(20), at(30)];
const MILLISECONDS = 150;

function timeGemm(variant: GemmVariant, [pixels, k, n]: readonly [number, number, number]): Promise<Timed> {
  const module = new ModuleBuilder();
  const kernel = gemm(module, variant);
  const tiles = Math.floor(pixels / variant.rows);
  const sizes = [tiles, k, n, A, k * 4, B, C, n * 4].map(i32.const);
  module.export(module.function("run")).call(kernel, [...sizes, f32.const(0), f32.const(6)]);
  return time(module, tiles * variant.rows * k * n, MILLISECONDS);
}

function timeDepthwise(
  tiling: Pick<DwconvVariant, "arithmetic" | "vectors">,
  [size, stride, channels]: readonly [number, number, number],
): Promise<Timed> {
  const module = new ModuleBuilder();
  const outputCols = Math.ceil(size / stride);
  const window = { kernelRows: 3, kernelCols: 3, stride, dilation: 1, padLeft: 2 - stride };
  const kernel = dwconv(module, { ...tiling, ...window, inputCols: size, outputCols, channels, minmax: true });
  const f = module.export(module.function("run"));
  const rowBytes = size * channels * 4;
  const left = f.local("i32", i32.const(outputCols));
  const output = f.local("i32", i32.const(C));
  const row = f.local("i32", i32.const(A));
  f.times(left, () => {
    const rows = [0, 1, 2].map((tap) => i32.add(row, i32.const(tap * rowBytes)));
    f.call(kernel, [output, i32.const(B), f32.const(0), f32.const(6), ...rows]);
    f.increase(output, outputCols * channels * 4);
    f.increase(row, stride * rowBytes);
  });
  return time(module, outputCols ** 2 * channels * 9, MILLISECONDS);
}

for (const [name, { arithmetic, tile, depthwiseVectors: vectors }] of Object.entries(TILINGS)) {
  if (arithmetic === "fma" && !features().relaxedSimd) continue;
  const variant = { ...tile, arithmetic, minmax: true, add: false, window: false, ragged: false };
  const products: Timed[] = [];
  for (const shape of POINTWISE) products.push(await timeGemm(variant, shape));
  print(`${name} ${tile.rows}x${tile.columns}`, "GMAC/s", products);
  const depthwise: Timed[] = [];
  for (const shape of DEPTHWISE) depthwise.push(await timeDepthwise({ arithmetic, vectors }, shape));
  print(`${name} depthwise`, "GMAC/s", depthwise);
}
