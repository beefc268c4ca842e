/** Every integer matrix kernel at the edges of its tiles: exactly what the plain loops give. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fnv1a32, unitAt } from "../../../src/core/random.ts";
import { compute } from "../../../src/engine/integers/reference.ts";
import {
  type I8GemmVariant,
  groupsOf,
  i8Gemm,
  i8GemmName,
  i8PanelBytes,
  packI8Gemm,
  packedI8GemmSize,
} from "../../../src/kernels/i8/gemm.ts";
import { ACTIVATION_BYTES } from "../../../src/kernels/i8/parts.ts";
import { I8_GEMM_VARIANTS } from "../../../src/kernels/i8/table.ts";
import { ModuleBuilder } from "../../../src/wasm/module.ts";
import { activationsAt, asOn, putActivations, randomIntegers, supports } from "../../support/integers.ts";
import { type Instance, instantiate } from "../../support/wasm.ts";

const A = 1024;
const B = 1 << 20;
const C = 2 << 20;
const R = 3 << 20;
const SCRATCH = 512 * 1024;
/** Stays wherever a kernel does not write. */
const UNTOUCHED = 77;

interface Case {
  readonly tiles: number;
  readonly k: number;
  readonly n: number;
  readonly window?: { readonly rows: number; readonly cols: number };
}

/** A picture of one row and `m` columns or, with a window, what it needs, run as a convolution by the kernel and by the reference. */
function check({ memory, call }: Instance, variant: I8GemmVariant, { tiles, k, n, window }: Case): void {
  const { mode, output, rows, add } = variant;
  const name = i8GemmName(variant);
  const m = tiles * rows;
  const { rows: windowRows, cols: windowCols } = window ?? { rows: 1, cols: 1 };
  const from = { rows: windowRows, cols: m - 1 + windowCols, channels: k };
  const bytes = new Uint8Array(memory.buffer);
  const seed = `${name} ${tiles} ${k} ${n}`;
  const a = randomIntegers(`${seed}/a`, from.rows * from.cols * k, 0, 255);
  const kernel = Int8Array.from(randomIntegers(`${seed}/b`, windowRows * windowCols * k * n, -127, 127));
  const starts = Int32Array.from(randomIntegers(`${seed}/starts`, n, -20000, 20000));
  const stream = fnv1a32(`${seed}/factors`);
  const spread = 127 / Math.sqrt(kernel.length / n) / 8000;
  const factors = Float32Array.from({ length: n }, (_, i) => spread * (0.5 + unitAt(stream, i)));
  const added = randomIntegers(`${seed}/r`, m * n, 0, 255);
  const residual = add ? { value: 1, factor: Math.fround(0.37) } : undefined;

  const expected = compute(
    {
      kind: "integer convolution",
      mode,
      wide: false,
      input: 0,
      output: 2,
      from,
      to: { rows: 1, cols: m, channels: n },
      window: {
        rows: windowRows,
        cols: windowCols,
        strides: [1, 1],
        dilation: [1, 1],
        pads: [
          [0, 0],
          [0, 0],
        ],
      },
      by: "rows",
      kernel,
      starts,
      factors,
      results: output,
      padding: 0,
      residual,
    },
    (value) => Uint8Array.from(value === 0 ? a : added),
  );

  const cStride = n + 5;
  const resultBytes = output === "f32" ? 4 : ACTIVATION_BYTES[mode];
  putActivations(bytes, A, mode, a);
  bytes.fill(UNTOUCHED, C - 64, C + m * cStride * resultBytes + 64);
  const rStride = (n + 3) * ACTIVATION_BYTES[mode];
  for (let row = 0; row < m; row++) putActivations(bytes, R + row * rStride, mode, added.slice(row * n, (row + 1) * n));
  const matrix = { mode, add, runs: windowRows * windowCols, k, n };
  packI8Gemm(bytes.subarray(B, B + packedI8GemmSize(matrix)), matrix, {
    weights: kernel,
    starts,
    factors,
    residualFactor: residual?.factor,
  });

  const pixel = k * ACTIVATION_BYTES[mode];
  const args = [tiles, groupsOf(mode, k), n, A, pixel, B, i8PanelBytes(matrix), C, cStride * resultBytes];
  if (add) args.push(R, rStride);
  const walked = groupsOf(mode, k) * 4;
  if (window) args.push(window.rows, window.cols, pixel - walked, (from.cols - window.cols) * pixel);
  if (variant.wide) args.push(SCRATCH);
  call(name, ...args);

  for (let row = 0; row < m; row++) {
    const start = C + row * cStride * resultBytes;
    const actual = output === "f32" ? new Float32Array(memory.buffer, start, n) : activationsAt(bytes, start, mode, n);
    for (let col = 0; col < n; col++) assert.equal(actual[col], expected[row * n + col], `${seed}: [${row}, ${col}]`);
    for (let at = (row * cStride + n) * resultBytes; at < (row + 1) * cStride * resultBytes; at++) {
      assert.equal(bytes[C + at], UNTOUCHED, `${seed}: after row ${row}`);
    }
  }
  for (let at = 1; at <= 64; at++) assert.equal(bytes[C - at], UNTOUCHED, `${seed}: before C`);
}

describe("integer matrix kernels, exactly", () => {
  for (const variant of I8_GEMM_VARIANTS) {
    it(i8GemmName(variant), { skip: supports(variant.mode) }, async () => {
      const module = new ModuleBuilder();
      module.export(asOn(variant.mode, () => i8Gemm(module, variant)));
      const instance = await instantiate(module);
      if (variant.panels > 1) {
        for (const k of [1, 4, 9, 64])
          for (const n of [8 * variant.panels, 16 * variant.panels])
            check(instance, variant, { tiles: 2, k, n, ...(variant.window && { window: { rows: 3, cols: 2 } }) });
      } else if (variant.window) {
        for (const n of [1, 4, 7, 8, 12, 17]) {
          for (const [k, rows, cols] of [
            [1, 3, 3],
            [9, 3, 1],
            [4, 1, 2],
            [5, 2, 5],
          ] as const)
            check(instance, variant, { tiles: 2, k, n, window: { rows, cols } });
        }
      } else {
        for (let n = 1; n <= 17; n++) for (const k of [1, 3, 4, 9]) check(instance, variant, { tiles: 1, k, n });
        for (const tiles of [2, 3]) check(instance, variant, { tiles, k: 24, n: 24 });
        check(instance, variant, { tiles: 1, k: 401, n: 31 });
      }
    });
  }
});
