/** Colour maps against Matplotlib's, and heat maps over pictures. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Tensor, zeros } from "../../src/core/tensor.ts";
import { type Colormap, colourOf, colormaps } from "../../src/explain/colormaps.ts";
import { overlay } from "../../src/explain/overlay.ts";
import type { Image } from "../../src/image/image.ts";
import { assertWithin } from "../support/compare.ts";

const {
  step,
  maps,
}: { readonly step: number; readonly maps: Readonly<Record<string, readonly (readonly number[])[]>> } = JSON.parse(
  readFileSync(new URL("../fixtures/explain/colormaps.json", import.meta.url), "utf8"),
);

function colour(name: Colormap, value: number): readonly number[] {
  const rgb = new Uint8Array(3);
  colourOf(name)(value, rgb, 0);
  return [...rgb];
}

describe("colour maps", () => {
  for (const name of colormaps) {
    test(`${name} equals Matplotlib's within 2 of 255`, () => {
      const expected = maps[name];
      assert.equal(expected?.length, 52);
      for (const [i, rgb] of (expected ?? []).entries())
        assertWithin(colour(name, (i * step) / 255), rgb, 2, `colour ${i}`);
    });
  }

  test("what is beyond the ends is the end", () => {
    assert.deepEqual(colour("turbo", -1), colour("turbo", 0));
    assert.deepEqual(colour("turbo", 2), colour("turbo", 1));
    assert.deepEqual(colour("magma", 0), [0, 0, 4]);
    assert.deepEqual(colour("viridis", 1), [253, 231, 37]);
  });

  test("an unknown one is refused", () => {
    // @ts-expect-error -- no such map
    assert.throws(() => colourOf("jet"), {
      code: "ValueError",
      message: "`colormap` should be one of viridis, magma, inferno, turbo. Received: colormap=jet",
    });
  });
});

describe("overlay", () => {
  const gray: Image = { width: 4, height: 2, channels: 1, data: Uint8Array.of(0, 10, 20, 30, 40, 50, 60, 70) };
  const hot = new Tensor([1, 2], Float32Array.of(0, 1));

  test("covers the whole picture, in its size and in RGB", () => {
    const { width, height, channels, data } = overlay(gray, hot, { opacity: 1, interpolation: "nearest" });
    assert.deepEqual([width, height, channels], [4, 2, 3]);
    const [cold, warm] = [colour("viridis", 0), colour("viridis", 1)];
    assert.deepEqual([...data], [cold, cold, warm, warm, cold, cold, warm, warm].flat());
  });

  test("opacity 0 is the picture, 0.5 the middle between both", () => {
    assert.deepEqual(
      [...overlay(gray, hot, { opacity: 0 }).data],
      [...gray.data].flatMap((value) => [value, value, value]),
    );
    const half = overlay(gray, hot, { colormap: "inferno", interpolation: "nearest" }).data;
    const expected = colour("inferno", 1).map((value) => Math.round(30 + (value - 30) * 0.5));
    assert.deepEqual([...half.subarray(9, 12)], expected);
  });

  test("between the cells it is smooth, and stays between 0 and 1", () => {
    const { data } = overlay({ width: 64, height: 1, channels: 1, data: new Uint8Array(64) }, hot, {
      colormap: "magma",
      opacity: 1,
    });
    const lightness = Array.from({ length: 64 }, (_, i) => {
      const [r = 0, g = 0, b = 0] = data.subarray(i * 3, i * 3 + 3);
      return Math.round(0.2126 * r + 0.7152 * g + 0.0722 * b);
    });
    assert.deepEqual(
      lightness.toSorted((a, b) => a - b),
      lightness,
    );
    assert.ok(new Set(lightness).size > 20);
    assert.deepEqual([...data.subarray(0, 3), ...data.subarray(-3)], [...colour("magma", 0), ...colour("magma", 1)]);
  });

  test("alpha is dropped", () => {
    const image: Image = { width: 1, height: 1, channels: 4, data: Uint8Array.of(1, 2, 3, 0) };
    assert.deepEqual([...overlay(image, hot, { opacity: 0 }).data], [1, 2, 3]);
  });

  test("what makes no sense is refused", () => {
    for (const opacity of [-0.1, 1.1, NaN]) {
      assert.throws(() => overlay(gray, hot, { opacity }), {
        code: "ValueError",
        message: `\`opacity\` of overlay() must be a number of 0 to 1. Received: opacity=${opacity}`,
      });
    }
    for (const shape of [[1, 2, 1], [0, 3], [4]]) {
      assert.throws(() => overlay(gray, zeros(shape)), {
        code: "ShapeError",
        message: /^A heat map has the shape \(rows, cols\)/,
      });
    }
    assert.throws(() => overlay({ ...gray, width: 5 }, hot), { code: "ShapeError" });
    // @ts-expect-error -- no such interpolation
    assert.throws(() => overlay(gray, hot, { interpolation: "cubic" }), { code: "ValueError" });
  });
});
