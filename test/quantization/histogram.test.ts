/** Ranges chosen from distributions, against plain searches over the numbers themselves. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { normal, uniform } from "../../src/core/random.ts";
import { ChannelHistogram } from "../../src/quantization/histogram.ts";

const WHOLE = { method: "minMax", percentile: 100 } as const;

function of(channels: number, ...parts: readonly Float32Array[]): ChannelHistogram {
  const histogram = new ChannelHistogram(channels);
  for (const part of parts) histogram.add(part);
  return histogram;
}

/** The mean squared error of rounding and cutting. */
function errorOf(values: Float32Array, low: number, high: number): number {
  const step = (high - low) / 255;
  const sum = values.reduce((total, x) => {
    const q = Math.max(0, Math.min(255, Math.round((x - low) / step)));
    return total + (low + q * step - x) ** 2;
  }, 0);
  return sum / values.length;
}

describe("ranges", () => {
  it("minMax is all that was seen, with 0; of channels in units of their own", () => {
    const histogram = of(2, Float32Array.of(1, -2, 3, -8), Float32Array.of(-0.5, -1, 2, 4));
    assert.deepEqual(histogram.range(WHOLE, undefined), { low: -8, high: 4 });
    assert.deepEqual(histogram.range(WHOLE, [0.5, 2]), { low: -4, high: 6 });
    assert.deepEqual(of(1, Float32Array.of(2, 3)).range(WHOLE, undefined), { low: 0, high: 3 });
    assert.deepEqual([...histogram.means], [1.375, -1.75]);
  });

  it("percentile leaves out the outermost numbers, within 2 %, as the bins grow", () => {
    const values = uniform("percentile", 40_000, -1, 3);
    const parts = [1e-3, 0.1, 0.5, 1].map((share) => values.slice(0, 10_000).map((x) => x * share));
    const histogram = of(1, ...Array.from({ length: 40 }, (_, i) => values.slice(i * 1000, (i + 1) * 1000)));
    const { low, high } = histogram.range({ method: "percentile", percentile: 90 }, undefined);
    assert.ok(Math.abs(low + 0.6) < 0.08 && Math.abs(high - 2.6) < 0.08, `${low} to ${high}`);
    const grown = of(1, ...parts).range({ method: "percentile", percentile: 100 }, undefined);
    assert.ok(Math.abs(grown.high - 3) < 0.06, `${grown.high}`);
  });

  it("mse is within 10 % of the least error that any range has", () => {
    const values = normal("mse", 1000, 0.2, 1);
    values[7] = 30;
    values[8] = -12;
    const { low, high } = of(1, values).range({ method: "mse", percentile: 100 }, undefined);
    let least = Infinity;
    for (let a = 0.5; a <= 12; a += 0.25)
      for (let b = 0.5; b <= 30; b += 0.25) least = Math.min(least, errorOf(values, -a, b));
    const found = errorOf(values, low, high);
    assert.ok(found < 1.1 * least, `${found} at ${low} to ${high}, the least is ${least}`);
  });

  it("nothing but zeros, and numbers that are not finite", () => {
    const zeros = of(3, new Float32Array(9));
    for (const method of ["minMax", "mse", "percentile"] as const) {
      assert.deepEqual(zeros.range({ method, percentile: 99 }, undefined), { low: 0, high: 0 });
    }
    for (const bad of [NaN, Infinity, -Infinity]) {
      assert.throws(() => of(1, Float32Array.of(1, bad)), /NaN or infinity/);
    }
  });
});
