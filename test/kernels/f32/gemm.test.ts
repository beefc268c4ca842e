/** Every matrix kernel at the edges of its tiles, against float64 loops. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uniform } from "../../../src/core/random.ts";
import { type GemmVariant, gemm, gemmName, packGemm, packedGemmSize } from "../../../src/kernels/f32/gemm.ts";
import { GEMM_VARIANTS } from "../../../src/kernels/f32/table.ts";
import { ModuleBuilder } from "../../../src/wasm/module.ts";
import { type Instance, instantiate, needsRelaxedSimd } from "../../support/wasm.ts";

const A = 1024;
const B = 1 << 20;
const C = 2 << 20;
const R = 3 << 20;
/** Stays wherever a kernel does not write. */
const UNTOUCHED = 12345;
const [LOW, HIGH] = [-0.5, 0.75];

interface Case {
  readonly tiles: number;
  readonly k: number;
  readonly n: number;
  /** Runs of a window: rows, cols, and the floats between the starts of runs. */
  readonly window?: { readonly rows: number; readonly cols: number; readonly col: number; readonly row: number };
}

function check({ floats, call }: Instance, variant: GemmVariant, { tiles, k, n, window }: Case): void {
  const name = gemmName(variant);
  const m = tiles * variant.rows;
  const starts: number[] = [];
  for (let y = 0; y < (window?.rows ?? 1); y++) {
    for (let x = 0; x < (window?.cols ?? 1); x++) starts.push(y * (window?.row ?? 0) + x * (window?.col ?? 0));
  }
  const allK = k * starts.length;
  const aStride = k + 3;
  const cStride = n + 5;
  const a = uniform(`${name}/a`, m * aStride + Math.max(...starts) + k, -1, 1);
  const weights = uniform(`${name}/b`, allK * n, -1, 1);
  const bias = uniform(`${name}/bias`, n, -1, 1);
  const scale = uniform(`${name}/scale`, n, 0.5, 2);
  const added = uniform(`${name}/r`, m * cStride, -1, 1);
  floats.set(a, A / 4);
  floats.fill(UNTOUCHED, C / 4 - 16, C / 4 + m * cStride + 16);
  floats.set(added, R / 4);
  const packed = new Float32Array(packedGemmSize(allK, n, variant.columns));
  packGemm(packed, weights, bias, scale, { k: allK, n, columns: variant.columns });
  floats.set(packed, B / 4);

  const args = [tiles, k, n, A, aStride * 4, B, C, cStride * 4];
  if (variant.add) args.push(R);
  if (variant.minmax) args.push(LOW, HIGH);
  if (window) args.push(window.rows, window.cols, (window.col - k) * 4, (window.row - window.cols * window.col) * 4);
  call(name, ...args);

  for (let row = 0; row < m; row++) {
    for (let col = 0; col < cStride; col++) {
      const at = row * cStride + col;
      let expected = UNTOUCHED;
      let magnitude = 0;
      if (col < n) {
        expected = bias[col] ?? 0;
        magnitude = 2;
        for (const [run, start] of starts.entries()) {
          for (let i = 0; i < k; i++) {
            const product =
              (a[row * aStride + start + i] ?? 0) * (weights[(run * k + i) * n + col] ?? 0) * (scale[col] ?? 0);
            expected += product;
            magnitude += Math.abs(product);
          }
        }
        if (variant.add) expected += added[at] ?? 0;
        if (variant.minmax) expected = Math.min(Math.max(expected, LOW), HIGH);
      }
      const difference = Math.abs((floats[C / 4 + at] ?? NaN) - expected);
      assert.ok(
        difference <= 1e-6 * magnitude,
        `${name} m=${m} k=${k} n=${n}: [${row}, ${col}] is off by ${difference}`,
      );
    }
  }
  assert.equal(floats[C / 4 - 1], UNTOUCHED, "before C");
  assert.equal(floats[C / 4 + m * cStride], UNTOUCHED, "after C");
}

async function made(variant: GemmVariant): Promise<Instance> {
  const module = new ModuleBuilder();
  module.export(gemm(module, variant));
  return instantiate(module);
}

describe("matrix kernels, within 1e-6 of the sum of magnitudes", () => {
  for (const variant of GEMM_VARIANTS) {
    const skip = variant.arithmetic === "fma" && needsRelaxedSimd;
    it(gemmName(variant), { skip }, async () => {
      const instance = await made(variant);
      if (!variant.ragged) {
        const { columns } = variant;
        const window = variant.window ? { rows: 2, cols: 3, col: 11, row: 40 } : undefined;
        for (const n of [columns, 3 * columns]) {
          for (const k of [1, 4, 7]) check(instance, variant, { tiles: 2, k, n, ...(window && { window }) });
        }
        if (!window) check(instance, variant, { tiles: 1, k: 401, n: 2 * columns });
        return;
      }
      if (variant.window) {
        for (const n of [1, 4, 7, 8, 12, 17]) {
          for (const [k, rows, cols] of [
            [1, 3, 3],
            [9, 3, 1],
            [4, 1, 2],
            [5, 2, 5],
          ] as const) {
            check(instance, variant, { tiles: 2, k, n, window: { rows, cols, col: k + 2, row: (k + 2) * cols + 7 } });
          }
        }
      } else {
        for (let n = 1; n <= 17; n++) for (const k of [1, 3, 4, 9]) check(instance, variant, { tiles: 1, k, n });
        for (const tiles of [2, 3]) check(instance, variant, { tiles, k: 24, n: 24 });
        check(instance, variant, { tiles: 1, k: 401, n: 31 });
      }
    });
  }

  it("NaN and infinity go through the bounds as in TensorFlow", async () => {
    const variant = GEMM_VARIANTS.find(({ minmax, add, window, ragged }) => minmax && !add && !window && ragged);
    assert.ok(variant);
    const { floats, call } = await made(variant);
    floats.set([NaN, Infinity, -Infinity], A / 4);
    packGemm(floats.subarray(B / 4), Float32Array.of(1), [0], [1], { k: 1, n: 1, columns: variant.columns });
    call(gemmName(variant), 3, 1, 1, A, 4, B, C, 4, 0, 6);
    assert.deepEqual([...floats.subarray(C / 4, C / 4 + 3)], [NaN, 6, 0]);
  });

  it("adds in place", async () => {
    const variant = GEMM_VARIANTS.find(
      ({ minmax, add, window, rows, ragged }) => !minmax && add && !window && rows === 2 && ragged,
    );
    assert.ok(variant);
    const { floats, call } = await made(variant);
    floats.set([1, 2], A / 4);
    floats.set([10, 20], C / 4);
    packGemm(floats.subarray(B / 4), Float32Array.of(3), [0.5], [1], { k: 1, n: 1, columns: variant.columns });
    call(gemmName(variant), 1, 1, 1, A, 4, B, C, 4, C);
    assert.deepEqual([...floats.subarray(C / 4, C / 4 + 2)], [13.5, 26.5]);
  });
});
