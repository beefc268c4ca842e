/** Decodes and encodes pictures in Node with sharp (libvips), an optional dependency that is loaded at its first use. */
import type sharpModule from "sharp";
import type { Metadata, Sharp, SharpOptions } from "sharp";

import { messageOf, MobileNetV2Error } from "../../core/errors.ts";
import type { DecodedImage, DecodeOptions, ImageFormat } from "../contract.ts";

async function loadSharp(): Promise<typeof sharpModule> {
  try {
    return (await import("sharp")).default;
  } catch (cause) {
    throw new MobileNetV2Error(
      "MissingError",
      `Reading and writing pictures in Node needs the package "sharp", which could not be loaded. Install it: npm install sharp\n(${messageOf(cause).split("\n", 1)[0]})`,
      { cause },
    );
  }
}

/** Converts CMYK to RGB as PIL does, in its fixed-point arithmetic. `step` is the number of samples per pixel. */
function cmykToRgb(cmyk: Uint8Array, step: number): Uint8Array {
  const rgb = new Uint8Array((cmyk.length / step) * 3);
  for (let p = 0, o = 0; p < cmyk.length; p += step) {
    const white = 255 - (cmyk[p + 3] ?? 0);
    for (let c = p; c < p + 3; c++) {
      const product = (cmyk[c] ?? 0) * white + 128;
      rgb[o++] = Math.max(0, white - (((product >> 8) + product) >> 8));
    }
  }
  return rgb;
}

/** Converts gray with alpha to RGBA. */
function grayAlphaToRgba(samples: Uint8Array): Uint8Array {
  const rgba = new Uint8Array(samples.length * 2);
  for (let p = 0; p < samples.length; p += 2) {
    rgba.fill(samples[p] ?? 0, p * 2, p * 2 + 3);
    rgba[p * 2 + 3] = samples[p + 1] ?? 0;
  }
  return rgba;
}

/** Keeps the colours as they are stored, unless a profile is to be applied. */
function to8Bit(picture: Sharp, { space, icc }: Metadata, convertProfile: boolean): Sharp {
  if (space === "cmyk") {
    // With a profile, libvips converts to sRGB; without one, the inks are kept as they are.
    return convertProfile && icc !== undefined ? picture : picture.pipelineColourspace("cmyk").toColourspace("cmyk");
  }
  return picture;
}

export async function decodeImage(bytes: Uint8Array, options: DecodeOptions): Promise<DecodedImage> {
  const sharp = await loadSharp();
  const input: SharpOptions = {
    // Truncated files and bad checksums are refused; what libjpeg only warns about is decoded, as in Pillow.
    failOn: "error",
    limitInputPixels: options.maxPixels,
    unlimited: false,
    sequentialRead: true,
    pages: 1,
    ignoreIcc: !options.convertProfile,
  };
  try {
    const picture = sharp(bytes, input);
    const metadata = await picture.metadata();
    const { data, info } = await to8Bit(picture, metadata, options.convertProfile)
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const channels: number = info.channels;
    const samples = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    if (metadata.space === "cmyk" && channels >= 4) {
      return { width, height, channels: 3, data: cmykToRgb(samples, channels) };
    }
    if (channels === 2) return { width, height, channels: 4, data: grayAlphaToRgba(samples) };
    if (channels === 1 || channels === 3 || channels === 4) return { width, height, channels, data: samples };
    throw new MobileNetV2Error("UnsupportedError", `A picture with ${channels} channels is not read.`);
  } catch (cause) {
    if (cause instanceof MobileNetV2Error) throw cause;
    throw new MobileNetV2Error("FormatError", `The picture could not be decoded: ${messageOf(cause).trim()}`, {
      cause,
    });
  }
}

export async function encodeImage(image: DecodedImage, format: ImageFormat, quality: number): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const { width, height, channels } = image;
  const picture = sharp(image.data, { raw: { width, height, channels } });
  // Gray pictures keep their single channel in the file.
  const kept = channels === 1 ? picture.toColourspace("b-w") : picture;
  const encoded = await kept.toFormat(format, format === "png" ? {} : { quality }).toBuffer();
  return new Uint8Array(encoded.buffer, encoded.byteOffset, encoded.byteLength);
}
