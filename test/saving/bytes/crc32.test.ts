/** CRC-32: the check value of the standard, and numbers of Python's zlib.crc32 around the eight bytes that are taken at a time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checksum, crc32 } from "../../../src/saving/bytes/crc32.ts";
import { utf8 } from "../hex.ts";

function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i);
}

test("the check value, nothing, one byte", () => {
  assert.equal(crc32(utf8("123456789")), 0xcbf43926);
  assert.equal(crc32(new Uint8Array()), 0);
  assert.equal(crc32(utf8("a")), 0xe8b7be43);
});

test("lengths of 7, 8, 9, 33 and 256 bytes", () => {
  assert.equal(crc32(counting(7)), 0xad5809f9);
  assert.equal(crc32(counting(8)), 0x88aa689f);
  assert.equal(crc32(counting(9)), 0xbce14302);
  assert.equal(crc32(new Uint8Array(33).fill(255)), 0x682db523);
  assert.equal(crc32(counting(256)), 0x29058c73);
});

test("CRC-32C, of another polynomial: the check value, and RFC 3720's zeros and counting bytes", () => {
  const crc32c = checksum(0x82f63b78);
  assert.equal(crc32c(utf8("123456789")), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(counting(32)), 0x46dd794e);
});
