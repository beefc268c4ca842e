/** FlatBuffers, written by hand after the binary format's description: fields, defaults, vectors, and every offset that leads outside. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { rootTable } from "../../../src/saving/tflite/flatbuffer.ts";
import { hex } from "../hex.ts";

/**
 * The root table is at 20, its table of offsets at 4: field 0 is an int32, 1 a vector of three int32, 2 is not there, 3 a text, 4 a table
 * with one int32, 5 a vector of such tables.
 */
const FILE = hex(`
  14000000
  10001800 04000800 00000c00 10001400
  10000000 f9ffffff 10000000 1c000000 28000000 2c000000
  03000000 01000000 feffffff 03000000
  03000000 6b697700
  06000800 04000000 08000000 2a000000
  01000000 04000000 18000000 2b000000
`);

function changed(at: number, digits: string): Uint8Array {
  const bytes = FILE.slice();
  bytes.set(hex(digits), at);
  return bytes;
}

describe("reading", () => {
  const root = rootTable(FILE);

  test("numbers at any width, and defaults where a field is not there or newer than the file", () => {
    assert.deepEqual([root.int32(0), root.uint32(0), root.int8(0), root.uint8(0)], [-7, 0xfffffff9, -7, 0xf9]);
    assert.deepEqual([root.has(0), root.has(2), root.has(6)], [true, false, false]);
    assert.deepEqual([root.int32(2, 9), root.float32(6, 0.5), root.uint64(2, 3), root.int8(2)], [9, 0.5, 3, 0]);
  });

  test("vectors of numbers and of bytes, texts", () => {
    assert.deepEqual(root.int32s(1), [1, -2, 3]);
    assert.equal(root.length(1), 3);
    assert.deepEqual(root.bytes(1), hex("010000"));
    assert.equal(root.text(3), "kiw");
    assert.deepEqual([root.int32s(2), root.text(2), root.bytes(2), root.length(2)], [[], "", undefined, 0]);
  });

  test("tables within, alone and in a vector", () => {
    assert.equal(root.table(4)?.int32(0), 42);
    assert.deepEqual(
      root.tables(5).map((table) => table.int32(0)),
      [43],
    );
    assert.deepEqual([root.table(2), root.tables(2)], [undefined, []]);
  });
});

function message(end: number): string {
  return `The TFLite file is truncated or broken: it refers to byte ${end} of ${FILE.length}. Download or copy it again.`;
}

describe("what leads outside of the file is refused", () => {
  test("the root, its table of offsets, a field, a vector", () => {
    assert.throws(() => rootTable(changed(0, "ffffff7f")), { code: "FormatError", message: message(0x7fffffff + 4) });
    assert.throws(() => rootTable(changed(20, "00000080")), { code: "FormatError" });
    assert.throws(() => rootTable(changed(4, "ffff")), { code: "FormatError", message: message(4 + 0xffff) });
    assert.throws(() => rootTable(changed(8, "ff00")).int32(0), {
      code: "FormatError",
      message: message(20 + 255 + 4),
    });
    assert.throws(() => rootTable(changed(44, "ffffffff")).int32s(1), {
      code: "FormatError",
      message: message(48 + 4 * 0xffffffff),
    });
  });

  test("a file that is cut before the end of its text is refused; the NUL behind it is not needed", () => {
    const read = (length: number): unknown => {
      const root = rootTable(FILE.subarray(0, length));
      return [root.int32s(1), root.text(3)];
    };
    for (let length = 0; length < 67; length++) {
      assert.throws(() => read(length), { name: "MobileNetV2Error", code: "FormatError" }, `${length}`);
    }
    assert.deepEqual(read(67), [[1, -2, 3], "kiw"]);
  });
});
