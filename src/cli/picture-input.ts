/** Pictures as a model takes them: of its size, with its channels, scaled its way. */
import {
  type BytesSource,
  type ColorMode,
  type Interpolation,
  MobileNetV2Error,
  type Preprocessing,
  type Shape,
  type Tensor,
  imgToArray,
  loadImg,
  preprocessInput,
} from "../index.ts";

export interface PictureFormat {
  readonly rows: number;
  readonly cols: number;
  readonly colorMode: ColorMode;
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
 * @throws ValueError where the model takes no pictures, or not those of the size.
 */
export function pictureFormat(
  shape: Shape,
  preprocessing: Preprocessing | undefined,
  size: number | undefined,
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
  return { rows: rows ?? size ?? DEFAULT_SIZE, cols: cols ?? size ?? DEFAULT_SIZE, colorMode, preprocessing };
}

/**
 * The whole picture, upright, squeezed to the size: nothing is cut off.
 * @param interpolation default: bilinear. Keras's own default is nearest, which costs accuracy; in its data sets it has this one.
 */
export async function pictureTensor(
  picture: BytesSource,
  { rows, cols, colorMode, preprocessing }: PictureFormat,
  interpolation: Interpolation = "bilinear",
): Promise<Tensor<Float32Array>> {
  const img = await loadImg(picture, { targetSize: [rows, cols], colorMode, interpolation, autoOrient: true });
  return preprocessInput(imgToArray(img), { preprocessing });
}
