/** saveImg and encodeImg: files that load again. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { MobileNetV2Error } from "../../src/core/errors.ts";
import { Tensor } from "../../src/core/tensor.ts";
import type { ColorMode, Image } from "../../src/image/image.ts";
import { arrayToImg, imgToArray } from "../../src/image/img-to-array.ts";
import { loadImg } from "../../src/image/load-img.ts";
import { encodeImg, saveImg } from "../../src/image/save-img.ts";
import { picturePath } from "./pictures.ts";

const folder = mkdtempSync(join(tmpdir(), "mobilenet-v2-"));
after(() => rmSync(folder, { recursive: true }));

function largestDifference(a: Image, b: Image): number {
  assert.equal(a.data.length, b.data.length);
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (b.data[i] ?? 0))), 0);
}

test("PNG keeps every sample of gray, RGB and RGBA, the colours under transparency too", async () => {
  for (const colorMode of ["grayscale", "rgb", "rgba"] satisfies ColorMode[]) {
    const image = await loadImg(picturePath("rgba.png"), { colorMode });
    const path = join(folder, `${colorMode}.PNG`);
    await saveImg(path, image);
    assert.deepEqual(await loadImg(path, { colorMode }), image);
  }
});

test("JPEG and WebP come back within 40 levels, closer at a higher quality", async () => {
  const image = await loadImg(picturePath("gamma.png"), { targetSize: [96, 160], interpolation: "bicubic" });
  for (const fileFormat of ["jpg", "jpeg", "webp"]) {
    const usual = await loadImg(await encodeImg(image, { fileFormat }));
    const fine = await loadImg(await encodeImg(image, { fileFormat, quality: 98 }));
    assert.ok(largestDifference(usual, image) <= 40, fileFormat);
    const sum = (other: Image) =>
      other.data.reduce((total, value, i) => total + Math.abs(value - (image.data[i] ?? 0)), 0);
    assert.ok(sum(fine) < sum(usual), `${fileFormat}: quality`);
  }
});

test("a tensor is stretched unless scale is false, as in Keras", async () => {
  const tensor = new Tensor(
    [2, 2, 3],
    Float32Array.from({ length: 12 }, (_, i) => i / 11),
  );
  await saveImg(join(folder, "scaled.png"), tensor);
  assert.deepEqual(await loadImg(join(folder, "scaled.png")), arrayToImg(tensor));
  const image = await loadImg(picturePath("plain.jpg"));
  await saveImg(join(folder, "kept"), imgToArray(image), { scale: false, fileFormat: "png" });
  assert.deepEqual(await loadImg(join(folder, "kept")), image);
});

test("RGBA as JPEG loses its alpha with Keras's warning", async (t) => {
  const warn = t.mock.method(console, "warn", () => undefined);
  const image = await loadImg(picturePath("rgba.png"), { colorMode: "rgba" });
  const again = await loadImg(await encodeImg(image, { fileFormat: "jpg", quality: 100 }), { colorMode: "rgba" });
  assert.equal(warn.mock.callCount(), 1);
  assert.match(String(warn.mock.calls[0]?.arguments[0]), /does not support RGBA images, converting to RGB/);
  assert.ok(again.data.every((value, i) => i % 4 !== 3 || value === 255));
});

async function refused(act: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(act, (error: unknown) => {
    assert.ok(error instanceof MobileNetV2Error && error.code === "ValueError");
    assert.match(error.message, message);
    return true;
  });
}

test("unknown endings and qualities are refused and nothing is written", async () => {
  const image = await loadImg(picturePath("plain.jpg"));
  const before = readdirSync(folder).length;
  await refused(saveImg(join(folder, "picture.xyz"), image), /unknown file extension: "xyz"/);
  await refused(saveImg(join(folder, "picture"), image), /unknown file extension: ""/);
  await refused(saveImg(join(folder, "picture.png"), image, { fileFormat: "constructor" }), /unknown file extension/);
  await refused(saveImg(join(folder, "picture.jpg"), image, { quality: 101 }), /quality must be/);
  assert.equal(readdirSync(folder).length, before);
});

test("the file is what its ending says", async () => {
  const image = await loadImg(picturePath("plain.jpg"));
  await saveImg(join(folder, "a.jpg"), image);
  await saveImg(join(folder, "a.webp"), image);
  assert.equal(readFileSync(join(folder, "a.jpg")).readUInt16BE(0), 0xffd8);
  assert.equal(readFileSync(join(folder, "a.webp")).toString("latin1", 8, 12), "WEBP");
});
