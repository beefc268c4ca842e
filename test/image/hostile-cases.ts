/** Pictures that are broken, cut off, lying, or no pictures, and what loadImg says of each: the same in Node and in browsers. */
import { crc32, deflateSync } from "node:zlib";
import type { ErrorCode } from "../../src/core/errors.ts";
import type { LoadImgOptions } from "../../src/image/load-img.ts";
import { concat, pictureBytes } from "./pictures.ts";

export interface HostileCase {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly options?: LoadImgOptions;
  /** A typed error, or the same picture as that file of the fixtures. */
  readonly expected: { readonly code: ErrorCode; readonly message: RegExp } | { readonly sameAs: string };
}

const MEGABYTE = 1024 * 1024;

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

export function patched(bytes: Uint8Array, offset: number, ...values: readonly number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, offset);
  return copy;
}

function indexOf(bytes: Uint8Array, text: string): number {
  return Buffer.from(bytes).indexOf(text, 0, "latin1");
}

function repeated(count: number, bytes: Uint8Array): Uint8Array {
  return concat(...Array.from({ length: count }, () => bytes));
}

const kinds = ["plain.jpg", "progressive.jpg", "rgba.png", "interlaced.png", "plain.gif", "lossy.webp", "alpha.webp"];

const jpeg = pictureBytes("plain.jpg");
const png = pictureBytes("rgba.png");
const textPng = pictureBytes("text.png");
const bmp = pictureBytes("24.bmp");
/** The height, then the width, in the JPEG's frame header. */
const jpegSize = indexOf(jpeg, "\xff\xc0\0\x11\x08") + 5;

function* cutOff(): Generator<HostileCase> {
  for (const name of [...kinds, "plain.avif", "24.bmp", "palette.bmp"]) {
    const bytes = pictureBytes(name);
    for (const percent of [0, 1, 10, 50, 99]) {
      yield {
        name: `${name} cut off at ${percent} %`,
        bytes: bytes.subarray(0, Math.floor((bytes.length * percent) / 100)),
        expected: { code: "FormatError", message: /is broken|Cannot identify|could not be decoded/ },
      };
    }
  }
}

function* appended(): Generator<HostileCase> {
  for (const name of kinds) {
    const garbage = new Uint8Array(5000).fill(0xaa);
    yield { name: `${name}, garbage behind`, bytes: concat(pictureBytes(name), garbage), expected: { sameAs: name } };
    const zip = concat(pictureBytes(name), "PK\x03\x04 and so on", new Uint8Array(300));
    yield { name: `${name}, a zip archive behind`, bytes: zip, expected: { sameAs: name } };
  }
}

function* checksums(): Generator<HostileCase> {
  const undecoded = { code: "FormatError", message: /could not be decoded/ } as const;
  const data = indexOf(textPng, "IDAT");
  const length = new DataView(textPng.buffer, textPng.byteOffset + data - 4).getUint32(0);
  yield { name: "bad CRC of IDAT", bytes: patched(textPng, data + 4 + length, 1, 2, 3, 4), expected: undecoded };
  yield { name: "bad CRC of IHDR", bytes: patched(textPng, 29, 1, 2, 3, 4), expected: undecoded };
  const comment = patched(textPng, indexOf(textPng, "hello"), 0x48);
  yield { name: "bad CRC of a comment", bytes: comment, expected: { sameAs: "text.png" } };
}

function broken(message: RegExp): HostileCase["expected"] {
  return { code: "FormatError", message };
}

function* sizes(): Generator<HostileCase> {
  yield { name: "PNG of 0 × 12", bytes: withPngSize(png, 0, 12), expected: broken(/size is 0 × 12/) };
  yield { name: "PNG of 20 × 0", bytes: withPngSize(png, 20, 0), expected: broken(/size is 20 × 0/) };
  yield { name: "JPEG of 20 × 0", bytes: patched(jpeg, jpegSize, 0, 0), expected: broken(/size is 20 × 0/) };
  yield { name: "JPEG of 0 × 12", bytes: patched(jpeg, jpegSize + 2, 0, 0), expected: broken(/size is 0 × 12/) };
  yield { name: "BMP of 0 × 12", bytes: patched(bmp, 18, 0, 0, 0, 0), expected: broken(/size is 0 × 12/) };
  yield {
    name: "PNG that tells 2000 × 2000",
    bytes: withPngSize(png, 2000, 2000),
    expected: broken(/could not be decoded/),
  };
  yield { name: "BMP that tells 4096 columns", bytes: patched(bmp, 18, 0, 16, 0, 0), expected: broken(/ends early/) };
}

function* tooLarge(): Generator<HostileCase> {
  const expected = { code: "LimitError", message: /14000 × 14000 pixels, more than the limit of 50000000/ } as const;
  const head = Uint8Array.of(0, 0, 0x36, 0xb0, 0, 0, 0x36, 0xb0, 1, 0, 0, 0, 0);
  const flat = deflateSync(new Uint8Array(14_000 * 1751), { level: 1 });
  yield {
    name: "PNG of 14000 × 14000, flat",
    bytes: concat(png.subarray(0, 8), pngChunk("IHDR", head), pngChunk("IDAT", flat), pngChunk("IEND", concat())),
    expected,
  };
  const side = [0x36, 0xb0];
  yield { name: "JPEG of 14000 × 14000", bytes: patched(jpeg, jpegSize, ...side, ...side), expected };
  const little = [0xb0, 0x36];
  yield { name: "BMP of 14000 × 14000", bytes: patched(bmp, 18, ...little, 0, 0, ...little, 0, 0), expected };
  yield {
    name: "GIF of 14000 × 14000",
    bytes: patched(pictureBytes("plain.gif"), 6, ...little, ...little),
    expected,
  };
  yield {
    name: "WebP of 14000 × 14000",
    bytes: patched(pictureBytes("lossy.webp"), 26, ...little, ...little),
    expected,
  };
  const avif = pictureBytes("plain.avif");
  const ispe = indexOf(avif, "ispe") + 8;
  yield { name: "AVIF of 14000 × 14000", bytes: patched(avif, ispe, 0, 0, ...side, 0, 0, ...side), expected };
  yield {
    name: "one pixel more than an own limit",
    bytes: jpeg,
    options: { maxPixels: 239 },
    expected: { code: "LimitError", message: /20 × 12 pixels, more than the limit of 239/ },
  };
}

function* bombs(): Generator<HostileCase> {
  const bomb = deflateSync(new Uint8Array(100 * MEGABYTE), { level: 1 });
  const expected = { sameAs: "rgba.png" };
  yield { name: "zTXt bomb", bytes: withChunk(png, "zTXt", concat("Comment\0\0", bomb)), expected };
  yield { name: "iTXt bomb", bytes: withChunk(png, "iTXt", concat("Comment\0\x01\0\0\0", bomb)), expected };
  yield { name: "iCCP bomb", bytes: withChunk(png, "iCCP", concat("profile\0\0", bomb)), expected };
  const block = concat("MM\0*\0\0\0\x08\xff\xff", new Uint8Array(10 * MEGABYTE));
  yield { name: "10 MB of EXIF in a PNG", bytes: withChunk(png, "eXIf", block), expected };
  const segment = concat("\xff\xe1\xff\xff", "Exif\0\0II*\0\x08\0\0\0\xff\xff", new Uint8Array(65517));
  yield {
    name: "10 MB of EXIF in a JPEG",
    bytes: concat(jpeg.subarray(0, 2), repeated(160, segment), jpeg.subarray(2)),
    expected: { sameAs: "plain.jpg" },
  };
}

function* animations(): Generator<HostileCase> {
  const gif = pictureBytes("animated.gif");
  const one = pictureBytes("animated-1.gif");
  const frame = one.subarray(indexOf(one, ",\0\0\0\0"), one.length - 1);
  yield {
    name: "GIF of a thousand frames",
    bytes: concat(gif.subarray(0, -1), repeated(1000, frame), ";"),
    expected: { sameAs: "animated.gif" },
  };
  const webp = pictureBytes("animated.webp");
  const from = indexOf(webp, "ANMF");
  const length = 8 + new DataView(webp.buffer, webp.byteOffset + from + 4).getUint32(0, true);
  const long = concat(webp, repeated(997, webp.subarray(from, from + length)));
  new DataView(long.buffer).setUint32(4, long.length - 8, true);
  yield { name: "WebP of a thousand frames", bytes: long, expected: { sameAs: "animated.webp" } };
  const apng = pictureBytes("animated.png");
  yield {
    name: "APNG of a thousand frames",
    bytes: concat(apng.subarray(0, -12), repeated(1000, pngChunk("fdAT", new Uint8Array(1000))), apng.subarray(-12)),
    expected: { sameAs: "animated.png" },
  };
}

/** "meta" boxes, each within the one before. */
function nestedBoxes(count: number): string {
  const lengths = Array.from({ length: count }, (_, i) => 12 * (count - i));
  return lengths.map((length) => `\0\0${String.fromCharCode(length >> 8, length & 255)}meta\0\0\0\0`).join("");
}

function* strangers(): Generator<HostileCase> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>`;
  const texts: readonly (readonly [string, string, RegExp])[] = [
    ["SVG that refers to a file", svg, /SVG, which is refused/],
    ["SVG behind a comment", `<?xml version="1.0"?>\n<!-- made by hand -->\n${svg}`, /SVG, which is refused/],
    ["HTML with SVG in it", "\xef\xbb\xbf  <!DOCTYPE html><html><svg></svg></html>", /an HTML page/],
    ["HTML without a doctype", "<html><body>404</body></html>", /an HTML page/],
    ["thousands of comments", `${"<!---->".repeat(5000)}<p>`, /it is XML/],
    ["Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:00", /git lfs pull/],
    ["JSON", `{"error": "not found"}`, /it is JSON/],
    ["nothing", "", /it is empty/],
    ["HEIC", "\0\0\0\x18ftypheic\0\0\0\0", /it is HEIC/],
    ["video", "\0\0\0\x18ftypmp42\0\0\0\0", /a video/],
    ["PDF", "%PDF-1.7", /it is PDF/],
    ["zip", "PK\x03\x04 a zip", /a zip archive/],
    ["a megabyte of zeros", "\0".repeat(MEGABYTE), /Expected JPEG, PNG, WebP, GIF, AVIF, BMP or TIFF/],
    ["JPEG without a picture", "\xff\xd8\xff\xd9", /no picture in it/],
    ["JPEG of filling", `\xff\xd8${"\xff".repeat(MEGABYTE)}`, /ends early/],
    ["AVIF whose boxes are too long", `\0\0\0\x18ftypavif\0\0\0\0avifmif1\0\x01\0\0meta`, /ends early/],
    ["AVIF with a box of length 2", `\0\0\0\x18ftypavif\0\0\0\0avifmif1\0\0\0\x02meta`, /impossible length/],
    ["AVIF with a box of 2^64 bytes", `\0\0\0\x18ftypavif\0\0\0\0avifmif1\0\0\0\x01meta${"\xff".repeat(8)}`, /early/],
    ["AVIF of boxes in boxes", `\0\0\0\x18ftypavif\0\0\0\0avifmif1${nestedBoxes(200)}`, /size is 0 × 0/],
  ];
  for (const [name, text, message] of texts) {
    yield { name, bytes: concat(text), expected: { code: "FormatError", message } };
  }
  const progressive = pictureBytes("progressive.jpg");
  const scan = indexOf(progressive, "\xff\xda");
  yield {
    name: "JPEG of hundreds of scans",
    bytes: concat(
      progressive.subarray(0, scan),
      repeated(101, progressive.subarray(scan, -2)),
      progressive.subarray(-2),
    ),
    expected: { code: "LimitError", message: /at most 100 scans/ },
  };
}

/** By the row of the table of bad pictures that they stand for. */
export const hostileCases: Readonly<Record<string, () => Iterable<HostileCase>>> = {
  "cut off at 0, 1, 10, 50, 99 %: a clear error": cutOff,
  "garbage or a zip archive behind the end: the picture": appended,
  "a bad CRC: an error, but in a comment the picture": checksums,
  "sizes of 0, and sizes that are too large for the data: an error": sizes,
  "more pixels than the limit: refused before they are decoded": tooLarge,
  "bombs in text and profile chunks, 10 MB of EXIF: the picture": bombs,
  "a thousand frames: the first": animations,
  "what is no picture: refused by its name": strangers,
};
