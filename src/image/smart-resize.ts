/**
 * Keras's `smart_resize`: the centred part of a tensor with the target's proportions, resized in float32 with the
 * arithmetic of `tf.image.resize` (half-pixel centres, no antialiasing), as Keras's data sets do it.
 */
import { show, valueError } from "../core/errors.ts";
import { check } from "../core/kinds.ts";
import { checkOptions } from "../core/options.ts";
import { formatShape } from "../core/shape.ts";
import { TENSOR, Tensor } from "../core/tensor.ts";
import { checkTargetSize } from "./target-size.ts";
import { type DatasetInterpolation, checkDatasetInterpolation, resizePixels } from "./tf-resize.ts";
import { smartResizePart } from "../core/interpolation.ts";

/** Options of `smartResize`. */
export interface SmartResizeOptions {
  /** The method of resizing. Default: `"bilinear"`. */
  readonly interpolation?: DatasetInterpolation | undefined;
}

/**
 * Resizes pictures without changing their proportions: what does not fit is cut off equally on both sides.
 *
 * @param x one picture `[rows, columns, channels]` or a batch `[samples, rows, columns, channels]`
 * @param size the new size in pixels: `[rows, columns]`
 * @returns a float32 tensor of the same rank
 * @throws ValueError for another rank, an empty tensor, an impossible size or an unknown interpolation, in Keras's words; LimitError for a
 * size of more than 2^26 pixels.
 */
export function smartResize(
  x: Tensor,
  size: readonly [number, number],
  options: SmartResizeOptions = {},
): Tensor<Float32Array> {
  check("smartResize()", "x", x, TENSOR);
  checkOptions("smartResize()", options, { interpolation: true });
  const { interpolation = "bilinear" } = options;
  if (!Array.isArray(size) || size.length !== 2)
    throw valueError(`Expected \`size\` to be a tuple of 2 integers, but got: ${show(size)}.`);
  checkTargetSize(size);
  const [height, width, channels] = x.shape.slice(-3);
  if (x.shape.length > 4 || height === undefined || width === undefined || channels === undefined || x.size === 0) {
    throw valueError(
      `Expected an image array with shape \`(height, width, channels)\`, or \`(batch_size, height, width, channels)\`, but got input with incorrect rank, of shape ${formatShape(x.shape)}.`,
    );
  }
  checkDatasetInterpolation(interpolation);
  const part = smartResizePart(height, width, size);
  const data = resizePixels({ data: x.data, rows: height, columns: width, channels }, part, size, interpolation);
  return new Tensor([...x.shape.slice(0, -3), ...size, channels], data);
}
