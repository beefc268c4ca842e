/** The page's side of model.test.ts, and Node's: a small seeded model's answer for a seeded picture. */
import { MobileNetV2 } from "mobilenet-v2";
import { seedWeights, seededInput } from "../../support/seeded.ts";

export async function run(seed: string): Promise<readonly number[]> {
  using model = await MobileNetV2({ alpha: 0.35, inputShape: [96, 96, 3], weights: null });
  seedWeights(model, seed);
  const y = await model.predict(seededInput(seed, [1, 96, 96, 3]));
  return [...y.data];
}
