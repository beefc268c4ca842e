/** The preset `nsfwjs`: the MobileNetV2 that the npm package nsfwjs ships, with its five classes of content safety. */
import { readFile } from "node:fs/promises";
import {
  AveragePooling2D,
  Dense,
  Flatten,
  type Image,
  MobileNetV2,
  MobileNetV2Error,
  Model,
  Tensor,
  loadNsfwjsInto,
} from "../index.ts";
import { packageFile } from "./installed-package.ts";

export const NSFWJS_SIZE = 224;

const FOLDER = "dist/models/mobilenet_v2";
const SHARD = "group1-shard1of1";

export function isNsfwjsInstalled(): boolean {
  return packageFile("nsfwjs", `${FOLDER}/model.min.js`) !== undefined;
}

/** The model with its weights. Throws MissingError where the package is not installed. */
export async function nsfwjsModel(): Promise<Model> {
  const [described, shard] = await Promise.all([read("model.min.js"), read(`${SHARD}.min.js`)]);
  const base = await MobileNetV2({
    weights: null,
    includeTop: false,
    inputShape: [NSFWJS_SIZE, NSFWJS_SIZE, 3],
    name: "nsfwjs_mobilenet_v2",
  });
  // Its two Dropout layers do nothing in inference.
  const head = [
    new AveragePooling2D({ poolSize: 7 }),
    new Flatten(),
    new Dense({ units: 256, activation: "relu" }),
    new Dense({ units: 128, activation: "relu" }),
    new Dense({ units: 5, activation: "softmax" }),
  ];
  const outputs = head.reduce((x, layer) => layer.apply(x), base.output);
  const model = new Model({ inputs: base.input, outputs, name: base.name });
  loadNsfwjsInto(model.layers, described, { [SHARD]: shard });
  return model;
}

async function read(file: string): Promise<Uint8Array> {
  const path = packageFile("nsfwjs", `${FOLDER}/${file}`);
  if (path === undefined) {
    throw new MobileNetV2Error(
      "MissingError",
      "The weights `nsfwjs` come with the npm package nsfwjs, which is not installed: npm install nsfwjs@4",
    );
  }
  return readFile(path);
}

/** Pixels as nsfwjs gives them to its model: in [0, 1], by TF.js's resizeBilinear with aligned corners. [rows, cols, 3]. */
export function nsfwjsInput({ width, height, data }: Image): Tensor<Float32Array> {
  const size = NSFWJS_SIZE;
  const pixels = new Float32Array(size * size * 3);
  for (let row = 0, at = 0; row < size; row++) {
    const y = samplePoint(row, height);
    for (let column = 0; column < size; column++) {
      const x = samplePoint(column, width);
      const corner = (line: number, across: number): number => (line * width + across) * 3;
      const corners = [corner(y.low, x.low), corner(y.low, x.high), corner(y.high, x.low), corner(y.high, x.high)];
      for (let channel = 0; channel < 3; channel++) {
        const [topLeft = 0, topRight = 0, bottomLeft = 0, bottomRight = 0] = corners.map(
          (index) => (data[index + channel] ?? 0) / 255,
        );
        const top = topLeft + (topRight - topLeft) * x.fraction;
        const bottom = bottomLeft + (bottomRight - bottomLeft) * x.fraction;
        pixels[at++] = top + (bottom - top) * y.fraction;
      }
    }
  }
  return new Tensor([size, size, 3], pixels);
}

interface SamplePoint {
  readonly low: number;
  readonly high: number;
  readonly fraction: number;
}

/** Where the first and last outputs lie on the first and last pixels. */
function samplePoint(index: number, length: number): SamplePoint {
  const place = (index * (length - 1)) / (NSFWJS_SIZE - 1);
  const low = Math.floor(place);
  return { low, high: Math.min(length - 1, Math.ceil(place)), fraction: place - low };
}
