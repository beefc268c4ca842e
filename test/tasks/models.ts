/** Small models with weights by a seed, and pictures as bytes: what a program has that never saw a command line. */
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { uniform } from "../../src/core/random.ts";
import { encodeImg } from "../../src/image/save-img.ts";
import type { Model } from "../../src/models/model.ts";
import { seedWeights } from "../support/seeded.ts";

/** The size of its pictures. */
export const SIZE = 32;

/** A MobileNetV2 of 0.35 for pictures of 32 × 32 and so many classes. */
export async function seededModel(classes = 4): Promise<Model> {
  const model = await MobileNetV2({ weights: null, alpha: 0.35, inputShape: [SIZE, SIZE, 3], classes });
  seedWeights(model, "tasks");
  return model;
}

/** The bytes of a PNG with noise. */
export async function pictureOf(seed: string, height = 40, width = 50): Promise<Uint8Array> {
  const data = Uint8Array.from(uniform(`tasks/${seed}`, height * width * 3, 0, 256));
  return encodeImg({ width, height, channels: 3, data }, { fileFormat: "png" });
}
