/** Pictures as a model takes them: of its size, with its channels, scaled its way. */
import {
  type BytesSource,
  type ColorMode,
  MobileNetV2Error,
  type Shape,
  type Tensor,
  preprocessInput,
} from "../index.ts";
import type { Preprocessing } from "../public/saving.ts";
import { type Preparation, type PreparationOptions, preparationOf, preparedPixels } from "./preparation.ts";

export interface PictureFormat {
  readonly rows: number;
  readonly cols: number;
  readonly preparation: Preparation;
  /** Undefined where it is Keras's for MobileNetV2. */
  readonly preprocessing: Preprocessing | undefined;
}

/** The size of pictures where neither file nor user says one. */
export const DEFAULT_SIZE = 224;

const COLOR_MODES: ReadonlyMap<number, ColorMode> = new Map([
  [1, "grayscale"],
  [3, "rgb"],
  [4, "rgba"],
]);

/**
 * @param shape of the model's input without the batch; null for what may vary
 * @param size what the user wants, where the model leaves it open
 * @param how whether pictures are squeezed, or a part of them is taken; default: squeezed, bilinear
 * @throws ValueError where the model takes no pictures, or not those of the size; where `how` does not fit.
 */
export function pictureFormat(
  shape: Shape,
  preprocessing: Preprocessing | undefined,
  size: number | undefined,
  how: PreparationOptions = {},
): PictureFormat {
  const [rows = null, cols = null, channels = null, ...more] = shape;
  const colorMode = COLOR_MODES.get(channels ?? 3);
  const shown = shape.map((axis) => axis ?? "any").join(" × ");
  if (shape.length !== 3 || more.length > 0 || colorMode === undefined) {
    throw new MobileNetV2Error("ValueError", `The model takes no pictures: its input is ${shown}.`);
  }
  if (size !== undefined && ((rows ?? size) !== size || (cols ?? size) !== size)) {
    throw new MobileNetV2Error("ValueError", `The model takes pictures of ${shown}. Received: --size ${size}`);
  }
  const wanted = size ?? how.crop ?? DEFAULT_SIZE;
  const known = { rows: rows ?? wanted, cols: cols ?? wanted };
  return { ...known, preparation: preparationOf({ ...known, colorMode }, how), preprocessing };
}

/** A picture as the model takes it: without the batch's axis. */
export async function pictureTensor(
  picture: BytesSource,
  { preparation, preprocessing }: PictureFormat,
): Promise<Tensor<Float32Array>> {
  return preprocessInput(await preparedPixels(picture, preparation), { preprocessing });
}
