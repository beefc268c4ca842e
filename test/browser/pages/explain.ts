/** The page's side of explain.test.ts, and Node's: heat maps of a small seeded model, and one over a picture, as a PNG. */
import { MobileNetV2, gradCam, overlay } from "mobilenet-v2";
import { classActivationMap } from "mobilenet-v2/explain";
import { encodeImg } from "mobilenet-v2/image";
import { seedWeights, seededInput } from "../../support/seeded.ts";

export interface ExplainAnswer {
  readonly gradCam: readonly number[];
  readonly early: readonly number[];
  readonly cam: readonly number[];
  readonly classIndex: number;
  /** Of the overlay. */
  readonly pixels: readonly number[];
  /** The first bytes of its file. */
  readonly png: readonly number[];
}

export async function run(seed: string): Promise<ExplainAnswer> {
  using model = await MobileNetV2({ alpha: 0.35, inputShape: [96, 96, 3], weights: null, classes: 10 });
  seedWeights(model, seed);
  const x = seededInput(seed, [96, 96, 3]);
  const late = await gradCam(model, x);
  const early = await gradCam(model, x, { layer: "block_16_project_BN" });
  const cam = await classActivationMap(model, x);
  const gray = { width: 20, height: 10, channels: 1, data: new Uint8Array(200).fill(100) } as const;
  const shown = overlay(gray, late.heatmap);
  const png = await encodeImg(shown, { fileFormat: "png" });
  return {
    gradCam: [...late.heatmap.data],
    early: [...early.heatmap.data],
    cam: [...cam.heatmap.data],
    classIndex: late.classIndex,
    pixels: [...shown.data],
    png: [...png.subarray(0, 8)],
  };
}
