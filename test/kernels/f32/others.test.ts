/** Maps, sums, pools and softmax against the same in float64. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uniform } from "../../../src/core/random.ts";
import { Tensor } from "../../../src/core/tensor.ts";
import {
  MAP_NAMES,
  add,
  affine,
  clamp,
  map,
  mapKernelName,
  packAffine,
  packedAffineSize,
} from "../../../src/kernels/f32/elementwise.ts";
import { pool, softmax } from "../../../src/kernels/f32/reduce.ts";
import { POOL_MODES } from "../../../src/kernels/f32/table.ts";
import { ARITHMETICS } from "../../../src/kernels/parts.ts";
import { activate } from "../../../src/layers/activations/activations.ts";
import { ModuleBuilder } from "../../../src/wasm/module.ts";
import { assertWithin } from "../../support/compare.ts";
import { instantiate, needsRelaxedSimd } from "../../support/wasm.ts";

const FROM = 1024;
const OTHER = 1 << 20;
const TO = 2 << 20;

describe("maps", () => {
  const special = [NaN, Infinity, -Infinity, 0, -0, 1e-30, -1e-30, 88, -88, 88.7, 89, -104, 1e30, -1e30, 3, -3];
  const values = Float32Array.of(...special, ...uniform("maps", 400, -12, 12), ...uniform("small", 100, -0.1, 0.1));
  for (const name of MAP_NAMES) {
    it(`${name}: within 4e-7 relative or absolute; NaN and infinity as the layer gives them`, async () => {
      const module = new ModuleBuilder();
      module.export(map(module, name));
      const { floats, call } = await instantiate(module);
      floats.set(values, FROM / 4);
      call(mapKernelName(name), Math.ceil(values.length / 4), FROM, TO);
      const expected = activate(name, new Tensor([values.length], values)).data;
      for (const [i, y] of expected.entries()) {
        const actual = floats[TO / 4 + i] ?? 0;
        const close = Object.is(actual, y) || Math.abs(actual - y) <= 4e-7 * Math.max(1, Math.abs(y)) || actual === y;
        assert.ok(close, `${name}(${values[i]}) is ${actual}, expected ${y}`);
      }
    });
  }
});

describe("elementwise kernels, exactly", () => {
  it("clamp keeps NaN and cuts infinities", async () => {
    const module = new ModuleBuilder();
    module.export(clamp(module));
    const { floats, call } = await instantiate(module);
    floats.set([NaN, Infinity, -Infinity, 7, -1, 0.5], FROM / 4);
    call("f32_clamp", 2, FROM, FROM, 0, 6);
    assert.deepEqual([...floats.subarray(FROM / 4, FROM / 4 + 6)], [NaN, 6, 0, 6, 0, 0.5]);
  });

  for (const minmax of [false, true]) {
    it(`add${minmax ? " with bounds" : ""}`, async () => {
      const module = new ModuleBuilder();
      const { name } = module.export(add(module, { minmax }));
      const { floats, call } = await instantiate(module);
      const [a, b] = [uniform("a", 12, -2, 2), uniform("b", 12, -2, 2)];
      floats.set(a, FROM / 4);
      floats.set(b, OTHER / 4);
      call(name, 3, FROM, OTHER, OTHER, ...(minmax ? [-1, 1] : []));
      const sums = a.map((x, i) => x + (b[i] ?? NaN));
      const expected = minmax ? sums.map((x) => Math.min(Math.max(x, -1), 1)) : sums;
      assert.deepEqual(floats.slice(OTHER / 4, OTHER / 4 + 12), expected);
    });
  }
});

describe("affine maps, within 1e-6", () => {
  for (const arithmetic of ARITHMETICS) {
    it(arithmetic, { skip: arithmetic === "fma" && needsRelaxedSimd }, async () => {
      const module = new ModuleBuilder();
      const { name } = module.export(affine(module, { arithmetic }));
      const { floats, call } = await instantiate(module);
      for (let channels = 1; channels <= 9; channels++) {
        const pixels = 5;
        const x = uniform("x", pixels * channels, -1, 1);
        const [scale, offset] = [uniform("s", channels, -1, 1), uniform("o", channels, -1, 1)];
        floats.set(x, FROM / 4);
        const packed = new Float32Array(packedAffineSize(channels));
        packAffine(packed, scale, offset);
        floats.set(packed, OTHER / 4);
        floats.fill(9, TO / 4, TO / 4 + 64);
        call(name, pixels, channels, FROM, TO, OTHER);
        const expected = x.map((value, i) => value * (scale[i % channels] ?? 0) + (offset[i % channels] ?? 0));
        assertWithin(floats.subarray(TO / 4, TO / 4 + x.length), expected, 1e-6, `${channels} channels`);
        assert.equal(floats[TO / 4 + x.length], 9);
      }
    });
  }
});

describe("pools, within 1e-6", () => {
  for (const mode of POOL_MODES) {
    it(`${mode} over a rectangle of a picture, 1 to 37 channels; NaN wins`, async () => {
      const module = new ModuleBuilder();
      const { name } = module.export(pool(module, { mode }));
      const { floats, call } = await instantiate(module);
      for (const channels of [1, 2, 3, 4, 7, 15, 16, 21, 37]) {
        const [rows, cols, width] = [3, 2, 5];
        const x = uniform("pool", rows * width * channels, -1, 1);
        x[channels - 1] = NaN;
        floats.set(x, FROM / 4);
        floats.fill(9, TO / 4, TO / 4 + 64);
        const pixel = channels * 4;
        call(name, TO, FROM, rows, cols, channels, pixel, (width - cols) * pixel, 1 / (rows * cols));
        for (let c = 0; c < channels; c++) {
          const window = Array.from({ length: rows * cols }, (_, i) => {
            const place = Math.floor(i / cols) * width + (i % cols);
            return x[place * channels + c] ?? 0;
          });
          const expected = mode === "max" ? Math.max(...window) : window.reduce((a, b) => a + b, 0) / window.length;
          assertWithin([floats[TO / 4 + c] ?? 0], [expected], 1e-6, `channel ${c} of ${channels}`);
        }
        assert.equal(floats[TO / 4 + channels], 9);
      }
    });
  }
});

describe("softmax, within 2e-7", () => {
  it("lines of 1 to 13 and 1000 values, large ones, NaN and infinity as the layer gives them", async () => {
    const module = new ModuleBuilder();
    module.export(softmax(module));
    const { floats, call } = await instantiate(module);
    const lines = [
      ...Array.from({ length: 13 }, (_, i) => uniform(`line ${i}`, i + 1, -5, 5)),
      uniform("long", 1000, -9, 9),
    ];
    lines.push(Float32Array.of(1e30, 1e30), Float32Array.of(1000, 0, -1000), Float32Array.of(0, NaN, 1));
    lines.push(Float32Array.of(0, Infinity), Float32Array.of(-Infinity, 0, 1, 2, -Infinity));
    for (const line of lines) {
      const two = Float32Array.of(...line, ...line.toReversed());
      floats.set(two, FROM / 4);
      call("f32_softmax", 2, line.length, FROM, TO);
      const expected = activate("softmax", new Tensor([2, line.length], two)).data;
      assertWithin(floats.subarray(TO / 4, TO / 4 + two.length), expected, 2e-7, `${line.length} values`);
    }
  });
});
