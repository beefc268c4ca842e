/** Datatypes and dataspaces as the file format specification lays them out (IV.A.2.b and d); the bytes of floats and integers are h5py's. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readDataspace, readDatatype } from "../../../src/saving/hdf5/datatype.ts";
import { cursorOver, u64 } from "./bytes-of.ts";

describe("readDatatype", () => {
  const numbers: readonly (readonly [string, string, number, boolean])[] = [
    ["11201f00 04000000 0000 2000 17 08 00 17 7f000000", "float32", 4, true],
    ["11211f00 04000000 0000 2000 17 08 00 17 7f000000", "float32", 4, false],
    ["11203f00 08000000 0000 4000 34 0b 00 34 ff030000", "float64", 8, true],
    ["11200f00 02000000 0000 1000 0a 05 00 0a 0f000000", "float16", 2, true],
    ["11200f00 02000000 0000 1000 07 08 00 07 7f000000", "bfloat16", 2, true],
    ["10080000 01000000 0000 0800", "int8", 1, true],
    ["10000000 01000000 0000 0800", "uint8", 1, true],
    ["10010000 02000000 0000 1000", "uint16", 2, false],
    ["10080000 08000000 0000 4000", "int64", 8, true],
  ];
  for (const [digits, name, size, littleEndian] of numbers) {
    test(`${name}, ${littleEndian ? "little" : "big"}-endian`, () => {
      assert.deepEqual(readDatatype(cursorOver(digits)), { kind: "number", name, size, littleEndian });
    });
  }

  test("texts of a fixed and of a variable length", () => {
    const text = { kind: "string", name: "string" };
    assert.deepEqual(readDatatype(cursorOver("13000000 05000000")), {
      ...text,
      size: 5,
      variable: false,
      spaces: false,
    });
    assert.deepEqual(readDatatype(cursorOver("13020000 05000000")), {
      ...text,
      size: 5,
      variable: false,
      spaces: true,
    });
    assert.deepEqual(readDatatype(cursorOver("19010100 10000000")), {
      ...text,
      size: 16,
      variable: true,
      spaces: false,
    });
  });

  const others: readonly (readonly [string, string, string])[] = [
    ["an integer of 12 bits in 2 bytes", "10080000 02000000 0000 0c00", "integer"],
    ["an integer with bits before it", "10080000 02000000 0400 1000", "integer"],
    ["a float of VAX", "11611f00 04000000 0000 2000 17 08 00 17 7f000000", "float"],
    ["a float with another bias", "11201f00 04000000 0000 2000 17 08 00 17 80000000", "float"],
    ["opaque bytes", "15000000 02000000", "opaque"],
    ["a compound", "16000000 08000000", "compound"],
    ["a sequence of variable length", "19000000 10000000", "variable-length"],
    ["a class that the specification does not know", "1c000000 04000000", "class 12"],
  ];
  for (const [what, digits, name] of others) {
    test(`${what} is named, and is no number`, () => {
      const { kind, name: given } = readDatatype(cursorOver(digits));
      assert.deepEqual([kind, given], ["other", name]);
    });
  }

  test("a datatype that is cut off is refused", () => {
    assert.throws(() => readDatatype(cursorOver("11201f00 04000000 0000 20")), {
      code: "FormatError",
      message: "The HDF5 file is broken: it ends in the middle, at 11.",
    });
  });
});

describe("readDataspace", () => {
  test("versions 1 and 2, one value, none, nothing", () => {
    assert.deepEqual(readDataspace(cursorOver(`01 02 00 00 00000000 ${u64(3)} ${u64(4)}`)), [3, 4]);
    assert.deepEqual(readDataspace(cursorOver(`02 01 00 01 ${u64(5)}`)), [5]);
    assert.deepEqual(readDataspace(cursorOver("02 00 00 00")), []);
    assert.deepEqual(readDataspace(cursorOver("02 00 00 02")), [0]);
  });

  test("33 axes, an axis of 2^53, and other versions are refused", () => {
    const refused: readonly (readonly [string, string])[] = [
      [`02 21 00 01 ${u64(1).repeat(33)}`, "The HDF5 file is broken: a shape of 33 axes."],
      [`02 01 00 01 ${u64(2 ** 53)}`, "The HDF5 file is broken: it has a length of 2^53 or more."],
      ["03 00 00 00", "The HDF5 file is broken or newer than this reader: it has version 3. Known: 1, 2."],
    ];
    for (const [digits, message] of refused) {
      assert.throws(() => readDataspace(cursorOver(digits)), { code: "FormatError", message });
    }
  });
});
