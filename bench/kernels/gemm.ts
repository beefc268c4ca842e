/** Prints GMAC/s of the matrix and depthwise kernels over MobileNetV2's shapes: `node --conditions=@mobilenet-v2/source bench/kernels/gemm.ts`. */
import { dwconv } from "../../src/kernels/dwconv.ts";
import { type GemmVariant, gemm } from "../../src/kernels/gemm.ts";
import type { Arithmetic } from "../../src/kernels/parts.ts";
import { f32, i32 } from "../../src/wasm/instructions.ts";
import { features } from "../../src/wasm/features.ts";
import { ModuleBuilder } from "../../src/wasm/module.ts";

const memory = new WebAssembly.Memory({ initial: 1024, maximum: 65536 });
new Float32Array(memory.buffer).fill(0.01);
const A = 1 << 20,
  B = 20 << 20,
  C = 30 << 20;

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

function best(run: () => void, ms: number): number {
  let min = Infinity;
  for (const end = performance.now() + ms; performance.now() < end;) {
    const start = performance.now();
    run();
    min = Math.min(min, performance.now() - start);
  }
  return min;
}

async function exported(module: ModuleBuilder): Promise<() => void> {
  const { instance } = await WebAssembly.instantiate(module.toBytes(), { env: { memory } });
  return instance.exports["run"] as () => void;
}

const arithmetics: Arithmetic[] = features().relaxedSimd ? ["mul", "fma"] : ["mul"];
for (const arithmetic of arithmetics)
  for (const rows of [4, 5, 6]) {
    const rates: string[] = [];
    let macs = 0,
      total = 0;
    for (const [m, k, n] of POINTWISE) {
      const module = new ModuleBuilder();
      const variant: GemmVariant = {
        rows,
        columns: 8,
        arithmetic,
        minmax: true,
        add: false,
        window: false,
        ragged: false,
      };
      const kernel = gemm(module, variant);
      const f = module.export(module.function("run"));
      const tiles = Math.floor(m / rows);
      f.call(kernel, [
        i32.const(tiles),
        i32.const(k),
        i32.const(n),
        i32.const(A),
        i32.const(k * 4),
        i32.const(B),
        i32.const(C),
        i32.const(n * 4),
        f32.const(0),
        f32.const(6),
      ]);
      const run = await exported(module);
      const ms = best(run, 250);
      macs += tiles * rows * k * n;
      total += ms;
      rates.push(((tiles * rows * k * n) / ms / 1e6).toFixed(1));
    }
    console.log(`gemm ${rows}x8 ${arithmetic}: ${(macs / total / 1e6).toFixed(1)} GMAC/s;`, rates.join(" "));
  }
for (const arithmetic of arithmetics) {
  const rates: string[] = [];
  let macs = 0,
    total = 0;
  for (const [size, stride, channels] of DEPTHWISE) {
    const module = new ModuleBuilder();
    const out = Math.ceil(size / stride);
    const kernel = dwconv(module, {
      kernelRows: 3,
      kernelCols: 3,
      stride,
      dilation: 1,
      inputCols: size,
      outputCols: out,
      padLeft: stride === 1 ? 1 : 0,
      vectors: 1,
      channels,
      arithmetic,
      minmax: true,
    });
    const f = module.export(module.function("run"));
    const rowBytes = size * channels * 4;
    const y = f.local("i32"),
      o = f.local("i32", i32.const(C)),
      r = f.local("i32", i32.const(A));
    f.set(y, i32.const(out));
    f.times(y, () => {
      f.call(kernel, [
        o,
        i32.const(B),
        f32.const(0),
        f32.const(6),
        r,
        i32.add(r, i32.const(rowBytes)),
        i32.add(r, i32.const(rowBytes * 2)),
      ]);
      f.increase(o, out * channels * 4);
      f.increase(r, stride * rowBytes);
    });
    const run = await exported(module);
    const ms = best(run, 250);
    macs += out * out * channels * 9;
    total += ms;
    rates.push(((out * out * channels * 9) / ms / 1e6).toFixed(1));
  }
  console.log(
    `dwconv ${arithmetic}: ${(macs / total / 1e6).toFixed(1)} GMAC/s, ${total.toFixed(2)} ms;`,
    rates.join(" "),
  );
}
