/** Gradients of activations, against the layers' own. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uniform } from "../../../src/core/random.ts";
import { MAP_NAMES } from "../../../src/kernels/f32/elementwise.ts";
import {
  SOFTMAX_GRADIENT,
  mapGradient,
  mapGradientName,
  softmaxGradient,
} from "../../../src/kernels/training/activations.ts";
import { activationGradient } from "../../../src/layers/activations/activation-gradients.ts";
import { ModuleBuilder } from "../../../src/wasm/module.ts";
import { assertWithin } from "../../support/compare.ts";
import { instantiate } from "../../support/wasm.ts";

const FROM = 1024;
const OTHER = 1 << 20;
const TO = 2 << 20;

describe("gradients of maps", () => {
  const special = [Infinity, -Infinity, 0, -0, 1e-30, -1e-30, 88, -88, -104, 3, -3, 2.9999, -2.9999];
  const values = Float32Array.of(...special, ...uniform("maps", 400, -12, 12), ...uniform("small", 100, -0.1, 0.1));
  const gradient = uniform("gradient", values.length, -2, 2);
  for (const name of MAP_NAMES) {
    it(`${name}: within 4e-7 relative or absolute, as the layer has it`, async () => {
      const module = new ModuleBuilder();
      module.export(mapGradient(module, name));
      const { floats, call } = await instantiate(module);
      floats.set(values, FROM / 4);
      floats.set(gradient, OTHER / 4);
      call(mapGradientName(name), Math.ceil(values.length / 4), OTHER, FROM, OTHER);
      const expected = activationGradient(name, { shape: [values.length], data: values }, Float64Array.from(gradient));
      for (const [i, y] of expected.entries()) {
        const actual = floats[OTHER / 4 + i] ?? NaN;
        // Keras's float32 has no value there either: infinity × 0.
        if (Number.isNaN(y) || Math.abs(y) > 3e38) continue;
        const close = Math.abs(actual - y) <= 4e-7 * Math.max(1, Math.abs(y));
        assert.ok(
          close || (Number.isNaN(actual) && Math.abs(values[i] ?? 0) === Infinity),
          `${name}'(${values[i]}) × ${gradient[i]} is ${actual}, expected ${y}`,
        );
      }
    });
  }
});

describe("the gradient of softmax, within 2e-7", () => {
  it("lines of 1 to 17 and 1000 values", async () => {
    const module = new ModuleBuilder();
    module.export(softmaxGradient(module));
    const { floats, call } = await instantiate(module);
    for (const length of [...Array.from({ length: 17 }, (_, i) => i + 1), 1000]) {
      const x = uniform(`x ${length}`, 3 * length, -4, 4);
      const gradient = uniform(`g ${length}`, 3 * length, -1, 1);
      const shape = [3, length];
      const expected = activationGradient("softmax", { shape, data: x }, Float64Array.from(gradient));
      const y = x.map((_, i) => {
        const first = Math.floor(i / length) * length;
        const line = x.subarray(first, first + length);
        return Math.exp(x[i] ?? NaN) / line.reduce((sum, value) => sum + Math.exp(value), 0);
      });
      floats.set(y, FROM / 4);
      floats.set(gradient, OTHER / 4);
      floats.fill(9, TO / 4, TO / 4 + 4096);
      call(SOFTMAX_GRADIENT, 3, length, OTHER, FROM, TO);
      assertWithin(floats.subarray(TO / 4, TO / 4 + 3 * length), expected, 2e-7, `${length} values`);
      assert.equal(floats[TO / 4 + 3 * length], 9);
    }
  });
});
