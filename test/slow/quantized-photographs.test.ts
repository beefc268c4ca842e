/** What is left of a model's accuracy on photographs once it is quantized. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { MobileNetV2, imgToArray, loadImg, preprocessInput, quantize } from "mobilenet-v2";
import { needsShared, sharedJson, sharedPath } from "../support/shared.ts";

/** The place of the greatest number. */
function best(scores: Float32Array): number {
  return scores.reduce((top, score, i) => (score > (scores[top] ?? -Infinity) ? i : top), 0);
}

describe("photographs", () => {
  it(
    "64 to calibrate: of 100, at least 96 % the same best class as float32, and no more than 3 fewer right",
    { skip: needsShared },
    async () => {
      const path = "weights/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5";
      const original = await MobileNetV2({ weights: sharedPath(path) });
      const names = readdirSync(sharedPath("images")).toSorted();
      const index = sharedJson<Record<string, [string, string]>>("reference/imagenet_class_index.json");
      const classes = new Map(Object.entries(index).map(([number, [id]]) => [id, Number(number)]));
      const photographs = await Promise.all(
        names.map(async (name) => {
          const picture = await loadImg(sharedPath(`images/${name}`), {
            targetSize: [224, 224],
            interpolation: "bilinear",
          });
          return preprocessInput(imgToArray(picture));
        }),
      );
      using quantized = await quantize(original, photographs.slice(0, 64));
      let same = 0;
      const right = { float32: 0, int8: 0 };
      for (const [i, photograph] of photographs.entries()) {
        const expected = best((await original.predict(photograph)).data);
        const actual = best((await quantized.predict(photograph)).data);
        const label = classes.get(names[i]?.split("_")[0] ?? "");
        if (actual === expected) same++;
        if (expected === label) right.float32++;
        if (actual === label) right.int8++;
      }
      assert.ok(same >= 96, `${same} of 100 are the same`);
      assert.ok(right.int8 >= right.float32 - 3, `${right.float32} right with float32, ${right.int8} with int8`);
      assert.ok(quantized.toBytes().length < 3.75e6);
    },
  );
});
