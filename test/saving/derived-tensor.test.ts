/** Tensors made of a file's: other shapes, other orders of axes (as numpy's transpose has them), integers as numbers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dequantized, reshaped, transposed } from "../../src/saving/derived-tensor.ts";
import type { StoredTensor } from "../../src/saving/stored-tensor.ts";

/** 0, 1, 2, … in a shape. */
function counting(...shape: readonly number[]): StoredTensor {
  const size = shape.reduce((product, axis) => product * axis, 1);
  return { name: "w", shape, dtype: "float32", read: () => Float32Array.from({ length: size }, (_, i) => i) };
}

test("reshaped keeps the order of values, and refuses another number of them", () => {
  const tensor = reshaped(counting(2, 3), [3, 2]);
  assert.deepEqual(
    [tensor.shape, [...tensor.read()]],
    [
      [3, 2],
      [0, 1, 2, 3, 4, 5],
    ],
  );
  assert.throws(() => reshaped(counting(2, 3), [4]), {
    code: "FormatError",
    message: "Tensor 'w' of shape (2, 3) cannot take the shape (4,).",
  });
});

test("transposed: numpy.arange(n).reshape(shape).transpose(order)", () => {
  const cases: readonly (readonly [readonly number[], readonly number[], readonly number[]])[] = [
    [
      [2, 3],
      [1, 0],
      [0, 3, 1, 4, 2, 5],
    ],
    [
      [2, 2, 2],
      [2, 0, 1],
      [0, 2, 4, 6, 1, 3, 5, 7],
    ],
    [
      [2, 2, 2],
      [1, 2, 0],
      [0, 4, 1, 5, 2, 6, 3, 7],
    ],
    [
      [1, 2, 3],
      [1, 0, 2],
      [0, 1, 2, 3, 4, 5],
    ],
    [
      [2, 1, 1, 3],
      [2, 3, 1, 0],
      [0, 3, 1, 4, 2, 5],
    ],
    [
      [2, 3, 1, 2],
      [2, 3, 1, 0],
      [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11],
    ],
  ];
  for (const [shape, order, values] of cases) {
    const tensor = transposed(counting(...shape), order);
    assert.deepEqual([...tensor.read()], values, `${shape.join()} by ${order.join()}`);
    assert.deepEqual(
      tensor.shape,
      order.map((axis) => shape[axis]),
    );
  }
});

test("dequantized: scale × (integer − zero point), one for all or one for each place along an axis", () => {
  const affine = (axis: number, scales: readonly number[], zeroPoints: readonly number[]) => ({
    axis,
    count: scales.length,
    scales: () => scales,
    zeroPoints: () => zeroPoints,
  });
  const values = (...options: Parameters<typeof affine>): readonly number[] => [
    ...dequantized(counting(2, 3), affine(...options)).read(),
  ];
  assert.deepEqual(values(0, [0.5], [2]), [-1, -0.5, 0, 0.5, 1, 1.5]);
  assert.deepEqual(values(0, [1, 10], []), [0, 1, 2, 30, 40, 50]);
  assert.deepEqual(values(1, [1, 10, 100], [0, 1, 2]), [0, 0, 0, 3, 30, 300]);
  assert.throws(() => values(1, [1, 2], []), {
    code: "FormatError",
    message: "Tensor 'w' of shape (2, 3) has 2 scales along its axis 1.",
  });
  assert.throws(() => values(0, [NaN], []), {
    code: "FormatError",
    message: "Tensor 'w' has scales or zero points that are missing or not finite.",
  });
});
