/** The depthwise kernel at the edges of its tiles and of the picture, against float64 loops. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uniform } from "../../../src/core/random.ts";
import {
  type DwconvVariant,
  dwconv,
  dwconvName,
  packDwconv,
  packedDwconvSize,
} from "../../../src/kernels/f32/dwconv.ts";
import { TILINGS } from "../../../src/kernels/f32/tilings.ts";
import { ModuleBuilder } from "../../../src/wasm/module.ts";
import { instantiate, needsRelaxedSimd } from "../../support/wasm.ts";

const ROWS = 1 << 16;
const WEIGHTS = 1 << 20;
const OUTPUT = 2 << 20;
const UNTOUCHED = 12345;
const [LOW, HIGH] = [-0.5, 0.75];

async function check(variant: DwconvVariant): Promise<void> {
  const name = dwconvName(variant);
  const { kernelRows, kernelCols, stride, dilation, inputCols, outputCols, padLeft, channels } = variant;
  const module = new ModuleBuilder();
  module.export(dwconv(module, variant));
  const { floats, call } = await instantiate(module);
  const taps = kernelRows * kernelCols;
  const weights = uniform(`${name}/w`, taps * channels, -1, 1);
  const bias = uniform(`${name}/bias`, channels, -1, 1);
  const scale = uniform(`${name}/scale`, channels, 0.5, 2);
  const packed = new Float32Array(packedDwconvSize(taps, channels));
  packDwconv(packed, weights, bias, scale, { taps, channels, vectors: variant.vectors });
  floats.set(packed, WEIGHTS / 4);
  const rows = Array.from({ length: kernelRows }, (_, r) => {
    const row = uniform(`${name}/${r}`, inputCols * channels, -1, 1);
    const address = ROWS + r * 65536;
    // What lies around a row must not count.
    floats.fill(NaN, address / 4 - 256, address / 4 + row.length + 256);
    floats.set(row, address / 4);
    return { row, address };
  });
  floats.fill(UNTOUCHED, OUTPUT / 4 - 16, OUTPUT / 4 + outputCols * channels + 16);
  call(name, OUTPUT, WEIGHTS, ...(variant.minmax ? [LOW, HIGH] : []), ...rows.map(({ address }) => address));
  for (let x = 0; x < outputCols; x++) {
    for (let c = 0; c < channels; c++) {
      let expected = bias[c] ?? 0;
      for (const [r, { row }] of rows.entries()) {
        for (let tap = 0; tap < kernelCols; tap++) {
          const column = x * stride + tap * dilation - padLeft;
          if (column < 0 || column >= inputCols) continue;
          const weight = (weights[(r * kernelCols + tap) * channels + c] ?? 0) * (scale[c] ?? 0);
          expected += (row[column * channels + c] ?? 0) * weight;
        }
      }
      if (variant.minmax) expected = Math.min(Math.max(expected, LOW), HIGH);
      const difference = Math.abs((floats[OUTPUT / 4 + x * channels + c] ?? NaN) - expected);
      assert.ok(difference <= 1e-5, `${name}: [${x}, ${c}] is off by ${difference}`);
    }
  }
  assert.equal(floats[OUTPUT / 4 - 1], UNTOUCHED, "before the output");
  assert.equal(floats[OUTPUT / 4 + outputCols * channels], UNTOUCHED, "after the output");
}

function output(length: number, kernel: number, stride: number, dilation: number, pads: number): number {
  return Math.floor((length + pads - (kernel - 1) * dilation - 1) / stride) + 1;
}

describe("depthwise kernels, within 1e-5", () => {
  for (const [name, { arithmetic, depthwiseVectors: vectors }] of Object.entries(TILINGS)) {
    const skip = arithmetic === "fma" && needsRelaxedSimd;
    const common = { arithmetic, vectors, dilation: 1, kernelRows: 3, kernelCols: 3 };
    for (const stride of [1, 2]) {
      it(
        `3 × 3, stride ${stride}, ${name}: every length to 21, every padding, channels 1 to 17`,
        { skip },
        async () => {
          for (let inputCols = 1; inputCols <= 21; inputCols++) {
            for (const [padLeft, padRight] of [
              [0, 0],
              [1, 1],
              [0, 1],
            ] as const) {
              const outputCols = output(inputCols, 3, stride, 1, padLeft + padRight);
              if (outputCols < 1) continue;
              const channels = 1 + ((inputCols * 4 + padLeft * 2 + padRight) % 17);
              await check({ ...common, stride, inputCols, outputCols, padLeft, channels, minmax: inputCols % 2 === 0 });
            }
          }
        },
      );
    }
    it(`other windows, strides and dilations, ${name}`, { skip }, async () => {
      for (const [kernelRows, kernelCols, stride, dilation, inputCols, padLeft, padRight] of [
        [1, 1, 1, 1, 9, 0, 0],
        [2, 5, 1, 1, 23, 2, 2],
        [5, 5, 2, 1, 40, 1, 2],
        [3, 3, 1, 3, 30, 3, 3],
        [7, 4, 3, 1, 31, 4, 4],
        [1, 9, 1, 1, 3, 4, 4],
      ] as const) {
        const outputCols = output(inputCols, kernelCols, stride, dilation, padLeft + padRight);
        const shape = { kernelRows, kernelCols, stride, dilation, inputCols, outputCols, padLeft, vectors };
        for (const channels of [3, 8]) await check({ ...shape, channels, arithmetic, minmax: false });
      }
    });
  }
});
