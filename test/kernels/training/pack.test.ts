/** Packing inside WebAssembly, against the same in JavaScript. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uniform } from "../../../src/core/random.ts";
import { packDwconv, packedDwconvSize } from "../../../src/kernels/f32/dwconv.ts";
import { packGemm, packedGemmSize } from "../../../src/kernels/f32/gemm.ts";
import { packDepthwise, packTransposed, packWeights } from "../../../src/kernels/training/pack.ts";
import { PANEL_COLUMNS } from "../../../src/kernels/training/table.ts";
import { ModuleBuilder } from "../../../src/wasm/module.ts";
import { type Instance, instantiate } from "../../support/wasm.ts";

const FROM = 1024;
const BIAS = 1 << 20;
const TO = 2 << 20;
const UNTOUCHED = 12345;

const ROWS = [1, 3, 4, 5, 8, 17];
const COLUMNS = [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 32, 33, 96];

function assertPacked({ floats, call }: Instance, name: string, args: readonly number[], expected: Float32Array): void {
  floats.fill(UNTOUCHED, TO / 4 - 4, TO / 4 + expected.length + 4);
  call(name, TO, FROM, ...args);
  assert.deepEqual(floats.slice(TO / 4, TO / 4 + expected.length), expected, `${name}(${args.join(", ")})`);
  assert.equal(floats[TO / 4 - 1], UNTOUCHED, "before");
  assert.equal(floats[TO / 4 + expected.length], UNTOUCHED, "after");
}

describe("packing of weights that are in memory, exactly", () => {
  for (const columns of PANEL_COLUMNS) {
    for (const bias of [false, true]) {
      it(`packWeights: panels of ${columns} columns${bias ? ", with a bias" : ""}`, async () => {
        const module = new ModuleBuilder();
        const { name } = module.export(packWeights(module, { columns, bias }));
        const instance = await instantiate(module);
        for (const n of COLUMNS) {
          for (const k of ROWS) {
            const weights = uniform("w", k * n, -1, 1);
            const added = bias ? uniform("b", n, -1, 1) : [];
            instance.floats.fill(NaN, FROM / 4, FROM / 4 + 4096);
            instance.floats.set(weights, FROM / 4);
            instance.floats.set(added, BIAS / 4);
            const expected = new Float32Array(packedGemmSize(k, n, columns));
            packGemm(expected, weights, added, [], { k, n, columns });
            assertPacked(instance, name, [k, n, ...(bias ? [BIAS] : [])], expected);
          }
        }
      });
    }

    it(`packTransposed: panels of ${columns} columns`, async () => {
      const module = new ModuleBuilder();
      const { name } = module.export(packTransposed(module, { columns }));
      const instance = await instantiate(module);
      for (const n of COLUMNS) {
        for (const k of ROWS) {
          const weights = uniform("w", k * n, -1, 1);
          instance.floats.fill(NaN, FROM / 4, FROM / 4 + 4096);
          instance.floats.set(weights, FROM / 4);
          const turned = weights.map((_, i) => weights[(i % n) * k + Math.floor(i / n)] ?? NaN);
          const expected = new Float32Array(packedGemmSize(k, n, columns));
          packGemm(expected, turned, [], [], { k, n, columns });
          assertPacked(instance, name, [k, n], expected);
        }
      }
    });
  }

  it("packDepthwise: 1 to 33 channels, 1 and 2 vectors, with and without a bias, all taps and some", async () => {
    for (const channels of [1, 3, 4, 5, 8, 15, 16, 17, 24, 33]) {
      for (const [window, taps, vectors, bias] of [
        [9, [0, 1, 2, 3, 4, 5, 6, 7, 8], 1, true],
        [9, [8, 7, 6, 5, 4, 3, 2, 1, 0], 2, false],
        [9, [8, 7, 6, 2, 1, 0], 2, false],
        [1, [0], 2, true],
        [25, [12, 3, 24], 1, false],
      ] as const) {
        const module = new ModuleBuilder();
        const { name } = module.export(packDepthwise(module, { taps, channels, vectors, bias }));
        const instance = await instantiate(module);
        const weights = uniform("w", window * channels, -1, 1);
        const added = bias ? uniform("b", channels, -1, 1) : [];
        instance.floats.set(weights, FROM / 4);
        instance.floats.set(added, BIAS / 4);
        const chosen = taps.flatMap((tap) => [...weights.subarray(tap * channels, (tap + 1) * channels)]);
        const expected = new Float32Array(packedDwconvSize(taps.length, channels));
        packDwconv(expected, Float32Array.from(chosen), added, [], { taps: taps.length, channels, vectors });
        // Lanes of channels that do not exist hold anything.
        const last = Math.floor(channels / 4) * 4 * (taps.length + 1);
        instance.call(name, TO, FROM, ...(bias ? [BIAS] : []));
        const means = (_: number, i: number): boolean => i < last || (i - last) % 4 < channels % 4;
        const actual = instance.floats.slice(TO / 4, TO / 4 + expected.length);
        assert.deepEqual(actual.filter(means), expected.filter(means), name);
      }
    }
  });
});
