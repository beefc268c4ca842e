/** What a user's first program looks like: type-checked, run and bundled by pack.test.ts against the packed package. */
import {
  MobileNetV2,
  MobileNetV2Error,
  Tensor,
  decodePredictions,
  imgToArray,
  loadImg,
  preprocessInput,
} from "mobilenet-v2";

export interface Answer {
  readonly shape: readonly number[];
  readonly sum: number;
  readonly best: readonly string[];
}

/** Classifies a gray picture with random weights, on two threads where there are some. */
export async function run(): Promise<Answer> {
  const model = await MobileNetV2({ alpha: 0.35, inputShape: [96, 96, 3], weights: null, threads: 2 });
  const gray = new Tensor([96, 96, 3], new Uint8Array(96 * 96 * 3).fill(128));
  const y = await model.predict(preprocessInput(gray));
  const [predictions = []] = decodePredictions(y, { top: 3 });
  model.dispose();
  return {
    shape: y.shape,
    sum: y.data.reduce((sum, score) => sum + score, 0),
    best: predictions.map(({ wnid }) => wnid),
  };
}

/** Saves a small model with random weights; its path. */
export async function saveSmall(path: string): Promise<string> {
  const model = await MobileNetV2({ alpha: 0.35, inputShape: [32, 32, 3], weights: null, classes: 3 });
  await model.save(path);
  return path;
}

/** A picture's size; or the error's code and message. */
export async function load(file: Uint8Array): Promise<string> {
  try {
    const image = await loadImg(file, { targetSize: [2, 3], interpolation: "bilinear" });
    return imgToArray(image).shape.join(" × ");
  } catch (error) {
    if (error instanceof MobileNetV2Error) return `${error.code}: ${error.message}`;
    throw error;
  }
}
