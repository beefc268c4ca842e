/** Gradients of pools, against plain loops. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uniform } from "../../../src/core/random.ts";
import {
  POOL_MAX_GRADIENT,
  POOL_MEAN_GRADIENT,
  poolMaxGradient,
  poolMeanGradient,
} from "../../../src/kernels/training/pool.ts";
import { ModuleBuilder } from "../../../src/wasm/module.ts";
import { assertWithin } from "../../support/compare.ts";
import { instantiate } from "../../support/wasm.ts";

const FROM = 1024;
const OTHER = 1 << 20;
const NUMBERS = 3 << 19;
const TO = 2 << 20;
const CHANNELS = [1, 3, 4, 5, 8, 15, 16, 17, 24, 33, 96];

describe("gradients of pools, within 1e-6", () => {
  it("the mean over a window is added to its pixels", async () => {
    const module = new ModuleBuilder();
    module.export(poolMeanGradient(module));
    const { floats, call } = await instantiate(module);
    for (const channels of CHANNELS) {
      for (const [rows, cols] of [
        [1, 1],
        [3, 2],
        [2, 11],
      ] as const) {
        const width = 12;
        const before = uniform("before", rows * width * channels, -1, 1);
        const gradient = uniform("gradient", channels, -1, 1);
        floats.set(before, TO / 4);
        floats.set(gradient, FROM / 4);
        const pixel = channels * 4;
        call(POOL_MEAN_GRADIENT, TO, FROM, rows, cols, channels, (width - cols) * pixel, 1 / (rows * cols));
        const expected = before.map((value, i) => {
          const isInside = Math.floor(i / channels) % width < cols;
          return value + (isInside ? (gradient[i % channels] ?? NaN) / (rows * cols) : 0);
        });
        assertWithin(floats.subarray(TO / 4, TO / 4 + before.length), expected, 1e-6, `${channels} channels`);
      }
    }
  });

  it("largest values share the gradient", async () => {
    const module = new ModuleBuilder();
    module.export(poolMaxGradient(module));
    const { floats, call } = await instantiate(module);
    for (const channels of CHANNELS) {
      for (const pixels of [1, 2, 7, 8, 9, 49]) {
        const x = uniform(`x ${channels}`, pixels * channels, -2, 3).map(Math.round);
        const gradient = uniform("gradient", channels, -1, 1);
        const largest = gradient.map((_, c) => Math.max(...x.filter((__, i) => i % channels === c)));
        const counts = largest.map((top, c) => x.filter((value, i) => i % channels === c && value === top).length);
        floats.set(x, FROM / 4);
        floats.set(largest, OTHER / 4);
        floats.set(gradient, OTHER / 4 + 256);
        floats.fill(9, TO / 4, TO / 4 + x.length + 4);
        call(POOL_MAX_GRADIENT, pixels, channels, FROM, TO, OTHER, OTHER + 1024, NUMBERS);
        const expected = x.map((value, i) => {
          const c = i % channels;
          return value === largest[c] ? (gradient[c] ?? NaN) / (counts[c] ?? NaN) : 0;
        });
        const what = `${pixels} pixels of ${channels} channels`;
        assertWithin(floats.subarray(TO / 4, TO / 4 + x.length), expected, 1e-6, what);
        assert.equal(floats[TO / 4 + x.length], 9, what);
      }
    }
  });
});
