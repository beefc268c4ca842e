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
function storedColors(picture: Sharp, { space, icc }: Metadata, convertProfile: boolean): Sharp {
  if (space === "cmyk") {
    // With a profile, libvips converts to sRGB; without one, the inks are kept as they are.
    return convertProfile && icc !== undefined ? picture : picture.pipelineColourspace("cmyk").toColourspace("cmyk");
  }
  return picture;
}

/** The types of the samples of colours that PIL reads. Wider ones have no range of their own. */
const COLOR_DEPTHS: ReadonlySet<string | undefined> = new Set(["uchar", "char", "ushort", "short"]);

const CONVERT = "Convert the picture to 8-bit JPEG or PNG first.";

/** What libvips says of files that are whole, but of a kind that it does not read. */
const UNREAD = /not configured|not supported|unsupported|unimplemented|samples out of range/i;

interface Samples {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** The samples as 8 bits. libvips scales those of gray and RGB pictures; but it would clip inks of 16 bits, and signed samples, which PIL takes for unsigned ones. */
async function samplesOf(picture: Sharp, { space, depth, channels: colors }: Metadata): Promise<Samples> {
  if (colors > 2 && !COLOR_DEPTHS.has(depth)) {
    throw new MobileNetV2Error("UnsupportedError", `Colours with samples of type ${depth} are not read. ${CONVERT}`);
  }
  const asStored = depth === "char" || (depth === "ushort" && space === "cmyk");
  const { data, info } = await picture.raw({ depth: asStored ? depth : "uchar" }).toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  // The high bytes of little-endian numbers.
  const is16Bit = bytes.length === width * height * channels * 2;
  return { data: is16Bit ? bytes.filter((_, i) => i % 2 === 1) : bytes, width, height, channels };
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
    const stored = storedColors(picture, metadata, options.convertProfile);
    const { data: samples, width, height, channels } = await samplesOf(stored, metadata);
    if (metadata.space === "cmyk" && channels >= 4) {
      return { width, height, channels: 3, data: cmykToRgb(samples, channels) };
    }
    if (channels === 2) return { width, height, channels: 4, data: grayAlphaToRgba(samples) };
    if (channels === 1 || channels === 3 || channels === 4) return { width, height, channels, data: samples };
    throw new MobileNetV2Error("UnsupportedError", `A picture with ${channels} channels is not read.`);
  } catch (cause) {
    if (cause instanceof MobileNetV2Error) throw cause;
    const message = messageOf(cause).trim();
    const [code, hint] = UNREAD.test(message)
      ? (["UnsupportedError", `\n${CONVERT}`] as const)
      : (["FormatError", ""] as const);
    throw new MobileNetV2Error(code, `The picture could not be decoded: ${message}${hint}`, { cause });
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
