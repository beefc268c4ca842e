/** The matrix product of weight gradients at the edges of its tiles, against float64 loops. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uniform } from "../../../src/core/random.ts";
import { gemmTn } from "../../../src/kernels/training/gemm.ts";
import { TILINGS } from "../../../src/kernels/f32/tilings.ts";
import { ModuleBuilder } from "../../../src/wasm/module.ts";
import { type Instance, instantiate, needsRelaxedSimd } from "../../support/wasm.ts";

const A = 1024;
const B = 1 << 20;
const C = 2 << 20;
const UNTOUCHED = 12345;

function check({ floats, call }: Instance, name: string, pixels: number, k: number, n: number): void {
  const what = `${name} pixels=${pixels} k=${k} n=${n}`;
  const [aStride, bStride, cStride] = [k + 2, n + 3, n + 5];
  const a = uniform(`${what}/a`, pixels * aStride, -1, 1);
  const b = uniform(`${what}/b`, pixels * bStride, -1, 1);
  const before = uniform(`${what}/c`, k * cStride, -1, 1);
  floats.set(a, A / 4);
  floats.set(b, B / 4);
  floats.fill(UNTOUCHED, C / 4 - 16, C / 4 + k * cStride + 16);
  floats.set(before, C / 4);
  call(name, pixels, k, n, A, aStride * 4, B, bStride * 4, C, cStride * 4);
  for (let row = 0; row < k; row++) {
    for (let col = 0; col < cStride; col++) {
      let expected = before[row * cStride + col] ?? NaN;
      let magnitude = Math.abs(expected);
      const terms = col < n ? pixels : 0;
      for (let p = 0; p < terms; p++) {
        const product = (a[p * aStride + row] ?? NaN) * (b[p * bStride + col] ?? NaN);
        expected += product;
        magnitude += Math.abs(product);
      }
      const difference = Math.abs((floats[C / 4 + row * cStride + col] ?? NaN) - expected);
      assert.ok(difference <= (col < n ? 1e-6 * magnitude : 0), `${what}: [${row}, ${col}] is off by ${difference}`);
    }
  }
  assert.equal(floats[C / 4 - 1], UNTOUCHED, "before C");
  assert.equal(floats[C / 4 + k * cStride], UNTOUCHED, "after C");
}

describe("matrix products of weight gradients, within 1e-6 of the sum of magnitudes", () => {
  for (const [tiling, variant] of Object.entries(TILINGS)) {
    const skip = variant.arithmetic === "fma" && needsRelaxedSimd;
    it(`${tiling}: 1 to 40 columns, 1 to 33 rows, 1 to 130 pixels`, { skip }, async () => {
      const module = new ModuleBuilder();
      const { name } = module.export(gemmTn(module, { ...variant, ragged: true }));
      const instance = await instantiate(module);
      for (let n = 1; n <= 40; n++) check(instance, name, 1 + (n % 5), 1 + ((n * 7) % 33), n);
      for (let k = 1; k <= 33; k++) check(instance, name, 1 + (k % 3), k, 1 + ((k * 5) % 24));
      for (const pixels of [1, 2, 3, 7, 130]) for (const n of [24, 31]) check(instance, name, pixels, 17, n);
    });

    it(`${tiling}: whole tiles`, { skip }, async () => {
      const module = new ModuleBuilder();
      const { name } = module.export(gemmTn(module, { ...variant, ragged: false }));
      const instance = await instantiate(module);
      for (const n of [8, 16, 24, 96]) for (const k of [1, 5, 6, 13, 32]) check(instance, name, 3, k, n);
      check(instance, name, 64, 96, 96);
    });
  }

  it("rows of A that overlap are a convolution's windows, exactly", async () => {
    const module = new ModuleBuilder();
    const { name } = module.export(gemmTn(module, { ...TILINGS.mul, ragged: true }));
    const { floats, call } = await instantiate(module);
    floats.set([1, 2, 3, 4, 5], A / 4);
    floats.set([1, 10, 100], B / 4);
    floats.fill(0, C / 4, C / 4 + 3);
    call(name, 3, 3, 1, A, 4, B, 4, C, 4);
    assert.deepEqual([...floats.subarray(C / 4, C / 4 + 3)], [321, 432, 543]);
  });
});
