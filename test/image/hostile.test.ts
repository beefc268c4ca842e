/** Bad pictures in Node: each answered with little work, in bounded memory, by a typed error or the documented result. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { MobileNetV2Error } from "../../src/core/errors.ts";
import type { Image } from "../../src/image/image.ts";
import { loadImg, type LoadImgOptions } from "../../src/image/load-img.ts";
import { hostileCases, patched } from "./hostile-cases.ts";
import { pictureBytes } from "./pictures.ts";
import { peak, peakOfFilling } from "../support/memory.ts";
import { work } from "../support/work.ts";

// What loads the decoders is not what bad pictures take.
for (const name of ["plain.jpg", "palette-alpha.png", "plain.gif", "lossy.webp", "24.bmp", "lzw.tif", "plain.avif"]) {
  await loadImg(pictureBytes(name));
}

/** What a small picture may take beside its file: as much as an array of 64 MiB. Bombs would take gigabytes. */
const room = peakOfFilling(2 ** 26);

/** What loading gives: an image or a typed error, with little work, in little memory. */
async function outcome(bytes: Uint8Array, options?: LoadImgOptions): Promise<Image | MobileNetV2Error> {
  const start = work();
  const memory = peak();
  let result: Image | MobileNetV2Error;
  try {
    result = await loadImg(bytes, options);
    assert.equal(result.data.length, result.width * result.height * result.channels);
  } catch (error) {
    assert.ok(error instanceof MobileNetV2Error, `not a typed error: ${String(error)}`);
    result = error;
  }
  const yardsticks = work() - start;
  assert.ok(yardsticks < 40, `took ${yardsticks} yardsticks`);
  const share = (peak() - memory - bytes.length) / room;
  assert.ok(share < 1, `took ${share} of what 64 MiB take`);
  return result;
}

for (const [title, cases] of Object.entries(hostileCases)) {
  test(`${title}; with little work, in less memory than an array of 64 MiB takes`, async () => {
    for (const { name, bytes, options, expected } of cases()) {
      const result = await outcome(bytes, options);
      if ("sameAs" in expected) {
        assert.deepEqual(result, await loadImg(pictureBytes(expected.sameAs)), name);
      } else {
        assert.ok(result instanceof MobileNetV2Error, `${name}: decoded`);
        assert.equal(result.code, expected.code, `${name}: ${result.message}`);
        assert.match(result.message, expected.message, name);
      }
    }
  });
}

test("cut off at every third byte: a typed error or the whole picture", async () => {
  for (const name of ["plain.jpg", "palette-alpha.png", "plain.gif", "lossy.webp"]) {
    const bytes = pictureBytes(name);
    for (let length = 0; length < bytes.length; length += 3) {
      const result = await outcome(bytes.subarray(0, length));
      if (result instanceof MobileNetV2Error) assert.equal(result.code, "FormatError", result.message);
      else assert.deepEqual(result, await loadImg(bytes), `${name}: ${length} of ${bytes.length}`);
    }
  }
});

test("a byte changed anywhere: a typed error or a picture", async () => {
  let errors = 0;
  for (const name of ["plain.jpg", "palette-alpha.png", "plain.gif", "lossy.webp", "24.bmp", "lzw.tif", "plain.avif"]) {
    const bytes = pictureBytes(name);
    for (let at = 0; at < Math.min(bytes.length, 400); at += 5) {
      const result = await outcome(patched(bytes, at, (bytes[at] ?? 0) ^ 0xff), { maxPixels: 1_000_000 });
      if (result instanceof MobileNetV2Error) errors++;
    }
  }
  assert.ok(errors > 100, `${errors} errors`);
});

test("an iCCP bomb is not inflated where profiles are asked for either", async () => {
  for (const { name, bytes } of hostileCases["bombs in text and profile chunks, 10 MB of EXIF: the picture"]?.() ??
    []) {
    const result = await outcome(bytes, { convertProfile: true });
    assert.ok(!(result instanceof MobileNetV2Error) || result.code === "FormatError", name);
  }
});

test("1 × 1 and 1 × 65,535 are pictures, resized too", async () => {
  const small = await loadImg(pictureBytes("1x1.png"), { targetSize: [224, 224], interpolation: "bicubic" });
  assert.equal(new Set(small.data).size, 3);
  const tall = await loadImg(pictureBytes("1x65535.png"), { targetSize: [224, 224], interpolation: "bilinear" });
  assert.deepEqual([...new Set(tall.data)], [77]);
  const cropped = await loadImg(pictureBytes("1x65535.png"), { targetSize: [10, 10], keepAspectRatio: true });
  assert.deepEqual([...new Set(cropped.data)], [77]);
});

test("what a file is goes by its content, not by its name, and errors begin with the name", async () => {
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
