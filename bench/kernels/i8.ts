/** Prints GMAC/s of the integer matrix and depthwise kernels over MobileNetV2's shapes: `node --conditions=@mobilenet-v2/source bench/kernels/i8.ts`. */
import { type I8DwconvVariant, i8Dwconv } from "../../src/kernels/i8/dwconv.ts";
import { type I8GemmVariant, groupsOf, i8Gemm, i8PanelBytes } from "../../src/kernels/i8/gemm.ts";
import { ACTIVATION_BYTES, INTEGER_MODES } from "../../src/kernels/i8/parts.ts";
import { hasMode } from "../../src/engine/integers/modes.ts";
import { MOST_I8_ROWS, panelsOf } from "../../src/kernels/i8/tiles.ts";
import { i32 } from "../../src/wasm/instructions.ts";
import { ModuleBuilder } from "../../src/wasm/module.ts";
import { type Timed, at, print, time } from "./timing.ts";

const [A, B, C, SCRATCH] = [at(1), at(20), at(30), at(60)];
const MILLISECONDS = 200;

const POINTWISE = [
  [12544, 32, 16],
  [12544, 16, 96],
  [3136, 96, 24],
  [3136, 24, 144],
  [784, 144, 32],
  [784, 32, 192],
  [196, 192, 64],
  [196, 64, 384],
  [196, 384, 64],
  [196, 384, 96],
  [196, 96, 576],
  [196, 576, 96],
  [49, 576, 160],
  [49, 160, 960],
  [49, 960, 160],
  [49, 960, 320],
  [49, 320, 1280],
] as const;
const DEPTHWISE = [
  [112, 1, 32],
  [112, 2, 96],
  [56, 1, 144],
  [56, 2, 144],
  [28, 1, 192],
  [28, 2, 192],
  [14, 1, 384],
  [14, 1, 576],
  [14, 2, 576],
  [7, 1, 960],
] as const;

const modes = INTEGER_MODES.filter(hasMode);
/** Tiles written to be joined to 256 bits are tried beside the others: run with `--experimental-wasm-revectorize` to see them at their best. */
const WIDTHS = [false, true];
for (const mode of modes) {
  for (const [wide, rows] of WIDTHS.flatMap((one) =>
    [MOST_I8_ROWS[mode] - 1, MOST_I8_ROWS[mode]].map((most) => [one, most] as const),
  )) {
    const rates: Timed[] = [];
    const panels = panelsOf(rows, wide);
    for (const [m, k, given] of POINTWISE) {
      const n = Math.ceil(given / (8 * panels)) * 8 * panels;
      const variant: I8GemmVariant = { mode, output: "integers", rows, panels, add: false, window: false, wide };
      const module = new ModuleBuilder();
      const kernel = i8Gemm(module, variant);
      const f = module.export(module.function("run"));
      const tiles = Math.floor(m / rows);
      const bytes = ACTIVATION_BYTES[mode];
      const panel = i8PanelBytes({ mode, add: false, runs: 1, k, n });
      f.call(
        kernel,
        [tiles, groupsOf(mode, k), n, A, k * bytes, B, panel, C, n * bytes, ...(wide ? [SCRATCH] : [])].map(i32.const),
      );
      rates.push(await time(module, tiles * rows * k * n, MILLISECONDS));
    }
    print(`gemm ${rows}x${8 * panels} ${mode}${wide ? " wide" : ""}`, "GMAC/s", rates);
  }
}
for (const [mode, wide] of modes.flatMap((one) =>
  (one === "i16" ? [false] : WIDTHS).map((width) => [one, width] as const),
)) {
  const rates: Timed[] = [];
  for (const [size, stride, channels] of DEPTHWISE) {
    const out = Math.ceil(size / stride);
    const rows = stride === 1 ? 2 : 1;
    const variant: I8DwconvVariant = {
      mode,
      output: "integers",
      stride,
      rows,
      inputCols: size,
      outputCols: out,
      padLeft: stride === 1 ? 1 : 0,
      channels,
      wide,
    };
    const module = new ModuleBuilder();
    const kernel = i8Dwconv(module, variant);
    const f = module.export(module.function("run"));
    const rowBytes = size * channels * ACTIVATION_BYTES[mode];
    const outBytes = out * channels * ACTIVATION_BYTES[mode];
    const o = f.local("i32", i32.const(C));
    const r = f.local("i32", i32.const(A));
    const left = f.local("i32", i32.const(Math.ceil(out / rows)));
    f.times(left, () => {
      const inputs = [0, 1, 2, 3].map((i) => i32.add(r, i32.const(i * rowBytes)));
      f.call(kernel, [o, i32.const(outBytes), i32.const(B), ...inputs, i32.const(SCRATCH), i32.const(0)]);
      f.increase(o, rows * outBytes);
      f.increase(r, rows * stride * rowBytes);
    });
    rates.push(await time(module, out * out * channels * 9, MILLISECONDS));
  }
  print(`dwconv ${mode}${wide ? " wide" : ""}`, "GMAC/s", rates);
}
