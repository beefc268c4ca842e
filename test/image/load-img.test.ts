/** loadImg: Keras's options, defaults and errors, and every kind of source. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { MobileNetV2Error } from "../../src/core/errors.ts";
import { convertMode } from "../../src/image/image.ts";
import { loadImg } from "../../src/image/load-img.ts";
import { resizeImg } from "../../src/image/resize.ts";
import { pictureBytes, picturePath } from "./pictures.ts";

const plain = await loadImg(picturePath("plain.jpg"));

const server = createServer((request, response) => {
  if (request.url === "/plain") {
    response.end(pictureBytes("plain.jpg"));
  } else {
    response.setHeader("content-type", "image/jpeg");
    response.end("<!doctype html><title>Please sign in</title>");
  }
});
before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
after(() => server.close());

function address(path: string): string {
  const bound = server.address();
  assert.ok(bound !== null && typeof bound === "object");
  return `http://127.0.0.1:${bound.port}${path}`;
}

function refusedAs(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof MobileNetV2Error, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  };
}

test("a path, a file URL, an address, bytes, an ArrayBuffer and a Blob give the same picture", async () => {
  const bytes = pictureBytes("plain.jpg");
  const inLargerBuffer = new Uint8Array(bytes.length + 9).subarray(5, 5 + bytes.length);
  inLargerBuffer.set(bytes);
  const sources = [
    pathToFileURL(picturePath("plain.jpg")),
    pathToFileURL(picturePath("plain.jpg")).href,
    address("/plain"),
    new URL(address("/plain")),
    bytes,
    inLargerBuffer,
    bytes.slice().buffer,
    new Blob([bytes.slice()]),
  ];
  for (const source of sources) assert.deepEqual(await loadImg(source), plain);
});

test("by default: RGB, the picture's own size", () => {
  assert.deepEqual([plain.width, plain.height, plain.channels, plain.data.length], [20, 12, 3, 20 * 12 * 3]);
});

test("targetSize is rows first, nearest by default; null leaves the size", async () => {
  const small = await loadImg(picturePath("plain.jpg"), { targetSize: [6, 9] });
  assert.deepEqual(small, resizeImg(plain, [6, 9], { interpolation: "nearest" }));
  assert.deepEqual([small.height, small.width], [6, 9]);
  assert.deepEqual(await loadImg(picturePath("plain.jpg"), { targetSize: null }), plain);
  const cubic = await loadImg(picturePath("plain.jpg"), { targetSize: [6, 9], interpolation: "bicubic" });
  assert.deepEqual(cubic, resizeImg(plain, [6, 9], { interpolation: "bicubic" }));
});

test("the colour mode is changed before resizing, as in Keras", async () => {
  const interpolation = "lanczos";
  for (const colorMode of ["grayscale", "rgba"] as const) {
    assert.deepEqual(
      await loadImg(picturePath("plain.jpg"), { targetSize: [5, 5], interpolation, colorMode }),
      resizeImg(convertMode(plain, colorMode), [5, 5], { interpolation }),
    );
  }
});

test("keepAspectRatio cuts the largest centred part with the target's proportions", async () => {
  const square = await loadImg(picturePath("plain.jpg"), { targetSize: [6, 6], keepAspectRatio: true });
  assert.deepEqual(square, resizeImg(plain, [6, 6], { box: { left: 4, top: 0, right: 16, bottom: 12 } }));
  const wide = await loadImg(picturePath("plain.jpg"), { targetSize: [3, 10], keepAspectRatio: true });
  assert.deepEqual(wide, resizeImg(plain, [3, 10], { box: { left: 0, top: 3, right: 20, bottom: 9 } }));
});

test("autoOrient turns before resizing", async () => {
  const turned = await loadImg(picturePath("exif-6.jpg"), { autoOrient: true });
  assert.deepEqual([turned.width, turned.height], [12, 20]);
  assert.deepEqual(
    await loadImg(picturePath("exif-6.jpg"), { autoOrient: true, targetSize: [7, 7] }),
    resizeImg(turned, [7, 7]),
  );
});

test("options that make no sense are refused in Keras's words, before anything is read", async () => {
  const missing = "/no/such/picture.jpg";
  const refused = (options: object, message: RegExp) =>
    assert.rejects(loadImg(missing, options), refusedAs("ValueError", message));
  await refused({ colorMode: "cmyk" }, /colorMode must be "grayscale", "rgb", or "rgba"/);
  await refused({ colorMode: "toString" }, /colorMode must be/);
  await refused(
    { interpolation: "cubic" },
    /^Invalid interpolation method cubic specified. Supported methods are nearest, bilinear, bicubic, hamming, box, lanczos$/,
  );
  await refused({ targetSize: [0, 224] }, /height and width must be > 0/);
  await refused({ targetSize: [224] }, /two whole numbers/);
  await refused({ maxPixels: -1 }, /maxPixels must be a number above 0/);
  await assert.rejects(loadImg(missing), refusedAs("IOError", /\/no\/such\/picture\.jpg/));
});

test("a page in place of a picture is told by its address", async () => {
  await assert.rejects(
    loadImg(address("/other")),
    refusedAs("FormatError", /^http:\/\/127\.0\.0\.1:\d+\/other: Cannot identify image file: it is an HTML page/),
  );
});
