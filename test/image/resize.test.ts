/** Our resize against Pillow's: CRC-32 of the samples for seeded pictures (fixtures/images/make_resize.py). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { MobileNetV2Error } from "../../src/core/errors.ts";
import { fnv1a32, unitAt } from "../../src/core/random.ts";
import type { Image } from "../../src/image/image.ts";
import { type Interpolation, interpolations } from "../../src/image/filters.ts";
import { resizeImg } from "../../src/image/resize.ts";

type Case = [string, [number, number, 1 | 3 | 4], [number, number], [number, number, number, number] | null, number[]];
interface Fixture {
  pillow: string;
  filters: Interpolation[];
  cases: Case[];
}
const fixture: Fixture = JSON.parse(readFileSync(new URL("../fixtures/images/resize.json", import.meta.url), "utf8"));

function seeded(kind: string, width: number, height: number, channels: 1 | 3 | 4): Image {
  const stream = fnv1a32(`${kind}/${width}x${height}x${channels}`);
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => {
    const byte = Math.floor(unitAt(stream, i) * 256);
    return kind === "edges" ? (byte >= 128 ? 255 : 0) : byte;
  });
  return { width, height, channels, data };
}

test("the fixture has every filter of PIL that Keras offers", () => {
  assert.deepEqual([...fixture.filters].toSorted(), [...interpolations].toSorted());
});

for (const [index, interpolation] of fixture.filters.entries()) {
  test(`${interpolation}: every sample equal to Pillow's, for 1, 3 and 4 channels, up, down, boxes and edges`, () => {
    for (const [kind, [width, height, channels], [cols, rows], corners, sums] of fixture.cases) {
      const box =
        corners === null ? undefined : { left: corners[0], top: corners[1], right: corners[2], bottom: corners[3] };
      const result = resizeImg(seeded(kind, width, height, channels), [rows, cols], { interpolation, box });
      assert.equal(result.width, cols);
      assert.equal(result.height, rows);
      assert.equal(result.data.length, rows * cols * channels);
      const name = `${kind} ${width}x${height}x${channels} to ${cols}x${rows} ${JSON.stringify(corners)}`;
      assert.equal(crc32(result.data), sums[index], name);
    }
  });
}

test("a picture that already has the size is returned as it is", () => {
  const picture = seeded("noise", 8, 6, 3);
  assert.equal(resizeImg(picture, [6, 8], { interpolation: "lanczos" }), picture);
});

test("an unknown interpolation is refused in Keras's words", () => {
  const picture = seeded("noise", 8, 6, 3);
  assert.throws(
    // @ts-expect-error: not one of PIL's
    () => resizeImg(picture, [4, 4], { interpolation: "area" }),
    new MobileNetV2Error(
      "ValueError",
      "Invalid interpolation method area specified. Supported methods are nearest, bilinear, bicubic, hamming, box, lanczos",
    ),
  );
});

function refusedAs(code: string, act: () => unknown): void {
  assert.throws(act, (error: unknown) => error instanceof MobileNetV2Error && error.code === code);
}

test("impossible sizes, boxes and images are refused", () => {
  const picture = seeded("noise", 8, 6, 3);
  for (const size of [
    [0, 4],
    [4, -1],
    [2.5, 4],
    [Number.NaN, 4],
  ] as const) {
    refusedAs("ValueError", () => resizeImg(picture, size));
  }
  refusedAs("LimitError", () => resizeImg(picture, [2 ** 20, 2 ** 20]));
  refusedAs("ValueError", () => resizeImg(picture, [4, 4], { box: { left: 0, top: 0, right: 9, bottom: 6 } }));
  refusedAs("ValueError", () => resizeImg(picture, [4, 4], { box: { left: 5, top: 0, right: 4, bottom: 6 } }));
  refusedAs("ValueError", () => resizeImg(picture, [4, 4], { box: { left: 0.5, top: 0, right: 4, bottom: 6 } }));
  refusedAs("ShapeError", () => resizeImg({ ...picture, width: 9 }, [4, 4]));
});
