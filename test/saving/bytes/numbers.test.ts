/** Numbers of every type as float32. The bytes are those of Python's struct.pack. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { elementSize, firstOf, float32Of } from "../../../src/saving/bytes/numbers.ts";
import { hex } from "../hex.ts";

describe("float32Of", () => {
  const cases: readonly (readonly [dtype: string, little: string, big: string, values: readonly number[]])[] = [
    ["float64", "9a9999999999b93f", "3fb999999999999a", [Math.fround(0.1)]],
    ["float32", "0000c03f 01000080", "3fc00000 80000001", [1.5, -(2 ** -149)]],
    [
      "float16",
      "003c 00c0 ff7b 0100 0004 5535",
      "3c00 c000 7bff 0001 0400 3555",
      [1, -2, 65504, 2 ** -24, 2 ** -14, 0.333251953125],
    ],
    ["float16", "007c 00fc 007e 0080", "7c00 fc00 7e00 8000", [Infinity, -Infinity, NaN, -0]],
    ["bfloat16", "803f c0bf 7f7f 807f", "3f80 bfc0 7f7f 7f80", [1, -1.5, 1.9921875 * 2 ** 127, Infinity]],
    ["int64", "ffffffffffffffff 0100000000000000", "ffffffffffffffff 0000000000000001", [-1, 1]],
    ["uint64", "0000000000000080", "8000000000000000", [2 ** 63]],
    ["int32", "ffffffff 00000080", "ffffffff 80000000", [-1, -(2 ** 31)]],
    ["uint32", "00000080", "80000000", [2 ** 31]],
    ["int16", "feff 0080", "fffe 8000", [-2, -32768]],
    ["uint16", "feff", "fffe", [65534]],
    ["int8", "7f80ff", "7f80ff", [127, -128, -1]],
    ["uint8", "007f80ff", "007f80ff", [0, 127, 128, 255]],
  ];
  for (const [dtype, little, big, values] of cases) {
    test(`${dtype}: ${values.join(", ")}, in either order of bytes`, () => {
      assert.deepEqual([...float32Of({ bytes: hex(little), dtype, littleEndian: true })], values);
      assert.deepEqual([...float32Of({ bytes: hex(big), dtype, littleEndian: false })], values);
    });
  }

  test("little-endian float32 is a view if it is aligned, else a copy; what makes no whole element is left out", () => {
    const bytes = new Uint8Array(16);
    const aligned = float32Of({ bytes: bytes.subarray(4, 15), dtype: "float32", littleEndian: true });
    assert.deepEqual([aligned.buffer, aligned.byteOffset, aligned.length], [bytes.buffer, 4, 2]);
    const copied = float32Of({ bytes: bytes.subarray(1, 9), dtype: "float32", littleEndian: true });
    assert.notEqual(copied.buffer, bytes.buffer);
    assert.equal(copied.length, 2);
  });

  test("a type that is not read is refused by its name", () => {
    for (const read of [
      () => elementSize("complex64"),
      () => float32Of({ bytes: hex(""), dtype: "complex64", littleEndian: true }),
    ]) {
      assert.throws(read, { code: "UnsupportedError", message: "Tensors of type complex64 are not read." });
    }
  });
});

test("firstOf gives the first value as precisely as it is stored, and NaN for none", () => {
  const first = (digits: string, dtype: string): number => firstOf({ bytes: hex(digits), dtype, littleEndian: true });
  assert.equal(first("ffffffffffff1f00", "int64"), 2 ** 53 - 1);
  assert.equal(first("9a9999999999b93f", "float64"), 0.1);
  assert.equal(first("000000", "int32"), NaN);
});
