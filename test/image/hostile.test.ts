/** Pictures that are broken, cut off, lying or no pictures: each answered within a second, in bounded memory, by a typed error or a documented result. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { crc32, deflateSync } from "node:zlib";
import { type ErrorCode, MobileNetV2Error } from "../../src/core/errors.ts";
import type { Image } from "../../src/image/image.ts";
import { loadImg, type LoadImgOptions } from "../../src/image/load-img.ts";
import { concat, pictureBytes } from "./pictures.ts";

const SECOND = 1000;
const MEGABYTE = 1024 * 1024;

interface Outcome {
  readonly image?: Image;
  readonly error?: MobileNetV2Error;
}

/** What loading gives: an image or a typed error, within a second and within the file's size + 64 MB. */
async function outcome(bytes: Uint8Array, options?: LoadImgOptions): Promise<Outcome> {
  const memory = process.resourceUsage().maxRSS;
  const start = performance.now();
  let result: Outcome;
  try {
    const image = await loadImg(bytes, options);
    assert.equal(image.data.length, image.width * image.height * image.channels);
    result = { image };
  } catch (error) {
    assert.ok(error instanceof MobileNetV2Error, `not a typed error: ${String(error)}`);
    result = { error };
  }
  assert.ok(performance.now() - start < SECOND, "within a second");
  const grown = (process.resourceUsage().maxRSS - memory) * 1024;
  assert.ok(grown < bytes.length + 64 * MEGABYTE, `within the file + 64 MB: ${grown / MEGABYTE} MB`);
  return result;
}

async function refused(bytes: Uint8Array, code: ErrorCode, message: RegExp, options?: LoadImgOptions): Promise<void> {
  const { error } = await outcome(bytes, options);
  assert.ok(error !== undefined, `decoded, instead of ${message}`);
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
}

async function samePictureAs(bytes: Uint8Array, name: string): Promise<void> {
  const { image, error } = await outcome(bytes);
  assert.ok(image !== undefined, String(error));
  assert.deepEqual(image, await loadImg(pictureBytes(name)));
}

function pngChunk(type: string, content: Uint8Array): Uint8Array {
  const body = concat(type, content);
  const numbers = new DataView(new ArrayBuffer(8));
  numbers.setUint32(0, content.length);
  numbers.setUint32(4, crc32(body));
  return concat(new Uint8Array(numbers.buffer, 0, 4), body, new Uint8Array(numbers.buffer, 4, 4));
}

/** A PNG with a chunk put behind IHDR. */
function withChunk(png: Uint8Array, type: string, content: Uint8Array): Uint8Array {
  return concat(png.subarray(0, 33), pngChunk(type, content), png.subarray(33));
}

/** A PNG whose header tells another size. */
function withPngSize(png: Uint8Array, width: number, height: number): Uint8Array {
  const head = new Uint8Array(13);
  head.set(png.subarray(16, 29));
  new DataView(head.buffer).setUint32(0, width);
  new DataView(head.buffer).setUint32(4, height);
  return concat(png.subarray(0, 8), pngChunk("IHDR", head), png.subarray(33));
}

function patched(bytes: Uint8Array, offset: number, ...values: readonly number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, offset);
  return copy;
}

/** Where the JPEG frame header's height stands. */
function jpegSizeOffset(bytes: Uint8Array): number {
  return Buffer.from(bytes).indexOf(Buffer.of(0xff, 0xc0, 0, 17, 8)) + 5;
}

const kinds = ["plain.jpg", "progressive.jpg", "rgba.png", "interlaced.png", "plain.gif", "lossy.webp", "alpha.webp"];
const allKinds = [...kinds, "plain.avif", "lzw.tif", "24.bmp", "palette.bmp"];

test("cut off at 0, 1, 10, 50, 99 %: a clear error", async () => {
  for (const name of allKinds) {
    const bytes = pictureBytes(name);
    for (const percent of [0, 1, 10, 50, 99]) {
      const cut = bytes.subarray(0, Math.floor((bytes.length * percent) / 100));
      const { error } = await outcome(cut);
      // A TIFF may have its directory, and nothing that matters, at its end.
      assert.ok(error?.code === "FormatError", `${name} at ${percent} %: ${error?.message ?? "decoded"}`);
    }
  }
});

test("cut off at every byte: a typed error or the picture", async () => {
  for (const name of ["plain.jpg", "palette-alpha.png", "plain.gif", "lossy.webp"]) {
    const bytes = pictureBytes(name);
    for (let length = 0; length < bytes.length; length += 3) {
      const { image, error } = await outcome(bytes.subarray(0, length));
      assert.ok(error !== undefined || image !== undefined);
      if (image !== undefined) assert.deepEqual(image, await loadImg(bytes), `${name}: ${length} of ${bytes.length}`);
    }
  }
});

test("a byte changed anywhere: a typed error or a picture", async () => {
  for (const name of ["plain.jpg", "palette-alpha.png", "plain.gif", "lossy.webp", "24.bmp", "lzw.tif", "plain.avif"]) {
    const bytes = pictureBytes(name);
    for (let at = 0; at < Math.min(bytes.length, 400); at += 5) {
      const { image, error } = await outcome(patched(bytes, at, (bytes[at] ?? 0) ^ 0xff), { maxPixels: 1_000_000 });
      assert.ok(error !== undefined || image !== undefined);
    }
  }
});

test("garbage after the end, and a zip archive after the end: the picture", async () => {
  for (const name of kinds) {
    await samePictureAs(concat(pictureBytes(name), new Uint8Array(5000).fill(0xaa)), name);
    await samePictureAs(concat(pictureBytes(name), "PK\x03\x04 and so on", new Uint8Array(300)), name);
  }
});

test("a bad CRC in the pixels or the header of a PNG is an error; in a comment it does not matter", async () => {
  const png = pictureBytes("text.png");
  const data = Buffer.from(png).indexOf("IDAT");
  const length = new DataView(png.buffer, png.byteOffset + data - 4).getUint32(0);
  await refused(patched(png, data + 4 + length, 1, 2, 3, 4), "FormatError", /could not be decoded/);
  await refused(patched(png, 29, 1, 2, 3, 4), "FormatError", /could not be decoded/);
  const text = Buffer.from(png).indexOf("hello");
  await samePictureAs(patched(png, text, 0x48), "text.png");
});

test("a size of 0 in the header is an error", async () => {
  const png = pictureBytes("rgba.png");
  await refused(withPngSize(png, 0, 12), "FormatError", /size is 0 × 12/);
  await refused(withPngSize(png, 20, 0), "FormatError", /size is 20 × 0/);
  const jpeg = pictureBytes("plain.jpg");
  await refused(patched(jpeg, jpegSizeOffset(jpeg), 0, 0), "FormatError", /size is 20 × 0/);
  await refused(patched(jpeg, jpegSizeOffset(jpeg) + 2, 0, 0), "FormatError", /size is 0 × 12/);
  await refused(patched(pictureBytes("24.bmp"), 18, 0, 0, 0, 0), "FormatError", /size is 0 × 12/);
});

test("1 × 1 and 1 × 65,535 are pictures, resized too", async () => {
  const { image } = await outcome(pictureBytes("1x1.png"), { targetSize: [224, 224], interpolation: "bicubic" });
  assert.equal(new Set(image?.data).size, 3);
  const tall = await outcome(pictureBytes("1x65535.png"), { targetSize: [224, 224], interpolation: "bilinear" });
  assert.deepEqual([...new Set(tall.image?.data)], [77]);
  const cropped = await outcome(pictureBytes("1x65535.png"), { targetSize: [10, 10], keepAspectRatio: true });
  assert.deepEqual([...new Set(cropped.image?.data)], [77]);
});

test("more pixels than the limit are refused before they are decoded, in every format", async () => {
  const limit = /14000 × 14000 pixels, more than the limit of 50000000/;
  await refused(withPngSize(pictureBytes("rgba.png"), 14_000, 14_000), "LimitError", limit);
  const flat = deflateSync(new Uint8Array(14_000 * 1751), { level: 1 });
  const head = Uint8Array.of(0, 0, 0x36, 0xb0, 0, 0, 0x36, 0xb0, 1, 0, 0, 0, 0);
  const png = concat("\x89PNG\r\n\x1a\n", pngChunk("IHDR", head), pngChunk("IDAT", flat), pngChunk("IEND", concat()));
  await refused(png, "LimitError", limit);
  const side = [0x36, 0xb0, 0x36, 0xb0];
  const jpeg = pictureBytes("plain.jpg");
  await refused(patched(jpeg, jpegSizeOffset(jpeg), ...side), "LimitError", limit);
  const little = [0xb0, 0x36, 0, 0];
  await refused(patched(pictureBytes("24.bmp"), 18, ...little, ...little), "LimitError", limit);
  await refused(patched(pictureBytes("plain.gif"), 6, 0xb0, 0x36, 0xb0, 0x36), "LimitError", limit);
  await refused(patched(pictureBytes("lossy.webp"), 26, 0xb0, 0x36, 0xb0, 0x36), "LimitError", limit);
  const avif = pictureBytes("plain.avif");
  const ispe = Buffer.from(avif).indexOf("ispe") + 8;
  await refused(patched(avif, ispe, 0, 0, 0x36, 0xb0, 0, 0, 0x36, 0xb0), "LimitError", limit);
  await refused(pictureBytes("plain.jpg"), "LimitError", /20 × 12 pixels, more than the limit of 239/, {
    maxPixels: 239,
  });
});

test("a header that tells a larger picture than there is, within the limit, is an error", async () => {
  await refused(withPngSize(pictureBytes("rgba.png"), 2000, 2000), "FormatError", /could not be decoded/);
  await refused(patched(pictureBytes("24.bmp"), 18, 0, 16, 0, 0), "FormatError", /ends early/);
});

test("bombs in zTXt, iTXt and iCCP chunks are not inflated", async () => {
  const bomb = deflateSync(new Uint8Array(100 * MEGABYTE), { level: 1 });
  const png = pictureBytes("rgba.png");
  await samePictureAs(withChunk(png, "zTXt", concat("Comment\0\0", bomb)), "rgba.png");
  await samePictureAs(withChunk(png, "iTXt", concat("Comment\0\x01\0\0\0", bomb)), "rgba.png");
  await samePictureAs(withChunk(png, "iCCP", concat("profile\0\0", bomb)), "rgba.png");
  const { image, error } = await outcome(withChunk(png, "iCCP", concat("profile\0\0", bomb)), { convertProfile: true });
  assert.ok(image !== undefined || error?.code === "FormatError");
});

test("10 MB of EXIF in a JPEG, 10 MB in a PNG, and a directory of 65,535 entries: the picture", async () => {
  const jpeg = pictureBytes("plain.jpg");
  const segment = concat(
    Uint8Array.of(0xff, 0xe1, 0xff, 0xff),
    "Exif\0\0II*\0\x08\0\0\0\xff\xff",
    new Uint8Array(65517),
  );
  const segments = Array.from({ length: 160 }, () => segment);
  await samePictureAs(concat(jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)), "plain.jpg");
  const block = concat("MM\0*\0\0\0\x08\xff\xff", new Uint8Array(10 * MEGABYTE));
  await samePictureAs(withChunk(pictureBytes("rgba.png"), "eXIf", block), "rgba.png");
});

test("a thousand frames of GIF and WebP: the first", async () => {
  const gif = pictureBytes("animated.gif");
  const trailer = gif.length - 1;
  const oneFrame = pictureBytes("animated-1.gif");
  const frame = oneFrame.subarray(Buffer.from(oneFrame).indexOf(Buffer.of(0x2c, 0, 0, 0, 0)), oneFrame.length - 1);
  await samePictureAs(
    concat(gif.subarray(0, trailer), ...Array.from({ length: 1000 }, () => frame), ";"),
    "animated.gif",
  );

  const webp = pictureBytes("animated.webp");
  const from = Buffer.from(webp).indexOf("ANMF");
  const length = 8 + new DataView(webp.buffer, webp.byteOffset + from + 4).getUint32(0, true);
  const frames = Array.from({ length: 997 }, () => webp.subarray(from, from + length));
  const long = concat(webp, ...frames);
  new DataView(long.buffer).setUint32(4, long.length - 8, true);
  await samePictureAs(long, "animated.webp");
});

test("a thousand frames of APNG: the first", async () => {
  const png = pictureBytes("animated.png");
  const end = png.length - 12;
  const frame = pngChunk("fdAT", new Uint8Array(1000));
  await samePictureAs(
    concat(png.subarray(0, end), ...Array.from({ length: 1000 }, () => frame), png.subarray(end)),
    "animated.png",
  );
});

test("what a file is goes by its content, not by its name", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mobilenet-v2-"));
  try {
    const path = join(folder, "really-a-jpeg.png");
    writeFileSync(path, pictureBytes("plain.jpg"));
    assert.deepEqual(await loadImg(path), await loadImg(pictureBytes("plain.jpg")));
    writeFileSync(path, "no picture");
    await assert.rejects(
      loadImg(path),
      (error: unknown) => error instanceof MobileNetV2Error && error.message.startsWith(`${path}: Cannot identify`),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what is no picture is refused by name", async () => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>`;
  await refused(concat(svg), "FormatError", /SVG, which is refused/);
  await refused(concat(`<?xml version="1.0"?>\n<!-- made by hand -->\n${svg}`), "FormatError", /SVG, which is refused/);
  await refused(concat("\xef\xbb\xbf  <!DOCTYPE html><html><svg></svg></html>"), "FormatError", /an HTML page/);
  await refused(concat("<html><body>404</body></html>"), "FormatError", /an HTML page/);
  await refused(concat(`${"<!---->".repeat(5000)}<p>`), "FormatError", /it is XML/);
  await refused(concat("version https://git-lfs.github.com/spec/v1\noid sha256:00"), "FormatError", /git lfs pull/);
  await refused(concat(`{"error": "not found"}`), "FormatError", /it is JSON/);
  await refused(concat(""), "FormatError", /it is empty/);
  await refused(concat("\0\0\0\x18ftypheic\0\0\0\0"), "FormatError", /it is HEIC/);
  await refused(concat("\0\0\0\x18ftypmp42\0\0\0\0"), "FormatError", /a video/);
  await refused(concat("%PDF-1.7"), "FormatError", /it is PDF/);
  await refused(concat("PK\x03\x04 a zip"), "FormatError", /a zip archive/);
  await refused(new Uint8Array(MEGABYTE), "FormatError", /Expected JPEG, PNG, WebP, GIF, AVIF, BMP or TIFF/);
});

test("a JPEG of endless scans, and one without a picture, are refused", async () => {
  const jpeg = pictureBytes("progressive.jpg");
  const scan = Buffer.from(jpeg).indexOf(Buffer.of(0xff, 0xda));
  const scans = Array.from({ length: 101 }, () => jpeg.subarray(scan, jpeg.length - 2));
  await refused(concat(jpeg.subarray(0, scan), ...scans, jpeg.subarray(-2)), "LimitError", /at most 100 scans/);
  await refused(Uint8Array.of(0xff, 0xd8, 0xff, 0xd9), "FormatError", /no picture in it/);
  await refused(concat(Uint8Array.of(0xff, 0xd8), new Uint8Array(MEGABYTE).fill(0xff)), "FormatError", /ends early/);
});

test("an AVIF whose boxes nest or lie about their length is refused", async () => {
  const ftyp = "\0\0\0\x18ftypavif\0\0\0\0avifmif1";
  const nested = Array.from({ length: 200 }, (_, i) => concat(0, 0, 16 - (i >> 4), 255, "meta\0\0\0\0"));
  assert.equal((await outcome(concat(ftyp, ...nested))).error?.code, "FormatError");
  assert.equal((await outcome(concat(ftyp, "\0\0\0\x02meta"))).error?.code, "FormatError");
  assert.equal(
    (await outcome(concat(ftyp, "\0\0\0\x01meta\xff\xff\xff\xff\xff\xff\xff\xff"))).error?.code,
    "FormatError",
  );
});
