/** Heat maps laid over pictures, in the colours of a colour map (as in Keras's Grad-CAM example). */
import { MobileNetV2Error } from "../core/errors.ts";
import { between, check } from "../core/kinds.ts";
import { checkOptions } from "../core/options.ts";
import { formatShape } from "../core/shape.ts";
import { TENSOR, type Tensor } from "../core/tensor.ts";
import { type Image, checkImage, convertMode } from "../image/image.ts";
import { type DatasetInterpolation, checkDatasetInterpolation, resizePixels } from "../image/tf-resize.ts";
import { type Colormap, colourOf } from "./colormaps.ts";

/** The options of `overlay`. */
export interface OverlayOptions {
  /** The name of the colour map. Default: `viridis`, from dark to bright. */
  readonly colormap?: Colormap | undefined;
  /** The opacity of the heat map: 0 shows only the picture, 1 only the heat map. Default: 0.5. */
  readonly opacity?: number | undefined;
  /** The interpolation that scales the heat map to the picture's size; `nearest` shows its cells. Default: `bicubic`. */
  readonly interpolation?: DatasetInterpolation | undefined;
}

/**
 * Lays a heat map over a picture.
 *
 * @param img the picture
 * @param heatmap the heat map, [rows, cols] with values from 0 to 1, of any size; it covers the whole picture
 * @returns a new picture of the same size, in RGB
 * @throws ValueError for an invalid option; ShapeError if the heat map or the picture is invalid
 */
export function overlay(img: Image, heatmap: Tensor, options: OverlayOptions = {}): Image {
  check("overlay()", "heatmap", heatmap, TENSOR);
  checkOptions("overlay()", options, { colormap: true, opacity: between(0, 1), interpolation: true });
  const { colormap = "viridis", opacity = 0.5, interpolation = "bicubic" } = options;
  checkImage(img);
  checkDatasetInterpolation(interpolation);
  const colour = colourOf(colormap);
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
