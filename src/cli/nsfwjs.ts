/** The preset `nsfwjs`: the MobileNetV2 that the npm package nsfwjs ships, with its five classes of content safety. */
import { dirname } from "node:path";
import { type Image, MobileNetV2Error, Tensor } from "../index.ts";
import { packageFile } from "./files/installed-package.ts";

export const NSFWJS_SIZE = 224;

const MODEL = "dist/models/mobilenet_v2/model.min.js";

export function isNsfwjsInstalled(): boolean {
  return packageFile("nsfwjs", MODEL) !== undefined;
}

/** The folder with the model. Throws MissingError where the package is not installed. */
export function nsfwjsFolder(): string {
  const path = packageFile("nsfwjs", MODEL);
  if (path !== undefined) return dirname(path);
  throw new MobileNetV2Error(
    "MissingError",
    "The weights `nsfwjs` come with the npm package nsfwjs, which is not installed: npm install nsfwjs@4",
  );
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
