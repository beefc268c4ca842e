/** The ways in and out of integers, and means: exactly what the plain loops give. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uniform } from "../../src/core/random.ts";
import { compute } from "../../src/engine/quantize/reference.ts";
import { dequantize, dequantizeName, mean, meanName, quantize, quantizeName } from "../../src/kernels/i8-convert.ts";
import { ACTIVATION_BYTES } from "../../src/kernels/i8-parts.ts";
import { CONVERT_VARIANTS, MEAN_VARIANTS } from "../../src/kernels/i8-table.ts";
import { ModuleBuilder } from "../../src/wasm/module.ts";
import { integersAt, randomIntegers, supports } from "../support/integers.ts";
import { instantiate } from "../support/wasm.ts";

const A = 1024;
const C = 2 << 20;
const UNTOUCHED = 77;
const LENGTHS = [1, 2, 3, 7, 8, 9, 15, 16, 17, 100];

function resultsAt(memory: WebAssembly.Memory, kind: "f32" | "u8" | "i16"): ArrayLike<number> {
  if (kind === "f32") return new Float32Array(memory.buffer, C);
  return kind === "i16" ? new Int16Array(memory.buffer, C) : new Uint8Array(memory.buffer, C);
}

describe("float32 to integers and back, exactly", () => {
  for (const variant of CONVERT_VARIANTS) {
    const { mode, integers } = variant;
    const levels = mode === "u7" && integers === "u8" ? 127 : 255;
    it(quantizeName(variant), { skip: supports(mode) }, async () => {
      const module = new ModuleBuilder();
      module.export(quantize(module, variant));
      const { memory, floats, call } = await instantiate(module);
      const bytes = new Uint8Array(memory.buffer);
      for (const length of LENGTHS) {
        const x = uniform(`quantize ${length}`, length, -1.5, 1.5);
        x.set([NaN, Infinity, -Infinity, -0, 1e-42].slice(0, length));
        const [factor, offset] = [Math.fround(levels / 2.1), Math.fround(levels / 2 + 0.5)];
        floats.set(x, A / 4);
        bytes.fill(UNTOUCHED, C, C + 512);
        call(quantizeName(variant), length, A, C, factor, offset, levels);
        const expected = compute(
          {
            kind: "quantize",
            ...variant,
            size: length,
            input: 0,
            output: 1,
            factor,
            offset,
            levels,
            padded: undefined,
          },
          () => x,
        );
        const results = resultsAt(memory, integers);
        assert.deepEqual(
          Array.from(expected, (_, i) => results[i]),
          [...expected],
        );
        assert.equal(bytes[C + length * ACTIVATION_BYTES[integers]], UNTOUCHED);
      }
    });

    it(dequantizeName(variant), { skip: supports(mode) }, async () => {
      const module = new ModuleBuilder();
      module.export(dequantize(module, variant));
      const { memory, floats, call } = await instantiate(module);
      for (const length of LENGTHS) {
        const q = randomIntegers(`dequantize ${length}`, length, 0, levels);
        integersAt(new Uint8Array(memory.buffer), A, integers, q);
        const [scale, offset] = [Math.fround(0.0123), Math.fround(-0.77)];
        call(dequantizeName(variant), length, A, C, scale, offset);
        const expected = compute(
          { kind: "dequantize", ...variant, size: length, input: 0, output: 1, scale, offset },
          () => Uint8Array.from(q),
        );
        assert.deepEqual(floats.subarray(C / 4, C / 4 + length), expected);
      }
    });
  }
});

describe("means of integers, exactly", () => {
  for (const variant of MEAN_VARIANTS) {
    const { mode, integers, output } = variant;
    const levels = mode === "u7" ? 127 : 255;
    it(meanName(variant), { skip: supports(mode) }, async () => {
      const module = new ModuleBuilder();
      module.export(mean(module, variant));
      const { memory, call } = await instantiate(module);
      const bytes = new Uint8Array(memory.buffer);
      for (const pixels of [1, 2, 49, 1000]) {
        for (const channels of LENGTHS) {
          const q = randomIntegers(`mean ${pixels} ${channels}`, pixels * channels, 0, levels);
          integersAt(bytes, A, integers, q);
          bytes.fill(UNTOUCHED, C, C + 512);
          const [start, factor] = [-pixels * 3, Math.fround(1.7 / pixels)];
          call(meanName(variant), pixels, channels, A, C, start, factor);
          const from = { rows: 1, cols: pixels, channels };
          const expected = compute(
            {
              kind: "integer mean",
              mode,
              integers,
              input: 0,
              output: 1,
              from,
              start,
              factor,
              levels: output === "f32" ? undefined : levels,
            },
            () => Uint8Array.from(q),
          );
          const kind = output === "f32" ? "f32" : integers;
          const results = resultsAt(memory, kind);
          assert.deepEqual(
            Array.from(expected, (_, i) => results[i]),
            [...expected],
          );
          assert.equal(bytes[C + channels * (kind === "f32" ? 4 : ACTIVATION_BYTES[integers])], UNTOUCHED);
        }
      }
    });
  }
});
