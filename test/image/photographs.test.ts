/** 100 photographs of ../shared/images, decoded and resized: every sample equal to Pillow's, by CRC-32. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { loadImg } from "../../src/image/load-img.ts";
import { resizeImg } from "../../src/image/resize.ts";
import { needsShared, sharedPath } from "../support/shared.ts";
import { photographs } from "./pictures.ts";

test(
  "100 photographs: every sample equal to Pillow's, whole and at 224 × 224 by nearest and bilinear",
  {
    skip: needsShared,
  },
  async () => {
    assert.equal(Object.keys(photographs).length, 100);
    for (const [name, [whole, nearest, bilinear]] of Object.entries(photographs)) {
      const image = await loadImg(sharedPath(`images/${name}`));
      assert.equal(crc32(image.data), whole, name);
      assert.equal(crc32(resizeImg(image, [224, 224]).data), nearest, `${name}, nearest`);
      assert.equal(
        crc32(resizeImg(image, [224, 224], { interpolation: "bilinear" }).data),
        bilinear,
        `${name}, bilinear`,
      );
    }
  },
);
