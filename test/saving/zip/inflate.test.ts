/** Compressed members, as Python's zlib packs them: unpacked to the size that is declared, and no further. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inflate } from "../../../src/saving/zip/inflate.ts";
import { hex, utf8 } from "../hex.ts";

/** zlib.compressobj(9, zlib.DEFLATED, -15) of b"MobileNetV2 " * 20. */
const PACKED = hex("f3cd4fcacc49f54b2d093352f01d016c00");
const WRONG_SIZE = "The zip archive is broken: 'x' is not of the size that the directory says.";

test("what was packed is unpacked; a stored block too", async () => {
  assert.deepEqual(await inflate(PACKED, 240, "x", 1000), utf8("MobileNetV2 ".repeat(20)));
  assert.deepEqual(await inflate(hex("010300fcff616263"), 3, "x", 1000), utf8("abc"));
});

test("more or less content than declared is refused", async () => {
  for (const size of [0, 239, 241]) {
    await assert.rejects(inflate(PACKED, size, "x", 1000), { code: "FormatError", message: WRONG_SIZE }, `${size}`);
  }
});

test("a size beyond what deflate can reach, or over the limit, is refused before anything is allocated", async () => {
  await assert.rejects(inflate(PACKED, PACKED.length * 1032 + 1, "x", 1e9), {
    code: "FormatError",
    message: WRONG_SIZE,
  });
  await assert.rejects(inflate(PACKED, 1001, "x", 1000), {
    code: "LimitError",
    message:
      "'x' in the zip archive unpacks to 1001 bytes, which is refused: at most 1000 are read. If you trust it, unpack the archive first.",
  });
});

test("bytes that are no deflate, and a stream that is cut, are refused", async () => {
  const message = /^The zip archive is broken: 'x' cannot be unpacked \(/;
  await assert.rejects(inflate(hex("ffffffff"), 240, "x", 1000), { code: "FormatError", message });
  await assert.rejects(inflate(PACKED.subarray(0, -3), 240, "x", 1000), { code: "FormatError" });
});
