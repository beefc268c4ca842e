import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Code } from "../../src/wasm/code.ts";

function written(write: (code: Code) => void): number[] {
  const code = new Code();
  write(code);
  return [...code.toBytes()];
}

describe("bytes of the binary format", () => {
  it("writes unsigned LEB128", () => {
    for (const [value, bytes] of [
      [0, [0]],
      [127, [0x7f]],
      [128, [0x80, 0x01]],
      [624485, [0xe5, 0x8e, 0x26]],
      [0xffffffff, [0xff, 0xff, 0xff, 0xff, 0x0f]],
    ] as const) {
      assert.deepEqual(
        written((code) => code.unsigned(value)),
        bytes,
        String(value),
      );
    }
  });

  it("writes signed LEB128", () => {
    for (const [value, bytes] of [
      [0, [0]],
      [63, [0x3f]],
      [64, [0xc0, 0x00]],
      [-1, [0x7f]],
      [-64, [0x40]],
      [-65, [0xbf, 0x7f]],
      [-123456, [0xc0, 0xbb, 0x78]],
      [0x7fffffff, [0xff, 0xff, 0xff, 0xff, 0x07]],
      [-0x80000000, [0x80, 0x80, 0x80, 0x80, 0x78]],
      [0xffffffc0, [0x40]],
    ] as const) {
      assert.deepEqual(
        written((code) => code.signed(value)),
        bytes,
        String(value),
      );
    }
  });

  it("writes floats, names and sized parts", () => {
    assert.deepEqual(
      written((code) => code.float(1.5)),
      [0, 0, 0xc0, 0x3f],
    );
    assert.deepEqual(
      written((code) => code.name("é")),
      [2, 0xc3, 0xa9],
    );
    assert.deepEqual(
      written((code) => code.section(7, (part) => part.vector([5, 6], (value) => part.byte(value)))),
      [7, 3, 2, 5, 6],
    );
  });
});
