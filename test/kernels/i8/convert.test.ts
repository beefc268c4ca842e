/** The ways in and out of integers, and means: exactly what the plain loops give. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uniform } from "../../../src/core/random.ts";
import { compute } from "../../../src/engine/integers/reference.ts";
import { dequantize, dequantizeName, mean, meanName, quantize, quantizeName } from "../../../src/kernels/i8/convert.ts";
import { ACTIVATION_BYTES, INTEGER_MODES } from "../../../src/kernels/i8/parts.ts";
import { MEAN_VARIANTS } from "../../../src/kernels/i8/table.ts";
import { ModuleBuilder } from "../../../src/wasm/module.ts";
import { activationsAt, putActivations, randomIntegers, supports } from "../../support/integers.ts";
import { instantiate } from "../../support/wasm.ts";

const A = 1024;
const C = 2 << 20;
const UNTOUCHED = 77;
const LENGTHS = [1, 2, 3, 7, 8, 9, 15, 16, 17, 100];

describe("float32 to integers and back, exactly", () => {
  for (const mode of INTEGER_MODES) {
    it(quantizeName(mode), { skip: supports(mode) }, async () => {
      const module = new ModuleBuilder();
      module.export(quantize(module, mode));
      const { memory, floats, call } = await instantiate(module);
      const bytes = new Uint8Array(memory.buffer);
      for (const length of LENGTHS) {
        const x = uniform(`quantize ${length}`, length, -1.5, 1.5);
        x.set([NaN, Infinity, -Infinity, -0, 1e-42].slice(0, length));
        const [factor, offset] = [Math.fround(255 / 2.1), Math.fround(128)];
        floats.set(x, A / 4);
        bytes.fill(UNTOUCHED, C, C + 512);
        call(quantizeName(mode), length, A, C, factor, offset);
        const expected = compute(
          { kind: "quantize", mode, size: length, input: 0, output: 1, factor, offset, padded: undefined },
          () => x,
        );
        assert.deepEqual(activationsAt(bytes, C, mode, length), [...expected]);
        assert.equal(bytes[C + length * ACTIVATION_BYTES[mode]], UNTOUCHED);
      }
    });

    it(dequantizeName(mode), { skip: supports(mode) }, async () => {
      const module = new ModuleBuilder();
      module.export(dequantize(module, mode));
      const { memory, floats, call } = await instantiate(module);
      for (const length of LENGTHS) {
        const q = randomIntegers(`dequantize ${length}`, length, 0, 255);
        putActivations(new Uint8Array(memory.buffer), A, mode, q);
        const [scale, offset] = [Math.fround(0.0123), Math.fround(-0.77)];
        call(dequantizeName(mode), length, A, C, scale, offset);
        const expected = compute({ kind: "dequantize", mode, size: length, input: 0, output: 1, scale, offset }, () =>
          Uint8Array.from(q),
        );
        assert.deepEqual(floats.subarray(C / 4, C / 4 + length), expected);
      }
    });
  }
});

describe("means of integers, exactly", () => {
  for (const variant of MEAN_VARIANTS) {
    const { mode, output } = variant;
    it(meanName(variant), { skip: supports(mode) }, async () => {
      const module = new ModuleBuilder();
      module.export(mean(module, variant));
      const { memory, call } = await instantiate(module);
      const bytes = new Uint8Array(memory.buffer);
      for (const pixels of [1, 2, 49, 1000]) {
        for (const channels of LENGTHS) {
          const q = randomIntegers(`mean ${pixels} ${channels}`, pixels * channels, 0, 255);
          putActivations(bytes, A, mode, q);
          bytes.fill(UNTOUCHED, C, C + 512);
          const [start, factor] = [-pixels * 3, Math.fround(1.7 / pixels)];
          call(meanName(variant), pixels, channels, A, C, start, factor);
          const from = { rows: 1, cols: pixels, channels };
          const expected = compute(
            { kind: "integer mean", mode, input: 0, output: 1, from, start, factor, results: output },
            () => Uint8Array.from(q),
          );
          const results =
            output === "f32"
              ? [...new Float32Array(memory.buffer, C, channels)]
              : activationsAt(bytes, C, mode, channels);
          assert.deepEqual(results, [...expected]);
          assert.equal(bytes[C + channels * (output === "f32" ? 4 : ACTIVATION_BYTES[mode])], UNTOUCHED);
        }
      }
    });
  }
});
