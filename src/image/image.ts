/** Pictures in memory, and the three colour modes of Keras's `load_img`, with the arithmetic of PIL's `convert`. */
import { MobileNetV2Error, show } from "../core/errors.ts";
import { type Kind, OBJECT, check } from "../core/kinds.ts";
import type { DecodedImage } from "../platform/contract.ts";

/** A picture as 8-bit samples: rows from the top, channels interleaved (1 is gray, 3 is RGB, 4 is RGBA with colours not multiplied by alpha). */
export type Image = DecodedImage;

/** The colours of a loaded picture: Keras's `color_mode`. */
export type ColorMode = "grayscale" | "rgb" | "rgba";

/** The number of channels in each colour mode. */
export const channelsOf: Readonly<Record<ColorMode, 1 | 3 | 4>> = { grayscale: 1, rgb: 3, rgba: 4 };

const BYTES: Kind = ["a Uint8Array", (value) => value instanceof Uint8Array || value instanceof Uint8ClampedArray];

/**
 * Checks the size of a picture.
 * @throws ShapeError if the width, the height or the number of channels is impossible, or if the data does not fit them.
 */
export function checkImage(image: Image): void {
  check("a picture", "image", image, OBJECT);
  const { width, height, channels, data } = image;
  check("a picture", "data", data, BYTES);
  const whole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (!whole || ![1, 3, 4].includes(channels) || data.length !== width * height * channels) {
    throw new MobileNetV2Error(
      "ShapeError",
      `An image needs a width and a height of 1 or more, 1, 3 or 4 channels, and height * width * channels samples. Received: width=${show(width)}, height=${show(height)}, channels=${show(channels)}, ${data.length} samples.`,
    );
  }
}

/**
 * Converts a picture to another colour mode as PIL's `convert` does: alpha is dropped (not blended), gray is repeated, and colour becomes
 * gray by ITU-R 601-2 luma in PIL's 16-bit fixed point. A picture that already has the mode is returned itself.
 */
export function convertMode(image: Image, mode: ColorMode): Image {
  const channels = channelsOf[mode];
  if (image.channels === channels) return image;
  const { width, height, data: from, channels: step } = image;
  const data = new Uint8Array(width * height * channels);
  let p = 0;
  for (let o = 0; o < data.length; o += channels, p += step) {
    const first = from[p] ?? 0;
    const second = step === 1 ? first : (from[p + 1] ?? 0);
    const third = step === 1 ? first : (from[p + 2] ?? 0);
    if (channels === 1) {
      data[o] = (first * 19595 + second * 38470 + third * 7471 + 0x8000) >> 16;
    } else {
      data[o] = first;
      data[o + 1] = second;
      data[o + 2] = third;
      if (channels === 4) data[o + 3] = 255;
    }
  }
  return { width, height, channels, data };
}
