/** Real numbers as integers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as kernels from "../../src/kernels/i8/parts.ts";
import { LEVELS, paddingOf, quantizationOf } from "../../src/quantization/scheme.ts";

test("the kernels' largest activation is the scheme's", () => {
  assert.equal(kernels.LEVELS, LEVELS);
});

test("0 is inside of every range, and the ends of a range are the least and the largest integer", () => {
  for (const [low, high] of [
    [-1, 1],
    [0, 6],
    [2, 3],
    [-5, -1],
    [0, 0],
  ] as const) {
    const { scale, zeroPoint } = quantizationOf({ low, high });
    assert.ok(scale > 0);
    const [least, most] = [Math.min(low, 0), Math.max(high, 0)];
    if (least < most) {
      assert.ok(Math.abs(scale * (0 - zeroPoint) - least) < 1e-6 * (most - least));
      assert.ok(Math.abs(scale * (LEVELS - zeroPoint) - most) < 1e-6 * (most - least));
    }
    const padding = paddingOf({ scale, zeroPoint });
    assert.ok(Number.isInteger(padding) && padding >= 0 && padding <= LEVELS);
    assert.ok(Math.abs(scale * (padding - zeroPoint)) <= scale / 2);
  }
});
