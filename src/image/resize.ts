/**
 * PIL's `Image.resize`, bit for bit: 8-bit samples, fixed-point weights, two passes with rounding to 8 bits between
 * them (Pillow 13's `libImaging/Resample.c`; `nearest` is its `Geometry.c`, alpha its `Convert.c`).
 */
import { show, valueError } from "../core/errors.ts";
import { OBJECT } from "../core/kinds.ts";
import { checkTargetSize } from "./target-size.ts";
import { checkOptions } from "../core/options.ts";
import { type Filter, filters, type Interpolation, interpolations } from "./filters.ts";
import { checkImage, type Image } from "./image.ts";

/** A part of a picture, in whole pixels. */
export interface Box {
  /** The first column of the part. */
  readonly left: number;
  /** The first row of the part. */
  readonly top: number;
  /** The column after the last one of the part. */
  readonly right: number;
  /** The row after the last one of the part. */
  readonly bottom: number;
}

/** Options of `resizeImg`. */
export interface ResizeOptions {
  /** The method of resizing. Default: `"nearest"`, as in Keras. */
  readonly interpolation?: Interpolation | undefined;
  /** The part of the picture that is scaled. Default: the whole picture. */
  readonly box?: Box | undefined;
}

const PRECISION_BITS = 32 - 8 - 2;

/** For every output position: the first source position, the number of source positions, and their weights in fixed point. */
interface Taps {
  readonly firsts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Int32Array;
  /** The distance in `weights` between the first weights of neighbouring output positions. */
  readonly stride: number;
}

function tapsOf(inSize: number, from: number, to: number, outSize: number, filter: Filter): Taps {
  const scale = (to - from) / outSize;
  const filterScale = Math.max(1, scale);
  const inverse = 1 / filterScale;
  const support = filter.support * filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const firsts = new Int32Array(outSize);
  const counts = new Int32Array(outSize);
  const weights = new Int32Array(outSize * stride);
  const exact = new Float64Array(stride);
  for (let out = 0; out < outSize; out++) {
    const center = from + (out + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(inSize, Math.trunc(center + support + 0.5)) - first;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      const weight = filter.weight((tap + first - center + 0.5) * inverse);
      exact[tap] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < count; tap++) {
      const weight = (exact[tap] ?? 0) / (sum === 0 ? 1 : sum);
      weights[out * stride + tap] = Math.trunc((weight < 0 ? -0.5 : 0.5) + weight * (1 << PRECISION_BITS));
    }
    firsts[out] = first;
    counts[out] = count;
  }
  return { firsts, counts, weights, stride };
}

/** Scales rows `top` to `top + height` of the source along x. */
function horizontalPass(source: Image, taps: Taps, outWidth: number, top: number, height: number): Image {
  const { channels, data: from } = source;
  const rowLength = source.width * channels;
  const { firsts, counts, weights, stride } = taps;
  const half = 1 << (PRECISION_BITS - 1);
  // A clamped array, for the clipping to 8 bits that PIL does with a table.
  const data = new Uint8ClampedArray(outWidth * height * channels);
  let at = 0;
  for (let y = top; y < top + height; y++) {
    for (let x = 0; x < outWidth; x++) {
      const begin = y * rowLength + firsts[x]! * channels;
      const end = begin + counts[x]! * channels;
      let w = x * stride;
      let [first, second, third, fourth] = [half, half, half, half];
      if (channels === 1) {
        for (let p = begin; p < end; p++) first = (first + Math.imul(from[p]!, weights[w++]!)) | 0;
        data[at++] = first >> PRECISION_BITS;
        continue;
      }
      for (let p = begin; p < end; p += channels) {
        const weight = weights[w++]!;
        first = (first + Math.imul(from[p]!, weight)) | 0;
        second = (second + Math.imul(from[p + 1]!, weight)) | 0;
        third = (third + Math.imul(from[p + 2]!, weight)) | 0;
        if (channels === 4) fourth = (fourth + Math.imul(from[p + 3]!, weight)) | 0;
      }
      data[at] = first >> PRECISION_BITS;
      data[at + 1] = second >> PRECISION_BITS;
      data[at + 2] = third >> PRECISION_BITS;
      if (channels === 4) data[at + 3] = fourth >> PRECISION_BITS;
      at += channels;
    }
  }
  return { width: outWidth, height, channels, data: new Uint8Array(data.buffer) };
}

/** Scales along y. `top` is the row of the original picture with which the source begins. */
function verticalPass(source: Image, taps: Taps, outHeight: number, top: number): Image {
  const { width, channels, data: from } = source;
  const rowLength = width * channels;
  const { firsts, counts, weights, stride } = taps;
  const data = new Uint8ClampedArray(rowLength * outHeight);
  const sums = new Int32Array(rowLength);
  for (let y = 0; y < outHeight; y++) {
    sums.fill(1 << (PRECISION_BITS - 1));
    let p = (firsts[y]! - top) * rowLength;
    const firstWeight = y * stride;
    const end = firstWeight + counts[y]!;
    for (let w = firstWeight; w < end; w++) {
      const weight = weights[w]!;
      for (let i = 0; i < rowLength; i++) sums[i] = (sums[i]! + Math.imul(from[p++]!, weight)) | 0;
    }
    const row = y * rowLength;
    for (let i = 0; i < rowLength; i++) data[row + i] = sums[i]! >> PRECISION_BITS;
  }
  return { width, height: outHeight, channels, data: new Uint8Array(data.buffer) };
}

function resample(source: Image, rows: number, cols: number, filter: Filter, box: Box): Image {
  const { width, height } = source;
  const needsHorizontal = cols !== width || box.left !== 0 || box.right !== cols;
  const needsVertical = rows !== height || box.top !== 0 || box.bottom !== rows;
  // The order shows in the last bit, because the samples are rounded to 8 bits between the passes.
  const horizontalFirst = !(height > rows && height - rows > (width - cols) * 2);
  const across = tapsOf(width, box.left, box.right, cols, filter);
  const down = tapsOf(height, box.top, box.bottom, rows, filter);
  if (!needsHorizontal) return needsVertical ? verticalPass(source, down, rows, 0) : source;
  if (horizontalFirst) {
    const first = down.firsts[0]!;
    const last = down.firsts[rows - 1]! + down.counts[rows - 1]!;
    const between = horizontalPass(source, across, cols, first, last - first);
    return needsVertical ? verticalPass(between, down, rows, first) : between;
  }
  return horizontalPass(verticalPass(source, down, rows, 0), across, cols, 0, rows);
}

/** The source position of every output position. PIL adds up the step, and the rounding of the sum shows, so the same is done here. */
function nearestPositions(from: number, to: number, outSize: number): Int32Array {
  const positions = new Int32Array(outSize);
  const step = (to - from) / outSize;
  let at = from + step * 0.5;
  for (let i = 0; i < outSize; i++) {
    positions[i] = Math.trunc(at);
    at += step;
  }
  return positions;
}

function nearest(source: Image, rows: number, cols: number, box: Box): Image {
  const { width, height, channels, data: from } = source;
  const across = nearestPositions(box.left, box.right, cols);
  const down = nearestPositions(box.top, box.bottom, rows);
  const data = new Uint8Array(rows * cols * channels);
  let at = 0;
  for (const y of down) {
    for (const x of across) {
      // Positions are outside only if rounding carries the last one over the edge; PIL leaves those pixels black.
      const p = y < height && x < width ? (y * width + x) * channels : from.length;
      for (let channel = 0; channel < channels; channel++) data[at++] = from[p + channel] ?? 0;
    }
  }
  return { width: cols, height: rows, channels, data };
}

/** RGBA with the colours multiplied by alpha, as in PIL's mode "RGBa". */
function premultiplied(image: Image): Image {
  const data = image.data.slice();
  for (let p = 0; p < data.length; p += 4) {
    const alpha = data[p + 3]!;
    for (let c = p; c < p + 3; c++) {
      const product = data[c]! * alpha + 128;
      data[c] = ((product >> 8) + product) >> 8;
    }
  }
  return { ...image, data };
}

/** Divides the colours by alpha: the inverse of `premultiplied`. */
function straight(image: Image): Image {
  const data = image.data.slice();
  for (let p = 0; p < data.length; p += 4) {
    const alpha = data[p + 3]!;
    if (alpha === 0 || alpha === 255) continue;
    for (let c = p; c < p + 3; c++) data[c] = Math.min(255, Math.trunc((255 * data[c]!) / alpha));
  }
  return { ...image, data };
}

function checkBox(box: Box, image: Image): void {
  const whole = OBJECT[1](box) && [box.left, box.top, box.right, box.bottom].every(Number.isInteger);
  if (whole && box.left >= 0 && box.top >= 0 && box.right <= image.width && box.bottom <= image.height) {
    if (box.left <= box.right && box.top <= box.bottom) return;
  }
  throw valueError(
    `A box lies within the picture, in whole pixels. Received: ${show(box)} for a picture of ${image.width} × ${image.height}.`,
  );
}

/**
 * Checks a method of resizing.
 * @throws ValueError, in Keras's words, if it is not one of PIL's.
 */
export function checkInterpolation(interpolation: string): void {
  if (interpolations.some((known) => known === interpolation)) return;
  throw valueError(
    `Invalid interpolation method ${show(interpolation)} specified. Supported methods are ${interpolations.join(", ")}`,
  );
}

/**
 * Scales a picture to a size, with exactly the samples that PIL's `resize` gives. A picture that already has the size is returned itself.
 *
 * @param size the new size in pixels: `[rows, columns]`
 * @throws ValueError for an unknown interpolation, an impossible size or a box outside the picture; LimitError for a size of more than 2^26
 * pixels; ShapeError for an image whose data does not fit its size.
 */
export function resizeImg(image: Image, size: readonly [number, number], options: ResizeOptions = {}): Image {
  checkOptions("resizeImg()", options, { interpolation: true, box: true });
  checkImage(image);
  checkTargetSize(size);
  const { interpolation = "nearest", box = { left: 0, top: 0, right: image.width, bottom: image.height } } = options;
  checkInterpolation(interpolation);
  checkBox(box, image);
  const [rows, cols] = size;
  if (rows === image.height && cols === image.width && box.right - box.left === cols && box.bottom - box.top === rows) {
    return image;
  }
  if (interpolation === "nearest") return nearest(image, rows, cols, box);
  const filter: Filter = filters[interpolation];
  if (image.channels !== 4) return resample(image, rows, cols, filter, box);
  return straight(resample(premultiplied(image), rows, cols, filter, box));
}
