/** The published crops against Pillow and TensorFlow (fixtures/tasks/make_preparation.py). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type PreparationOptions, preparationOf, preparedPixels } from "../../src/tasks/preparation.ts";
import { uniform } from "../../src/core/random.ts";
import { encodeImg } from "../../src/image/save-img.ts";
import { pictureBytes } from "../image/pictures.ts";
import { assertWithin } from "../support/compare.ts";

interface Case {
  readonly size: readonly [number, number];
  readonly options: PreparationOptions;
  readonly rowSums: readonly number[];
}

const fixture = JSON.parse(readFileSync(new URL("../fixtures/tasks/preparation.json", import.meta.url), "utf8")) as {
  readonly cases: readonly Case[];
};

const square: Parameters<typeof preparationOf>[0] = { rows: 24, cols: 24, colorMode: "rgb" };

test("the published crops: rows equal to Pillow's, sums of TensorFlow's rows (of 18,360 at most) within 0.05", async () => {
  for (const { size, options, rowSums } of fixture.cases) {
    const [height, width] = size;
    const data = Uint8Array.from(uniform(`preparation/${height}x${width}`, height * width * 3, 0, 256));
    const png = await encodeImg({ width, height, channels: 3, data }, { fileFormat: "png" });
    const pixels = await preparedPixels(png, preparationOf(square, options));
    assert.deepEqual(pixels.shape, [24, 24, 3]);
    const sums = rowSums.map((_, row) => pixels.data.subarray(row * 72, row * 72 + 72).reduce((a, b) => a + b, 0));
    const tolerance = options.cropAs === "tf-slim" ? 0.05 : 0;
    assertWithin(sums, rowSums, tolerance, `${JSON.stringify(options)} of ${size.join(" × ")}`);
  }
});

test("pictures are turned upright, unless they are wanted as they are stored", async () => {
  const turned = pictureBytes("exif-3.jpg");
  const upright = await preparedPixels(turned, preparationOf(square, {}));
  const stored = await preparedPixels(turned, preparationOf(square, { autoOrient: false }));
  assert.deepEqual(stored.data.slice(0, 3), upright.data.slice(-3));
  assert.notDeepEqual(stored.data, upright.data);
});

test("options that do not fit one another or the model are refused", () => {
  const refused = (options: PreparationOptions, message: RegExp, format = square): void =>
    assert.throws(() => preparationOf(format, options), { code: "ValueError", message });
  refused({ crop: 20 }, /^The model takes pictures of 24 × 24\. Received: `crop: 20`$/);
  refused({ resize: 20 }, /^The model takes pictures of 24 × 24, which is more\. Received: `resize: 20`$/);
  refused({ cropAs: "tf-slim", resize: 30 }, /^`cropAs: "tf-slim"` cuts before it resizes\. Received: `resize: 30`$/);
  refused(
    { cropAs: "tf-slim", interpolation: "bicubic" },
    /^`cropAs: "tf-slim"` is bilinear\. Received: `interpolation: "bicubic"`$/,
  );
  refused({ cropAs: "timm" }, /^The model takes pictures of 24 × 30: for those, pictures can only be squeezed\.$/, {
    ...square,
    cols: 30,
  });
  refused(
    JSON.parse('{"cropAs":"inception"}') as PreparationOptions,
    /^There is no crop of that name\. There are keras, .*\. Received: `cropAs: "inception"`$/,
  );
  for (const own of [{ resize: 32 }, { crop: 24 }, { resize: 27, crop: 24 }]) {
    assert.deepEqual(preparationOf(square, own), preparationOf(square, { ...own, cropAs: "torchvision" }));
  }
  assert.equal(preparationOf({ ...square, rows: 224, cols: 224 }, { cropAs: "torchvision" }).side, 256);
});
