/** Bytes that grow: integers as Python's struct.pack writes them, zeros, and bytes that are set later. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../../../src/saving/bytes/byte-writer.ts";
import { hex } from "../hex.ts";

test("integers are little-endian: struct.pack('<BHIQ', 1, 0x203, 0x4050607, 2**40 + 5)", () => {
  const writer = new ByteWriter(1)
    .u8(1)
    .u16(0x203)
    .u32(0x4050607)
    .u64(2 ** 40 + 5);
  assert.deepEqual(writer.bytes(), hex("01 0302 07060504 0500000000010000"));
  assert.equal(writer.length, 15);
});

test("align fills up with zeros to a multiple, and adds nothing on one", () => {
  const writer = new ByteWriter(2).raw(hex("ffff ff")).align(8);
  assert.deepEqual(writer.bytes(), hex("ffffff0000000000"));
  assert.equal(writer.align(8).zeros(1).length, 9);
});

test("patchU64 sets earlier bytes and no others, also after the buffer has grown", () => {
  const writer = new ByteWriter(1).u8(0xee).zeros(8).u8(0xee);
  writer.patchU64(1, 2 ** 32 + 7);
  assert.deepEqual(writer.bytes(), hex("ee 0700000001000000 ee"));
});
