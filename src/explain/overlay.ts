/** Heat maps over pictures, in the colours of a perceptual map. */
import { MobileNetV2Error, valueError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import { formatShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { type Image, checkImage, convertMode } from "../image/image.ts";
import { type DatasetInterpolation, checkDatasetInterpolation, resizePixels } from "../image/tf-resize.ts";
import { type Colormap, colourOf } from "./colormaps.ts";

export interface OverlayOptions {
  /** Default: `viridis`, dark to bright. */
  readonly colormap?: Colormap | undefined;
  /** How much of a pixel is the heat map's: 0 is the picture alone, 1 the heat map alone. Default: 0.5. */
  readonly opacity?: number | undefined;
  /** How the heat map is scaled to the picture's size. Default: `bicubic`; `nearest` shows its cells. */
  readonly interpolation?: DatasetInterpolation | undefined;
}

/**
 * The picture with the heat map over it, as RGB of the picture's size.
 *
 * @param heatmap [rows, cols] of 0 to 1, of any size: it covers the whole picture
 * @throws ValueError for options that make no sense; ShapeError for what is no heat map or no picture.
 */
export function overlay(img: Image, heatmap: Tensor, options: OverlayOptions = {}): Image {
  checkOptions("overlay()", options, { colormap: true, opacity: true, interpolation: true });
  const { colormap = "viridis", opacity = 0.5, interpolation = "bicubic" } = options;
  checkImage(img);
  checkDatasetInterpolation(interpolation);
  const colour = colourOf(colormap);
  if (!(opacity >= 0 && opacity <= 1)) {
    throw valueError(`\`opacity\` should be a number of 0 to 1. Received: opacity=${opacity}`);
  }
  const [rows = 0, columns = 0] = heatmap.shape;
  if (heatmap.shape.length !== 2 || heatmap.size === 0) {
    throw new MobileNetV2Error(
      "ShapeError",
      `A heat map has the shape (rows, cols). Received: shape=${formatShape(heatmap.shape)}`,
    );
  }
  const { width, height, data: pixels } = convertMode(img, "rgb");
  const whole = { top: 0, left: 0, rows, columns };
  const cells = { data: heatmap.toFloat32().data, rows, columns, channels: 1 };
  const heat = resizePixels(cells, whole, [height, width], interpolation);
  const data = new Uint8Array(pixels.length);
  const paint = new Uint8Array(3);
  for (const [i, value] of heat.entries()) {
    colour(value, paint, 0);
    for (let c = 0; c < 3; c++) {
      const below = pixels[i * 3 + c] ?? 0;
      data[i * 3 + c] = Math.round(below + ((paint[c] ?? 0) - below) * opacity);
    }
  }
  return { width, height, channels: 3, data };
}
