/** The photographs of the reference folder, as MobileNetV2 takes them. */
import { readdirSync } from "node:fs";
import { preprocessInput } from "../../src/applications/imagenet-utils.ts";
import type { Tensor } from "../../src/core/tensor.ts";
import { imgToArray } from "../../src/image/img-to-array.ts";
import { loadImg } from "../../src/image/load-img.ts";
import { sharedPath } from "../support/shared.ts";

/** So many, one of each class, `from` the first that is wanted; each a batch of one. */
export async function photographs(count: number, from = 0, size = 224): Promise<readonly Tensor<Float32Array>[]> {
  const names = readdirSync(sharedPath("images"))
    .toSorted()
    .slice(from, from + count);
  return Promise.all(
    names.map(async (name) => {
      const img = await loadImg(sharedPath(`images/${name}`), { targetSize: [size, size], interpolation: "bilinear" });
      return preprocessInput(imgToArray(img)).reshape([1, size, size, 3]);
    }),
  );
}

/** The file of ImageNet weights of MobileNetV2 1.0_224. */
export const IMAGENET = "weights/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5";

/** The index of the largest value. */
export function best(values: ArrayLike<number>): number {
  return Array.from(values).indexOf(Math.max(...Array.from(values)));
}
