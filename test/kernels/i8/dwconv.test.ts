/** Every integer depthwise kernel over many sizes and channels: exactly what the plain loops give. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compute } from "../../../src/engine/integers/reference.ts";
import {
  type I8DwconvVariant,
  i8Dwconv,
  i8DwconvName,
  i8DwconvScratch,
  packI8Dwconv,
  packedI8DwconvSize,
} from "../../../src/kernels/i8/dwconv.ts";
import { ACTIVATION_BYTES, STORED_ZERO } from "../../../src/kernels/i8/parts.ts";
import { I8_DWCONV_KINDS } from "../../../src/kernels/i8/table.ts";
import { ModuleBuilder } from "../../../src/wasm/module.ts";
import { activationsAt, asOn, putActivations, randomIntegers, supports } from "../../support/integers.ts";
import { instantiate } from "../../support/wasm.ts";

const A = 1024;
const B = 1 << 20;
const C = 2 << 20;
const SCRATCH = 3 << 20;
const UNTOUCHED = 77;
const PADDING = 53;

/** A picture of as many rows as one call takes, so that no row is outside. */
async function check(variant: I8DwconvVariant): Promise<void> {
  const { mode, output, stride, rows, inputCols, outputCols, padLeft, channels } = variant;
  const name = i8DwconvName(variant);
  const module = new ModuleBuilder();
  module.export(asOn(mode, () => i8Dwconv(module, variant)));
  const { memory, call } = await instantiate(module);
  const bytes = new Uint8Array(memory.buffer);
  const from = { rows: rows === 2 ? 4 : 3, cols: inputCols, channels };
  const input = randomIntegers(`${name}/input`, from.rows * inputCols * channels, 0, 255);
  const kernel = Int8Array.from(randomIntegers(`${name}/kernel`, 9 * channels, -127, 127));
  const starts = Int32Array.from(randomIntegers(`${name}/starts`, channels, 0, 50000));
  const factors = Float32Array.from({ length: channels }, (_, c) => 0.001 + 0.0001 * (c % 7));
  const padRight = (outputCols - 1) * stride + 3 - inputCols - padLeft;
  const expected = compute(
    {
      kind: "integer convolution",
      mode,
      wide: false,
      input: 0,
      output: 1,
      from,
      to: { rows, cols: outputCols, channels },
      window: {
        rows: 3,
        cols: 3,
        strides: [stride, stride],
        dilation: [1, 1],
        pads: [
          [0, 0],
          [padLeft, padRight],
        ],
      },
      by: "depthwise",
      kernel,
      starts,
      factors,
      results: output,
      padding: PADDING,
      residual: undefined,
    },
    () => Uint8Array.from(input),
  );

  const resultBytes = output === "f32" ? 4 : ACTIVATION_BYTES[mode];
  const outputStride = outputCols * channels * resultBytes + 16;
  putActivations(bytes, A, mode, input);
  bytes.fill(UNTOUCHED, C - 64, C + rows * outputStride + 64);
  bytes.fill(UNTOUCHED, SCRATCH, SCRATCH + i8DwconvScratch(variant) + 64);
  packI8Dwconv(bytes.subarray(B, B + packedI8DwconvSize(variant)), variant, { weights: kernel, starts, factors });
  const rowBytes = inputCols * channels * ACTIVATION_BYTES[mode];
  const inputs = [0, 1, 2, 3].map((row) => A + Math.min(row, from.rows - 1) * rowBytes);
  call(name, C, outputStride, B, ...inputs, SCRATCH, PADDING + STORED_ZERO[mode]);

  for (let row = 0; row < rows; row++) {
    const start = C + row * outputStride;
    const count = outputCols * channels;
    const results =
      output === "f32" ? new Float32Array(memory.buffer, start, count) : activationsAt(bytes, start, mode, count);
    for (let i = 0; i < outputCols * channels; i++) {
      assert.equal(results[i], expected[row * outputCols * channels + i], `${name}: row ${row}, number ${i}`);
    }
    for (let at = outputStride - 16; at < outputStride; at++)
      assert.equal(bytes[start + at], UNTOUCHED, `${name}: after row ${row}`);
  }
  assert.equal(bytes[C - 1], UNTOUCHED, `${name}: before the output`);
  assert.equal(bytes[SCRATCH + i8DwconvScratch(variant)], UNTOUCHED, `${name}: after the scratch memory`);
}

describe("integer depthwise kernels, exactly", () => {
  for (const kind of I8_DWCONV_KINDS) {
    const { mode, output, stride, rows } = kind;
    it(`${mode}, stride ${stride}, ${rows} rows, to ${output}`, { skip: supports(mode) }, async () => {
      for (const channels of [1, 2, 3, 4, 7, 8, 13, 16, 17, 24, 35, 48]) {
        for (const outputCols of [1, 2, 3, 4, 5, 7, 8, 11]) {
          // All widths with few channels, all channels with few widths.
          if (channels > 4 && outputCols !== 5 && outputCols !== 3) continue;
          if (output === "f32" && (channels + outputCols) % 2 > 0) continue;
          for (const padLeft of [0, 1]) {
            const padRight = (channels + outputCols + padLeft) % 2;
            const inputCols = (outputCols - 1) * stride + 3 - padLeft - padRight;
            if (inputCols >= 1) await check({ ...kind, inputCols, outputCols, padLeft, channels });
          }
        }
      }
    });
  }
});
