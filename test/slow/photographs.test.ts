/** 100 photographs with the ImageNet weights: pixels, answers and embeddings as the real Keras gives them. */
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { decodePredictions, preprocessInput } from "../../src/applications/imagenet-utils.ts";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { imgToArray } from "../../src/image/img-to-array.ts";
import { loadImg } from "../../src/image/load-img.ts";
import { clearSession } from "../../src/layers/naming.ts";
import { Model } from "../../src/models/model.ts";
import { needsShared, sharedJson, sharedPath } from "../support/shared.ts";

beforeEach(() => clearSession());

interface Answer {
  readonly top5: readonly (readonly [string, string, number])[];
  readonly pixel_mean: number;
  readonly pixels: readonly (readonly number[])[];
}

interface Reference {
  readonly file: string;
  readonly nearest: Answer;
  readonly bilinear: Answer;
  /** Of the bilinear picture. */
  readonly embedding_l2: number;
}

const WEIGHTS = "weights/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5";
/** Where the reference looks at pixels. */
const PLACES = [
  [0, 0],
  [50, 80],
  [111, 112],
  [223, 223],
] as const;

describe("100 photographs, ImageNet weights", { skip: needsShared }, () => {
  const references = needsShared ? [] : sharedJson<readonly Reference[]>("reference/predictions.json");

  for (const interpolation of ["nearest", "bilinear"] as const) {
    test(`${interpolation}: pixels exactly, top-5 in the same order with scores within 1e-4${interpolation === "bilinear" ? ", embeddings' norms within 1e-3" : ""}`, async () => {
      using model = await MobileNetV2({ weights: sharedPath(WEIGHTS) });
      using both = new Model({
        inputs: model.input,
        outputs: [model.output, model.getLayer("global_average_pooling2d").output],
      });
      assert.equal(references.length, 100);
      for (const { file, embedding_l2, [interpolation]: expected } of references) {
        const image = await loadImg(sharedPath(`images/${file}`), { targetSize: [224, 224], interpolation });
        const array = imgToArray(image, { dtype: "float32" });
        const mean = array.data.reduce((sum, value) => sum + value, 0) / array.size;
        assert.ok(
          Math.abs(mean - expected.pixel_mean) < 1e-3,
          `${file}: mean pixel ${mean}, Keras ${expected.pixel_mean}`,
        );
        const pixels = PLACES.map(([row, col]) =>
          Array.from(array.data.slice((row * 224 + col) * 3, (row * 224 + col) * 3 + 3)),
        );
        assert.deepEqual(pixels, expected.pixels, file);

        const [scores, embedding] = await both.predict(preprocessInput(array));
        assert.ok(scores !== undefined && embedding !== undefined);
        const [top = []] = decodePredictions(scores, { top: 5 });
        assert.deepEqual(
          top.map(({ wnid, label }) => [wnid, label]),
          expected.top5.map(([wnid, label]) => [wnid, label]),
          file,
        );
        for (const [i, { score }] of top.entries()) {
          const reference = expected.top5[i]?.[2] ?? NaN;
          assert.ok(Math.abs(score - reference) <= 1e-4, `${file}: score ${score}, Keras ${reference}`);
        }
        if (interpolation === "bilinear") {
          const norm = Math.hypot(...embedding.data);
          assert.ok(Math.abs(norm - embedding_l2) <= 1e-3, `${file}: norm ${norm}, Keras ${embedding_l2}`);
        }
      }
    });
  }
});
