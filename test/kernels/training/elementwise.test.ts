/** The small kernels of training, against plain loops. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uniform } from "../../../src/core/random.ts";
import { ARITHMETICS } from "../../../src/kernels/parts.ts";
import {
  ADD_RUNS,
  MULTIPLY,
  SPREAD,
  addRuns,
  columnSums,
  multiply,
  spread,
} from "../../../src/kernels/training/elementwise.ts";
import { ModuleBuilder } from "../../../src/wasm/module.ts";
import { assertWithin } from "../../support/compare.ts";
import { instantiate, needsRelaxedSimd } from "../../support/wasm.ts";

const FROM = 1024;
const OTHER = 1 << 20;
const TO = 2 << 20;
const CHANNELS = [1, 3, 4, 5, 8, 15, 16, 17, 24, 32, 33, 96];
const PIXELS = [1, 2, 7, 8, 9, 49];

describe("sums over pixels, within 1e-5", () => {
  for (const arithmetic of ARITHMETICS) {
    it(arithmetic, { skip: arithmetic === "fma" && needsRelaxedSimd }, async () => {
      const module = new ModuleBuilder();
      const { name } = module.export(columnSums(module, { arithmetic }));
      const { floats, call } = await instantiate(module);
      for (const channels of CHANNELS) {
        for (const pixels of PIXELS) {
          const x = uniform("x", pixels * channels, -1, 1);
          const before = uniform("before", channels, -1, 1);
          floats.set(x, FROM / 4);
          floats.set(before, TO / 4);
          call(name, pixels, channels, FROM, TO, 0.5);
          const expected = before.map((value, c) => {
            let sum = value;
            for (let p = 0; p < pixels; p++) sum += 0.5 * (x[p * channels + c] ?? NaN);
            return sum;
          });
          assertWithin(floats.subarray(TO / 4, TO / 4 + channels), expected, 1e-5, `${pixels} × ${channels}`);
        }
      }
    });
  }
});

describe("small kernels of training, exactly", () => {
  it("the same numbers for all pixels", async () => {
    const module = new ModuleBuilder();
    module.export(spread(module));
    const { floats, call } = await instantiate(module);
    for (const channels of CHANNELS) {
      for (const pixels of PIXELS) {
        const from = uniform("from", channels, -1, 1);
        floats.set(from, FROM / 4);
        floats.fill(9, TO / 4 - 4, TO / 4 + pixels * channels + 4);
        call(SPREAD, pixels, channels, FROM, TO, 0.25);
        const expected = Float32Array.from({ length: pixels * channels }, (_, i) => 0.25 * (from[i % channels] ?? NaN));
        assert.deepEqual(floats.slice(TO / 4, TO / 4 + expected.length), expected);
        assert.equal(floats[TO / 4 - 1], 9);
        assert.equal(floats[TO / 4 + expected.length], 9);
      }
    }
  });

  it("products, in place", async () => {
    const module = new ModuleBuilder();
    module.export(multiply(module));
    const { floats, call } = await instantiate(module);
    const [a, b] = [uniform("a", 12, -1, 1), uniform("b", 12, -1, 1)];
    floats.set(a, FROM / 4);
    floats.set(b, OTHER / 4);
    call(MULTIPLY, 3, FROM, OTHER, FROM);
    const expected = a.map((value, i) => value * (b[i] ?? NaN));
    assert.deepEqual(floats.slice(FROM / 4, FROM / 4 + 12), expected);
  });

  it("runs of 1 to 17 floats that overlap", async () => {
    const module = new ModuleBuilder();
    module.export(addRuns(module));
    const { floats, call } = await instantiate(module);
    for (let length = 1; length <= 17; length++) {
      const step = Math.ceil(length / 2);
      const from = uniform("from", 3 * length, -4, 4).map(Math.round);
      floats.set(from, FROM / 4);
      floats.fill(0, TO / 4, TO / 4 + 64);
      call(ADD_RUNS, 3, length, FROM, length * 4, TO, step * 4);
      const expected = new Float32Array(2 * step + length + 1);
      for (let run = 0; run < 3; run++) {
        for (let i = 0; i < length; i++) {
          const at = run * step + i;
          expected[at] = (expected[at] ?? NaN) + (from[run * length + i] ?? NaN);
        }
      }
      assert.deepEqual(floats.slice(TO / 4, TO / 4 + expected.length), expected, `${length} floats`);
    }
  });
});
