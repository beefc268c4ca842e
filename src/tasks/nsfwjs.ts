/** The preset `nsfwjs`: pictures as the npm package nsfwjs gives them to its MobileNetV2, for five classes of content safety. */
import { show, valueError } from "../core/errors.ts";
import { Tensor } from "../core/tensor.ts";
import type { Image } from "../image/image.ts";
import { loadImg } from "../image/load-img.ts";
import type { BytesSource } from "../platform/contract.ts";
import { option, optionError } from "./errors.ts";
import type { Pixels } from "./pixels.ts";
import type { PreparationOptions } from "./preparation.ts";

/** The rows and columns of its pictures. */
export const NSFWJS_SIZE = 224;

/** @throws ValueError for options of other pictures or other weights than the preset's. */
export function checkNsfwjsOptions(
  options: PreparationOptions & {
    readonly alpha?: number | undefined;
    readonly size?: number | undefined;
    readonly pixels?: Pixels | undefined;
  },
): void {
  const { alpha = 1, size = NSFWJS_SIZE, cropAs, resize, crop, pixels } = options;
  if (pixels !== undefined) {
    throw optionError`The weights \`nsfwjs\` are for pixels as nsfwjs scales them, from 0 to 1. ${option("pixels")} does not go with them.`;
  }
  if (cropAs !== undefined || resize !== undefined || crop !== undefined) {
    throw optionError`The weights \`nsfwjs\` are for pictures as nsfwjs prepares them: squeezed. ${option("cropAs")}, ${option("resize")} and ${option("crop")} do not go with them.`;
  }
  if (alpha !== 1 || size !== NSFWJS_SIZE) {
    throw valueError(
      `The weights \`nsfwjs\` are of alpha 1 and size ${NSFWJS_SIZE}. Received: alpha=${show(alpha)}, size=${show(size)}`,
    );
  }
}

/** A picture as nsfwjs prepares it; with an `interpolation` it is squeezed by that first. [224, 224, 3]. */
export async function prepareForNsfwjs(
  picture: BytesSource,
  { interpolation, autoOrient = true }: PreparationOptions,
): Promise<Tensor<Float32Array>> {
  const targetSize = interpolation === undefined ? null : ([NSFWJS_SIZE, NSFWJS_SIZE] as const);
  return nsfwjsInput(await loadImg(picture, { targetSize, interpolation, autoOrient }));
}

/** Pixels as nsfwjs gives them to its model: in [0, 1], by TF.js's resizeBilinear with aligned corners. [224, 224, 3]. */
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

/** The place of an output between the pixels, if the first and last outputs lie on the first and last pixels. */
function samplePoint(index: number, length: number): SamplePoint {
  const place = (index * (length - 1)) / (NSFWJS_SIZE - 1);
  const low = Math.floor(place);
  return { low, high: Math.min(length - 1, Math.ceil(place)), fraction: place - low };
}
