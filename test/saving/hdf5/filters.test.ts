/** Filters of chunks: what zlib packs in every way is unpacked, LZF, szip, nbit and scaleoffset too; each bounded, and broken ones refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { constants, deflateSync } from "node:zlib";
import { uniform } from "../../../src/core/random.ts";
import { inflateZlib } from "../../../src/saving/hdf5/chunks/inflate.ts";
import { unpackLzf } from "../../../src/saving/hdf5/chunks/lzf.ts";
import { unpackNbit, unpackScaleOffset } from "../../../src/saving/hdf5/chunks/packed-bits.ts";
import { unpackSzip } from "../../../src/saving/hdf5/chunks/szip.ts";
import { hex, utf8 } from "../hex.ts";

const { Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;
const weights = new Uint8Array(uniform("weights", 20_000, -1, 1).buffer);
const contents: Readonly<Record<string, Uint8Array>> = {
  nothing: new Uint8Array(),
  "one byte": Uint8Array.of(7),
  zeros: new Uint8Array(100_000),
  text: utf8("MobileNetV2 in HDF5, ".repeat(300)),
  weights,
  "few different bytes": weights.map((byte) => byte & 3),
};

for (const [name, content] of Object.entries(contents)) {
  test(`what zlib packs at every level and in every way is unpacked: ${name}`, () => {
    for (const level of [0, 1, 6, 9]) {
      for (const strategy of [Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE]) {
        const packed = new Uint8Array(deflateSync(content, { level, strategy }));
        const unpacked = inflateZlib(packed, content.length);
        assert.ok(unpacked !== undefined && Buffer.compare(unpacked, content) === 0, `${level}, ${strategy}`);
      }
    }
  });
}

test("more than is allowed, another format, and streams that end early are refused", () => {
  const packed = new Uint8Array(deflateSync(contents["text"] ?? new Uint8Array()));
  assert.equal(inflateZlib(packed, 6299), undefined);
  assert.equal(inflateZlib(packed.subarray(2), 6300), undefined);
  assert.equal(inflateZlib(new Uint8Array(), 10), undefined);
  for (let length = 0; length < packed.length - 4; length++) {
    assert.equal(inflateZlib(packed.subarray(0, length), 6300), undefined, `${length}`);
  }
});

test("a content with another checksum is refused", () => {
  const packed = new Uint8Array(deflateSync(utf8("weights")));
  packed[packed.length - 1] = (packed.at(-1) ?? 0) ^ 1;
  assert.equal(inflateZlib(packed, 7), undefined);
});

test("LZF: literals, copies near and far, copies of what they make; nothing from before the beginning", () => {
  // Three literals; three bytes from three back; eleven from one back, with a length of its own.
  assert.deepEqual(unpackLzf(hex("02 616263 20 02 e0 02 00"), 100), utf8("abcabcccccccccccc".slice(0, 17)));
  assert.equal(unpackLzf(hex("02 616263 20 02"), 5), undefined);
  assert.equal(unpackLzf(hex("02 6162"), 100), undefined);
  assert.equal(unpackLzf(hex("00 61 20 05"), 100), undefined);
});

test("szip: zero blocks, split ones, pairs; at most what is allowed, and no stream that ends early", () => {
  const values = [
    ...Array.from({ length: 32 }, () => 0),
    ...Array.from({ length: 16 }, (_, i) => i),
    ...Array.from({ length: 16 }, (_, i) => (16 * i) % 251),
    ...Array.from({ length: 16 }, (_, i) => i % 2),
  ];
  const content = Uint8Array.from(values.flatMap((value) => [value >> 8, value & 255]));
  // What HDF5 1.14 makes of these numbers of 16 bits, big-endian, in blocks of 8, and the filter's values there.
  const packed = hex("a00000000000008d249244924925549249d000000052492490000000060003ffe108421084bfffc0");
  const filter = [177, 8, 16, 80];
  assert.deepEqual(unpackSzip(packed, 160, filter), content);
  assert.equal(unpackSzip(packed, 159, filter), undefined);
  for (let length = 0; length < packed.length - 2; length++) {
    assert.equal(unpackSzip(packed.subarray(0, length), 160, filter), undefined, `${length}`);
  }
});

test("nbit and scaleoffset with too few bits, too many values, or of unknown kinds are refused", () => {
  const nbit = [8, 0, 2, 1, 2, 0, 12, 0];
  assert.deepEqual(unpackNbit(hex("123456"), 4, nbit), hex("2301 5604"));
  assert.equal(unpackNbit(hex("1234"), 4, nbit), undefined);
  assert.equal(unpackNbit(hex("123456"), 3, nbit), undefined);
  assert.equal(unpackNbit(hex("123456"), 4, nbit.with(3, 3)), undefined);
  const head = "04000000 08 0500000000000000 0000000000000000";
  const offset = [2, 0, 2, 0, 1, 0, 0, 0];
  assert.deepEqual(unpackScaleOffset(hex(`${head} 12`), 2, offset), Uint8Array.of(6, 7));
  assert.equal(unpackScaleOffset(hex(head), 2, offset), undefined);
  assert.equal(unpackScaleOffset(hex(`${head} 12`), 1, offset), undefined);
  assert.equal(unpackScaleOffset(hex(`${head} 12`), 2, offset.with(0, 1)), undefined);
});
