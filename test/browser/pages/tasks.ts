/** The page's side of tasks.test.ts, and Node's: a classifier, an extractor and a tally of a small seeded model, all from bytes. */
import { MobileNetV2 } from "mobilenet-v2";
import { encodeImg } from "mobilenet-v2/image";
import { OptionError, Tally, loadClassifier, loadExtractor, planClassifier } from "mobilenet-v2/tasks";
import { uniform } from "../../../src/core/random.ts";
import { seedWeights } from "../../support/seeded.ts";

export interface Answers {
  readonly labels: readonly string[];
  readonly scores: readonly number[];
  readonly vector: readonly number[];
  readonly top1: number;
  readonly refused: string;
}

export async function run(seed: string): Promise<Answers> {
  using model = await MobileNetV2({ alpha: 0.35, inputShape: [32, 32, 3], classes: 4, weights: null });
  seedWeights(model, seed);
  const weights = new File([Uint8Array.from(await model.toBytes("keras"))], "seeded.keras");
  const data = Uint8Array.from(uniform(`${seed}/picture`, 40 * 50 * 3, 0, 256));
  const png = await encodeImg({ width: 50, height: 40, channels: 3, data }, { fileFormat: "png" });
  const picture = new Blob([Uint8Array.from(png)]);

  const labels = new Blob(["daisy\nrose\ntulip\nweed\n"]);
  using classifier = await loadClassifier({ weights, labels, cropAs: "timm" });
  const best = await classifier.classify(picture, { top: 4 });
  const tally = new Tally(["daisy", "rose", "tulip", "weed"]);
  const { data: scores } = await classifier.scores(await classifier.prepare(picture));
  tally.add("picture", scores.indexOf(Math.max(...scores)), scores);
  using extractor = await loadExtractor({ weights, layer: "block_12_add" });
  const refused: unknown = await planClassifier({ weights, size: 96 })
    .load()
    .catch((error: unknown) => error);
  return {
    labels: best.map(({ label }) => label),
    scores: best.map(({ score }) => score),
    vector: [...(await extractor.embed(picture))],
    top1: tally.top1,
    refused: refused instanceof OptionError ? refused.message : "nothing",
  };
}
