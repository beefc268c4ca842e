/** Gradients of depthwise convolutions, of their weights and of their input, against float64 loops. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uniform } from "../../../src/core/random.ts";
import { type DwconvRow, dwconv, dwconvName, packDwconv, packedDwconvSize } from "../../../src/kernels/f32/dwconv.ts";
import { TILINGS } from "../../../src/kernels/f32/tilings.ts";
import { dwconvWeights, dwconvWeightsName } from "../../../src/kernels/training/dwconv.ts";
import { ModuleBuilder } from "../../../src/wasm/module.ts";
import { assertWithin } from "../../support/compare.ts";
import { instantiate, needsRelaxedSimd } from "../../support/wasm.ts";

const ROWS = 1 << 16;
const GRADIENT = 1 << 20;
const WEIGHTS = 2 << 20;
const TO = 3 << 20;
const UNTOUCHED = 12345;

interface Row {
  readonly address: number;
  readonly row: Float32Array;
}

function rowsAt(floats: Float32Array, name: string, count: number, size: number): Row[] {
  return Array.from({ length: count }, (_, r) => {
    const row = uniform(`${name}/${r}`, size, -1, 1);
    const address = ROWS + r * 65536;
    floats.fill(NaN, address / 4 - 256, address / 4 + row.length + 256);
    floats.set(row, address / 4);
    return { row, address };
  });
}

async function checkWeights(variant: DwconvRow): Promise<void> {
  const { kernelRows, kernelCols, stride, dilation, inputCols, outputCols, padLeft, channels } = variant;
  const name = dwconvWeightsName(variant);
  const module = new ModuleBuilder();
  module.export(dwconvWeights(module, variant));
  const { floats, call } = await instantiate(module);
  const rows = rowsAt(floats, name, kernelRows, inputCols * channels);
  const gradient = uniform(`${name}/g`, outputCols * channels, -1, 1);
  floats.set(gradient, GRADIENT / 4);
  const expected = uniform(`${name}/before`, kernelRows * kernelCols * channels, -1, 1);
  floats.fill(UNTOUCHED, TO / 4 - 16, TO / 4 + expected.length + 16);
  floats.set(expected, TO / 4);
  call(name, TO, GRADIENT, ...rows.map(({ address }) => address));
  const sums = Float64Array.from(expected);
  for (let x = 0; x < outputCols; x++) {
    for (const [r, { row }] of rows.entries()) {
      for (let tap = 0; tap < kernelCols; tap++) {
        const column = x * stride + tap * dilation - padLeft;
        if (column < 0 || column >= inputCols) continue;
        for (let c = 0; c < channels; c++) {
          const i = (r * kernelCols + tap) * channels + c;
          sums[i] = (sums[i] ?? NaN) + (row[column * channels + c] ?? NaN) * (gradient[x * channels + c] ?? NaN);
        }
      }
    }
  }
  assertWithin(floats.subarray(TO / 4, TO / 4 + sums.length), sums, 1e-5, name);
  assert.equal(floats[TO / 4 - 1], UNTOUCHED, "before the sums");
  assert.equal(floats[TO / 4 + sums.length], UNTOUCHED, "after the sums");
}

/** The gradient of a row of the input: windows turned around over gradients that lie `stride` apart. */
async function checkInput(variant: DwconvRow): Promise<void> {
  const { kernelRows, kernelCols, stride, dilation, inputCols, outputCols, padLeft, channels, vectors } = variant;
  const turned = {
    ...variant,
    stride: 1,
    inputCols: outputCols,
    outputCols: inputCols,
    padLeft: (kernelCols - 1) * dilation - padLeft,
    spread: stride,
    minmax: false,
  };
  const name = dwconvName(turned);
  const module = new ModuleBuilder();
  module.export(dwconv(module, turned));
  const { floats, call } = await instantiate(module);
  const gradients = rowsAt(floats, name, kernelRows, outputCols * channels);
  const taps = kernelRows * kernelCols;
  const weights = uniform(`${name}/w`, taps * channels, -1, 1);
  const packed = new Float32Array(packedDwconvSize(taps, channels));
  packDwconv(packed, weights, [], [], { taps, channels, vectors });
  floats.set(packed, WEIGHTS / 4);
  floats.fill(UNTOUCHED, TO / 4 - 16, TO / 4 + inputCols * channels + 16);
  call(name, TO, WEIGHTS, ...gradients.map(({ address }) => address));
  const expected = new Float64Array(inputCols * channels);
  for (const [r, { row }] of gradients.entries()) {
    for (let x = 0; x < outputCols; x++) {
      for (let tap = 0; tap < kernelCols; tap++) {
        const column = x * stride + tap * dilation - padLeft;
        if (column < 0 || column >= inputCols) continue;
        for (let c = 0; c < channels; c++) {
          const weight = weights[(r * kernelCols + kernelCols - 1 - tap) * channels + c] ?? NaN;
          const i = column * channels + c;
          expected[i] = (expected[i] ?? NaN) + (row[x * channels + c] ?? NaN) * weight;
        }
      }
    }
  }
  assertWithin(floats.subarray(TO / 4, TO / 4 + expected.length), expected, 1e-5, name);
  assert.equal(floats[TO / 4 - 1], UNTOUCHED, "before the row");
  assert.equal(floats[TO / 4 + expected.length], UNTOUCHED, "after the row");
}

describe("gradients of depthwise convolutions, within 1e-5", () => {
  for (const [name, { arithmetic, depthwiseVectors: vectors }] of Object.entries(TILINGS)) {
    const skip = arithmetic === "fma" && needsRelaxedSimd;
    const common = { arithmetic, vectors };
    const output = (length: number, kernel: number, stride: number, dilation: number, pads: number): number =>
      Math.floor((length + pads - (kernel - 1) * dilation - 1) / stride) + 1;

    it(`3 × 3, strides 1 and 2, ${name}: every length to 21, every padding, channels 1 to 17`, { skip }, async () => {
      for (const stride of [1, 2]) {
        for (let inputCols = 1; inputCols <= 21; inputCols++) {
          const [padLeft, padRight] = (
            [
              [0, 0],
              [1, 1],
              [0, 1],
            ] as const
          )[inputCols % 3] ?? [1, 1];
          const outputCols = output(inputCols, 3, stride, 1, padLeft + padRight);
          if (outputCols < 1) continue;
          const channels = 1 + ((inputCols * 4 + stride) % 17);
          const shape = { kernelRows: 3, kernelCols: 3, stride, dilation: 1, inputCols, outputCols, padLeft, channels };
          await checkWeights({ ...common, ...shape });
          await checkInput({ ...common, ...shape });
        }
      }
    });

    it(`other windows, strides and dilations, ${name}`, { skip }, async () => {
      for (const [kernelRows, kernelCols, stride, dilation, inputCols, padLeft, padRight] of [
        [1, 1, 1, 1, 9, 0, 0],
        [2, 5, 1, 1, 23, 2, 2],
        [5, 5, 2, 1, 40, 1, 2],
        [3, 3, 1, 3, 30, 3, 3],
        [7, 4, 3, 1, 31, 3, 3],
        [1, 2, 3, 1, 20, 0, 0],
        [1, 9, 1, 1, 3, 4, 4],
      ] as const) {
        const outputCols = output(inputCols, kernelCols, stride, dilation, padLeft + padRight);
        const shape = { kernelRows, kernelCols, stride, dilation, inputCols, outputCols, padLeft };
        for (const channels of [3, 8]) {
          await checkWeights({ ...common, ...shape, channels });
          await checkInput({ ...common, ...shape, channels });
        }
      }
    });
  }
});
