/** In the page: classifies photographs with real weights; answers the best classes and the embedding's norm of each. */
import { MobileNetV2, Model, decodePredictions, imgToArray, loadImg, preprocessInput } from "mobilenet-v2";

export interface Request {
  readonly weights: string;
  readonly photographs: readonly string[];
  readonly interpolation: "nearest" | "bilinear";
}

export interface Classified {
  readonly top5: readonly (readonly [string, number])[];
  readonly embeddingNorm: number;
}

export async function run({ weights, photographs, interpolation }: Request): Promise<readonly Classified[]> {
  const model = await MobileNetV2({ weights });
  const pooled = model.layers.at(-2);
  if (pooled === undefined) throw new Error("the model has a pooling layer before its classifier");
  const both = new Model({ inputs: model.input, outputs: [model.output, pooled.output] });
  const answers: Classified[] = [];
  for (const address of photographs) {
    const img = await loadImg(address, { targetSize: [224, 224], interpolation });
    const [scores, embedding] = await both.predict(preprocessInput(imgToArray(img)));
    if (scores === undefined || embedding === undefined) throw new Error("two outputs were asked for");
    const [top = []] = decodePredictions(scores);
    answers.push({
      top5: top.map(({ wnid, score }) => [wnid, score]),
      embeddingNorm: Math.hypot(...embedding.data),
    });
  }
  return answers;
}
