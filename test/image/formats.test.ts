/** Every kind of picture file in the fixtures, decoded as Pillow decodes it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { MobileNetV2Error } from "../../src/core/errors.ts";
import type { ColorMode } from "../../src/image/image.ts";
import { loadImg } from "../../src/image/load-img.ts";
import { picturePath, pillow, samplesOf } from "./pictures.ts";

/** Gray of 16 bits is scaled to 8 by us, and clipped to white by Pillow. */
const SCALED = new Set(["gray-16.png"]);
/** Other versions of the AV1 decoder round differently: levels. */
const CLOSE = new Map(Object.keys(pillow).flatMap((name) => (name.endsWith(".avif") ? [[name, 2] as const] : [])));
/** Under full transparency libvips gives black where Pillow gives the palette's colour. */
const OTHER_UNDER_TRANSPARENCY = new Set(["transparent.gif"]);

function family(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

const modes: readonly ColorMode[] = ["rgb", "rgba", "grayscale"];

for (const ending of new Set(Object.keys(pillow).map(family))) {
  const names = Object.keys(pillow).filter(
    (name) => family(name) === ending && !SCALED.has(name) && !CLOSE.has(name) && !("error" in (pillow[name] ?? {})),
  );
  if (names.length === 0) continue;
  test(`${ending}: every sample equal to Pillow's in RGB, RGBA, gray, and turned upright`, async () => {
    for (const name of names) {
      const answer = pillow[name];
      assert.ok(answer !== undefined && !("error" in answer));
      for (const colorMode of modes) {
        if (colorMode === "rgba" && OTHER_UNDER_TRANSPARENCY.has(name)) continue;
        const image = await loadImg(picturePath(name), { colorMode });
        assert.deepEqual([image.width, image.height], answer.size, name);
        assert.equal(crc32(image.data), answer.crc[colorMode], `${name} as ${colorMode}`);
      }
      const upright = await loadImg(picturePath(name), { autoOrient: true });
      assert.equal(crc32(upright.data), answer.upright, `${name} upright`);
    }
  });
}

test("avif: within 2 levels of Pillow, as it is stored and turned upright in all eight ways", async () => {
  for (const [name, levels] of CLOSE) {
    const answer = pillow[name];
    assert.ok(answer !== undefined && !("error" in answer));
    for (const autoOrient of [false, true]) {
      const expected = samplesOf(autoOrient ? answer.uprightRgb : answer.rgb);
      const image = await loadImg(picturePath(name), { autoOrient });
      const isSwapped: boolean = autoOrient && (answer.orientation ?? 1) > 4;
      assert.deepEqual([image.width, image.height], isSwapped ? answer.size.toReversed() : answer.size, name);
      assert.equal(image.data.length, expected?.length);
      const farthest = image.data.reduce((most, v, i) => Math.max(most, Math.abs(v - (expected?.[i] ?? 0))), 0);
      assert.ok(farthest <= levels, `${name}: ${farthest} levels`);
    }
  }
});

test("TIFF with colours that are not read, or compressed by what is not, is refused in clear words", async () => {
  const refused = { "lab.tif": /L\*a\*b\*/, "zstandard.tif": /Zstandard/, "rgb-32.tif": /samples of type uint/ };
  for (const [name, message] of Object.entries(refused)) {
    await assert.rejects(loadImg(picturePath(name)), { code: "UnsupportedError", message });
  }
});

test("16-bit gray is scaled to 8 bits, where Pillow clips to white", async () => {
  const scaled = await loadImg(picturePath("gray-16.png"), { colorMode: "grayscale" });
  const eight = await loadImg(picturePath("gray-8.png"), { colorMode: "grayscale" });
  assert.deepEqual(scaled, eight);
});

test("a GIF's transparent pixels keep their colour in RGB and are transparent in RGBA", async () => {
  const rgb = await loadImg(picturePath("transparent.gif"));
  const opaque = await loadImg(picturePath("plain.gif"));
  assert.deepEqual(rgb, opaque);
  const { data } = await loadImg(picturePath("transparent.gif"), { colorMode: "rgba" });
  const alphas = data.filter((_, i) => i % 4 === 3);
  assert.deepEqual(new Set(alphas), new Set([0, 255]));
});

test("JPEG with 12 bits and lossless JPEG are refused in clear words", async () => {
  await assert.rejects(
    loadImg(picturePath("12-bit.jpg")),
    (error: unknown) =>
      error instanceof MobileNetV2Error && error.code === "UnsupportedError" && /12 bits/.test(error.message),
  );
  await assert.rejects(
    loadImg(picturePath("lossless.jpg")),
    (error: unknown) =>
      error instanceof MobileNetV2Error && error.code === "UnsupportedError" && /Lossless/.test(error.message),
  );
});

test("a Display P3 profile is ignored, and converted to sRGB where asked", async () => {
  for (const name of ["p3.jpg", "p3.png", "p3.webp"]) {
    const plain = await loadImg(picturePath(name));
    const converted = await loadImg(picturePath(name), { convertProfile: true });
    // The red corner: P3's red lies outside sRGB.
    assert.ok((plain.data[0] ?? 0) < 240 && (converted.data[0] ?? 0) > 245, `${name}: red`);
  }
});

test("a broken profile does no harm, converting or not", async () => {
  for (const name of ["broken-icc.jpg", "broken-icc.png", "cmyk-icc.jpg"]) {
    const plain = await loadImg(picturePath(name));
    const converted = await loadImg(picturePath(name), { convertProfile: true });
    assert.equal(converted.data.length, plain.data.length, name);
  }
});

test("CMYK is never inverted: paper is white, full ink is black", async () => {
  for (const name of ["cmyk.jpg", "cmyk-no-adobe.jpg", "cmyk-icc.jpg"]) {
    const { data, width, height } = await loadImg(picturePath(name));
    const sumAt = (p: number) => [0, 1, 2].reduce((sum, c) => sum + (data[p * 3 + c] ?? 0), 0);
    assert.ok(sumAt(0) > sumAt(width * height - 1) + 100, name);
  }
});
