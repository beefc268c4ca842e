/** What happens in Node where the optional dependency sharp is not installed. */
import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { test } from "node:test";
import { MobileNetV2Error } from "../../src/core/errors.ts";
import { loadImg } from "../../src/image/load-img.ts";
import { encodeImg } from "../../src/image/save-img.ts";
import { pictureBytes } from "./pictures.ts";

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier === "sharp") throw new Error("Cannot find package 'sharp'");
    return nextResolve(specifier, context);
  },
});

function namesSharp(error: unknown): boolean {
  assert.ok(error instanceof MobileNetV2Error);
  assert.equal(error.code, "MissingError");
  assert.match(error.message, /npm install sharp/);
  return true;
}

test("decoding and encoding say what to install", async () => {
  await assert.rejects(loadImg(pictureBytes("plain.jpg")), namesSharp);
  const image = { width: 1, height: 1, channels: 1, data: Uint8Array.of(7) } as const;
  await assert.rejects(encodeImg(image, { fileFormat: "png" }), namesSharp);
});

test("what is refused before decoding, and BMP, need no sharp", async () => {
  await assert.rejects(
    loadImg(new Uint8Array(0)),
    (error: unknown) => error instanceof MobileNetV2Error && error.code === "FormatError",
  );
  const { width, height } = await loadImg(pictureBytes("24.bmp"));
  assert.deepEqual([width, height], [20, 12]);
});
