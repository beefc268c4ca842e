/** Keras's `img_to_array` and `array_to_img`: pictures to tensors and back (keras/src/utils/image_utils.py). */
import { MobileNetV2Error, show, valueError } from "../core/errors.ts";
import { FLAG, check } from "../core/kinds.ts";
import { checkOptions } from "../core/options.ts";
import { formatShape } from "../core/shape.ts";
import { type DType, TENSOR, Tensor, type TensorData } from "../core/tensor.ts";
import { checkImage, type Image } from "./image.ts";

/** The order of a picture's axes: `[rows, columns, channels]` or `[channels, rows, columns]`. */
export type ChannelOrder = "channels_last" | "channels_first";

/** Options of `imgToArray`. */
export interface ImgToArrayOptions {
  /** The order of the axes of the tensor. Default: `"channels_last"`. */
  readonly dataFormat?: ChannelOrder | null | undefined;
  /** The type of the tensor's values. Default: `"float32"`. */
  readonly dtype?: DType | null | undefined;
}

/** Options of `arrayToImg`. */
export interface ArrayToImgOptions {
  /** The order of the axes of the tensor. Default: `"channels_last"`. */
  readonly dataFormat?: ChannelOrder | null | undefined;
  /** Whether the values are stretched so that the smallest becomes 0 and the largest 255. Default: true. */
  readonly scale?: boolean | undefined;
}

const makers: Readonly<Record<DType, (length: number) => TensorData>> = {
  float32: (length) => new Float32Array(length),
  int32: (length) => new Int32Array(length),
  uint8: (length) => new Uint8Array(length),
};

function isChannelsFirst(dataFormat: string | null | undefined): boolean {
  if (dataFormat === undefined || dataFormat === null || dataFormat === "channels_last") return false;
  if (dataFormat === "channels_first") return true;
  throw valueError(
    `The \`dataFormat\` argument must be one of {'channels_first', 'channels_last'}. Received: dataFormat=${show(dataFormat)}`,
  );
}

/** Transposes a matrix: element `i * rows + r` of `to` is element `r * columns + i` of `from`. */
function transpose(from: TensorData, to: TensorData, rows: number, columns: number): void {
  for (let r = 0, p = 0; r < rows; r++) for (let c = 0; c < columns; c++) to[c * rows + r] = from[p++] ?? 0;
}

/**
 * Converts a picture to a tensor `[rows, columns, channels]` with values from 0 to 255; a gray picture has one channel.
 *
 * @throws ValueError for an unknown `dataFormat` or `dtype`; ShapeError for an image whose data does not fit its size.
 */
export function imgToArray(img: Image, options: ImgToArrayOptions & { readonly dtype: "uint8" }): Tensor<Uint8Array>;
export function imgToArray(img: Image, options: ImgToArrayOptions & { readonly dtype: "int32" }): Tensor<Int32Array>;
export function imgToArray(
  img: Image,
  options?: ImgToArrayOptions & { readonly dtype?: "float32" | null | undefined },
): Tensor<Float32Array>;
export function imgToArray(img: Image, options?: ImgToArrayOptions): Tensor;
export function imgToArray(img: Image, options: ImgToArrayOptions = {}): Tensor {
  checkOptions("imgToArray()", options, { dataFormat: true, dtype: true });
  checkImage(img);
  const dtype = options.dtype ?? "float32";
  if (typeof dtype !== "string" || !Object.hasOwn(makers, dtype)) {
    throw valueError(`dtype must be one of ${Object.keys(makers).join(", ")}. Received: dtype=${show(dtype)}`);
  }
  const { width, height, channels } = img;
  const data = makers[dtype](img.data.length);
  if (isChannelsFirst(options.dataFormat)) {
    transpose(img.data, data, width * height, channels);
    return new Tensor([channels, height, width], data);
  }
  data.set(img.data);
  return new Tensor([height, width, channels], data);
}

/** The values stretched to 0…255, with each step rounded to float32 as in NumPy. */
function stretched(values: Float32Array): Float32Array {
  let [least, largest] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > largest) largest = value;
  }
  const range = Math.fround(largest - least);
  return values.map((value) => {
    const shifted = Math.fround(value - least);
    return Math.fround((range === 0 ? shifted : Math.fround(shifted / range)) * 255);
  });
}

/**
 * Converts a tensor of rank 3 to a picture: 1 channel is gray, 3 are RGB, 4 are RGBA. Fractions are cut off. If `scale` is false, values
 * outside 0…255 wrap around, as in NumPy.
 *
 * @throws ValueError for another rank or number of channels; UnsupportedError for gray values above 255 (of which Keras makes a 32-bit
 * picture); ShapeError for an empty tensor.
 */
export function arrayToImg(x: Tensor, options: ArrayToImgOptions = {}): Image {
  check("arrayToImg()", "x", x, TENSOR);
  checkOptions("arrayToImg()", options, { dataFormat: true, scale: FLAG });
  const [first, second, third] = x.shape;
  if (first === undefined || second === undefined || third === undefined || x.shape.length !== 3) {
    throw valueError(
      `Expected image array to have rank 3 (single image). Got array with shape: ${formatShape(x.shape)}`,
    );
  }
  const channelsFirst = isChannelsFirst(options.dataFormat);
  const [height, width, channels] = channelsFirst ? [second, third, first] : [first, second, third];
  if (channels !== 1 && channels !== 3 && channels !== 4) throw valueError(`Unsupported channel number: ${channels}`);
  const given = Float32Array.from(x.data);
  const values = (options.scale ?? true) ? stretched(given) : given;
  if (channels === 1 && values.some((value) => value > 255)) {
    throw new MobileNetV2Error("UnsupportedError", "Gray pictures have 8 bits here: expected values of 0 to 255.");
  }
  const data = new Uint8Array(values.length);
  if (channelsFirst) transpose(values, data, channels, width * height);
  else data.set(values);
  const image: Image = { width, height, channels, data };
  checkImage(image);
  return image;
}
