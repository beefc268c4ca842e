/** A seeded picture of bytes, the same in pages and here, and what a model answers for it. */
import { preprocessInput } from "../../src/applications/imagenet-utils.ts";
import { uniform } from "../../src/core/random.ts";
import type { Image } from "../../src/image/image.ts";
import { imgToArray } from "../../src/image/img-to-array.ts";
import type { Model } from "../../src/models/model.ts";
import type { Sequential } from "../../src/models/sequential.ts";

export const PICTURE = "peers/teachable";

export function picture(seed: string, size: number): Image {
  const data = Uint8Array.from(uniform(seed, size * size * 3, 0, 256), Math.floor);
  return { width: size, height: size, channels: 3, data };
}

/** The picture is prepared as the model says. */
export async function answerOf(model: Model | Sequential, size: number): Promise<Float32Array> {
  const pixels = imgToArray(picture(PICTURE, size)).reshape([1, size, size, 3]);
  const { preprocessing } = model;
  return (await model.predict(preprocessInput(pixels, preprocessing === undefined ? {} : { preprocessing }))).data;
}
