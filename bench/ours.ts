/** This package in the benchmark: MobileNetV2 1.0_224 with seeded weights, as the peers' model files have them. */
import { MobileNetV2 } from "mobilenet-v2";
import { Tensor } from "mobilenet-v2";
import type { PeerOptions, Prediction } from "./peer.ts";

export async function load({ input }: PeerOptions): Promise<Prediction> {
  const model = await MobileNetV2({ weights: null });
  const x = new Tensor([1, 224, 224, 3], input);
  return async () => (await model.predict(x)).data;
}
