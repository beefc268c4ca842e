/** Normalization in training: scaling, statistics and gradients over blocks of pixels, against float64 loops. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uniform } from "../../../src/core/random.ts";
import { ARITHMETICS } from "../../../src/kernels/parts.ts";
import { WANTS } from "../../../src/kernels/training/table.ts";
import {
  moments,
  momentsName,
  scale,
  scaleGradient,
  scaleGradientName,
  scaleName,
  scaleReduce,
  scaleReduceName,
} from "../../../src/kernels/training/scaling.ts";
import {
  STATISTICS,
  SUM_PIECES,
  gradientStatistics,
  gradientStatisticsName,
  statistics,
  sumPieces,
} from "../../../src/kernels/training/statistics.ts";
import { ModuleBuilder } from "../../../src/wasm/module.ts";
import { assertWithin } from "../../support/compare.ts";
import { instantiate, needsRelaxedSimd } from "../../support/wasm.ts";

const CHANNELS = [1, 3, 4, 5, 8, 15, 16, 17, 24, 33, 96];
const PIXELS = [1, 7, 8, 9, 50];
const UNTOUCHED = 12345;
/** Addresses. */
const [X, Y, R, TO, SUMS] = [4096, 1 << 17, 2 << 17, 3 << 17, 4 << 17];
const [FACTOR, SUMMAND, MEAN, OTHER, CONSTANT, GAMMA, BETA] = Array.from(
  { length: 7 },
  (_, i) => (5 << 17) + i * 1024,
) as [number, number, number, number, number, number, number];
const STRIDE = 512;
const [LOW, HIGH] = [-0.4, 0.5];
const EITHER = [false, true];

function clamp(value: number, minmax: boolean): number {
  return minmax ? Math.min(Math.max(value, LOW), HIGH) : value;
}

for (const arithmetic of ARITHMETICS) {
  describe(
    `scaling in training, ${arithmetic}, within 1e-5`,
    { skip: arithmetic === "fma" && needsRelaxedSimd },
    () => {
      const each = (check: (pixels: number, channels: number, minmax: boolean, other: boolean) => void): void => {
        for (const channels of CHANNELS) {
          for (const pixels of PIXELS) {
            for (const minmax of EITHER) for (const other of EITHER) check(pixels, channels, minmax, other);
          }
        }
      };
      const build = async () => {
        const module = new ModuleBuilder();
        for (const minmax of EITHER) {
          module.export(scaleReduce(module, { arithmetic, minmax }));
          for (const other of EITHER) {
            module.export(scale(module, { arithmetic, minmax, add: other }));
            module.export(scaleGradient(module, { arithmetic, minmax, value: other }));
          }
        }
        module.export(moments(module, { arithmetic }));
        const { floats, call } = await instantiate(module);
        const given = (name: string, address: number, size: number): Float32Array => {
          const values = uniform(name, size, -1, 1);
          floats.set(values, address / 4);
          return values;
        };
        const at = (address: number, size: number): Float32Array => floats.subarray(address / 4, address / 4 + size);
        return { floats, call, given, at };
      };

      it("scale: factor, summand, bounds, sum", async () => {
        const { floats, call, given, at } = await build();
        each((pixels, channels, minmax, add) => {
          const size = pixels * channels;
          const [x, r] = [given("x", X, size), given("r", R, size)];
          const [factor, summand] = [given("factor", FACTOR, channels), given("summand", SUMMAND, channels)];
          floats.fill(UNTOUCHED, TO / 4, TO / 4 + size + 16);
          const args = [pixels, channels, X, TO, FACTOR, SUMMAND, ...(add ? [R] : []), ...(minmax ? [LOW, HIGH] : [])];
          call(scaleName({ arithmetic, minmax, add }), ...args);
          const expected = x.map((value, i) => {
            const scaled = clamp(value * (factor[i % channels] ?? NaN) + (summand[i % channels] ?? NaN), minmax);
            return add ? scaled + (r[i] ?? NaN) : scaled;
          });
          assertWithin(at(TO, size), expected, 1e-6, `${pixels}×${channels}`);
          assert.equal(floats[TO / 4 + size], UNTOUCHED, "beyond the end");
        });
      });

      it("scaleGradient and scaleReduce: what lies outside the bounds has none", async () => {
        const { floats, call, given, at } = await build();
        each((pixels, channels, minmax, value) => {
          const size = pixels * channels;
          const [g, x] = [given("g", Y, size), given("x", X, size)];
          const [factor, summand, mean] = [FACTOR, SUMMAND, MEAN].map((address) =>
            given(`${address}`, address, channels),
          ) as [Float32Array, Float32Array, Float32Array];
          const [ofValue, constant] = [given("v", OTHER, channels), given("c", CONSTANT, channels)];
          floats.fill(UNTOUCHED, TO / 4, TO / 4 + size + 16);
          const bounds = minmax ? [LOW, HIGH] : [];
          const of = value ? [OTHER, CONSTANT] : [];
          call(
            scaleGradientName({ arithmetic, minmax, value }),
            pixels,
            channels,
            Y,
            X,
            TO,
            FACTOR,
            SUMMAND,
            ...of,
            ...bounds,
          );
          const inside = g.map((gradient, i) => {
            const c = i % channels;
            const scaled = (x[i] ?? NaN) * (factor[c] ?? NaN) + (summand[c] ?? NaN);
            return !minmax || (scaled > LOW && scaled < HIGH) ? gradient : 0;
          });
          const expected = inside.map((gradient, i) => {
            const c = i % channels;
            const rest = value ? (x[i] ?? NaN) * (ofValue[c] ?? NaN) + (constant[c] ?? NaN) : 0;
            return gradient * (factor[c] ?? NaN) + rest;
          });
          assertWithin(at(TO, size), expected, 1e-6, `gradient ${pixels}×${channels}`);
          assert.equal(floats[TO / 4 + size], UNTOUCHED, "beyond the end");
          call(
            scaleReduceName({ arithmetic, minmax }),
            pixels,
            channels,
            Y,
            X,
            SUMS,
            STRIDE,
            MEAN,
            FACTOR,
            SUMMAND,
            ...bounds,
          );
          const [sums, products] = [new Float64Array(channels), new Float64Array(channels)];
          for (const [i, gradient] of inside.entries()) {
            const c = i % channels;
            sums[c] = (sums[c] ?? NaN) + gradient;
            products[c] = (products[c] ?? NaN) + gradient * ((x[i] ?? NaN) - (mean[c] ?? NaN));
          }
          assertWithin(at(SUMS, channels), sums, 1e-5, `sums ${pixels}×${channels}`);
          assertWithin(at(SUMS + STRIDE, channels), products, 1e-5, `products ${pixels}×${channels}`);
        });
      });

      it("moments and statistics: mean and variance of blocks far from 0; moving averages", async () => {
        const module = new ModuleBuilder();
        for (const made of [moments(module, { arithmetic }), statistics(module)]) module.export(made);
        const { floats, call } = await instantiate(module);
        for (const channels of CHANNELS) {
          const blocks = [8, 50, 3];
          const total = 61;
          const x = uniform("x", total * channels, 99.5, 100.5);
          floats.set(x, X / 4);
          const blockStride = 3 * STRIDE + 64;
          let first = 0;
          for (const [i, pixels] of blocks.entries()) {
            call(momentsName(arithmetic), pixels, channels, X + first * channels * 4, SUMS + i * blockStride, STRIDE);
            first += pixels;
          }
          const [gamma, beta] = [uniform("gamma", channels, 0.5, 1.5), uniform("beta", channels, -1, 1)];
          for (const [address, values] of [
            [GAMMA, gamma],
            [BETA, beta],
            [R, gamma],
            [Y, beta],
          ] as const) {
            floats.set(values, address / 4);
          }
          const written = [MEAN, OTHER, FACTOR, SUMMAND];
          // In two parts, as threads do it.
          const half = 2 * Math.floor(channels / 4);
          for (const [from, count] of [
            [0, half],
            [half, channels - half],
          ] as const) {
            if (count === 0) continue;
            const at = [GAMMA, BETA, R, Y, ...written].map((address) => address + from * 4);
            const sums = SUMS + from * 4;
            call(STATISTICS, 3, count, sums, STRIDE, blockStride, SUMS + 3 * STRIDE, ...at, 1e-3, 0.9, 0.1);
          }
          for (let c = 0; c < channels; c++) {
            const own = Array.from({ length: total }, (_, p) => x[p * channels + c] ?? NaN);
            const mean = own.reduce((a, b) => a + b, 0) / total;
            const variance = own.reduce((a, b) => a + (b - mean) ** 2, 0) / total;
            const deviation = 1 / Math.sqrt(variance + 1e-3);
            const factor = deviation * (gamma[c] ?? NaN);
            const expected = [mean, deviation, factor, (beta[c] ?? NaN) - mean * factor];
            const found = written.map((address) => floats[address / 4 + c] ?? NaN);
            for (const [i, value] of expected.entries()) {
              assert.ok(
                Math.abs((found[i] ?? NaN) - value) <= 1e-5 * Math.abs(value),
                `channel ${c} of ${channels}: ${found[i]}, ${value}`,
              );
            }
            assertWithin([floats[R / 4 + c] ?? NaN], [0.9 * (gamma[c] ?? NaN) + 0.1 * mean], 1e-5);
            assertWithin([floats[Y / 4 + c] ?? NaN], [0.9 * (beta[c] ?? NaN) + 0.1 * variance], 1e-5);
          }
        }
      });
    },
  );
}

describe("statistics of gradients, within 1e-5", () => {
  it("coefficients and gradients of gamma and beta, each where wanted", async () => {
    const module = new ModuleBuilder();
    for (const coefficients of EITHER) {
      for (const gamma of WANTS) {
        for (const beta of WANTS) module.export(gradientStatistics(module, { coefficients, gamma, beta }));
      }
    }
    const { floats, call } = await instantiate(module);
    for (const channels of CHANNELS) {
      const blockStride = 2 * STRIDE;
      const sums = uniform("sums", (4 * blockStride) / 4, -1, 1);
      const given = [MEAN, FACTOR, R, GAMMA, BETA].map((address) => uniform(`${address}`, channels, 0.5, 1.5));
      const [mean = [], factor = [], deviation = [], before = [], other = []] = given;
      for (const coefficients of EITHER) {
        for (const gamma of WANTS) {
          for (const beta of WANTS) {
            floats.set(sums, SUMS / 4);
            for (const [i, address] of [MEAN, FACTOR, R, GAMMA, BETA].entries())
              floats.set(given[i] ?? [], address / 4);
            const args = [4, channels, SUMS, STRIDE, blockStride, R];
            if (coefficients) args.push(MEAN, FACTOR, OTHER, CONSTANT, 70);
            if (gamma !== "no") args.push(GAMMA);
            if (beta !== "no") args.push(BETA);
            call(gradientStatisticsName({ coefficients, gamma, beta }), ...args);
            for (let c = 0; c < channels; c++) {
              const at = (address: number): number => floats[address / 4 + c] ?? NaN;
              const total = (from: number): number =>
                [0, 1, 2, 3].reduce((sum, block) => sum + (sums[block * 256 + from + c] ?? NaN), 0);
              const [sum, product] = [total(0), total(128)];
              const start = (want: string, value: number | undefined): number =>
                want === "added" ? (value ?? NaN) : 0;
              if (gamma !== "no")
                assertWithin([at(GAMMA)], [start(gamma, before[c]) + product * (deviation[c] ?? NaN)], 1e-5);
              if (beta !== "no") assertWithin([at(BETA)], [start(beta, other[c]) + sum], 1e-5);
              if (!coefficients) continue;
              const ofValue = (-(factor[c] ?? NaN) * (deviation[c] ?? NaN) ** 2 * product) / 70;
              assertWithin([at(OTHER)], [ofValue], 1e-5);
              assertWithin([at(CONSTANT)], [(-(factor[c] ?? NaN) * sum) / 70 - ofValue * (mean[c] ?? NaN)], 1e-5);
            }
          }
        }
      }
    }
  });

  it("sums of pieces", async () => {
    const module = new ModuleBuilder();
    module.export(sumPieces(module));
    const { floats, call } = await instantiate(module);
    const [pieces, before] = [uniform("pieces", 3 * 32, -1, 1), uniform("before", 20, -1, 1)];
    floats.set(pieces, X / 4);
    for (const add of [0, 1]) {
      floats.set(before, TO / 4);
      call(SUM_PIECES, 5, 3, X, 128, TO, add);
      const expected = before.map(
        (value, i) => add * value + [0, 1, 2].reduce((sum, p) => sum + (pieces[p * 32 + i] ?? NaN), 0),
      );
      assertWithin(floats.subarray(TO / 4, TO / 4 + 20), expected, 1e-6);
    }
  });
});
