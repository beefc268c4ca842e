/** Decodes and encodes pictures in browsers: `createImageBitmap` and a canvas; WebCodecs if a picture is transparent. */
import { messageOf, MobileNetV2Error } from "../../core/errors.ts";
import type { DecodedImage, DecodeOptions, ImageFormat } from "../contract.ts";

/** The largest number of pixels that are drawn at once: some browsers silently give a blank canvas beyond 16 million pixels. */
const STRIPE_PIXELS = 2 ** 22;

function context(width: number, height: number): readonly [OffscreenCanvas, OffscreenCanvasRenderingContext2D] {
  if (typeof OffscreenCanvas === "undefined") {
    throw new MobileNetV2Error(
      "MissingError",
      "Reading and writing pictures needs OffscreenCanvas, which is missing here.",
    );
  }
  const canvas = new OffscreenCanvas(width, height);
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  if (drawing === null) {
    throw new MobileNetV2Error("LimitError", `The browser gave no canvas of ${width} × ${height} pixels.`);
  }
  return [canvas, drawing];
}

function checkPixels(width: number, height: number, maxPixels: number): void {
  if (width * height <= maxPixels) return;
  throw new MobileNetV2Error("LimitError", `The picture has ${width} × ${height} pixels, more than ${maxPixels}.`);
}

/** Decodes by way of a canvas. It is exact if the picture is opaque; a canvas loses the colours under transparency. */
async function decodeByCanvas(bytes: Uint8Array<ArrayBuffer>, options: DecodeOptions): Promise<DecodedImage> {
  const bitmap = await createImageBitmap(new Blob([bytes], { type: options.mimeType }), {
    imageOrientation: "none",
    colorSpaceConversion: options.convertProfile ? "default" : "none",
    premultiplyAlpha: "none",
  });
  try {
    const { width, height } = bitmap;
    checkPixels(width, height, options.maxPixels);
    const stripe = Math.max(1, Math.min(height, Math.floor(STRIPE_PIXELS / width)));
    const [, drawing] = context(width, stripe);
    const data = new Uint8Array(width * height * 4);
    for (let top = 0; top < height; top += stripe) {
      const rows = Math.min(stripe, height - top);
      drawing.clearRect(0, 0, width, stripe);
      drawing.drawImage(bitmap, 0, top, width, rows, 0, 0, width, rows);
      data.set(drawing.getImageData(0, 0, width, rows).data, top * width * 4);
    }
    return { width, height, channels: 4, data };
  } finally {
    bitmap.close();
  }
}

/** Decodes by WebCodecs, which keeps the colours under transparency; undefined if WebCodecs is missing or gives no RGB. */
async function decodeStraight(
  bytes: Uint8Array<ArrayBuffer>,
  options: DecodeOptions,
): Promise<DecodedImage | undefined> {
  if (typeof ImageDecoder === "undefined" || !(await ImageDecoder.isTypeSupported(options.mimeType))) return undefined;
  const decoder = new ImageDecoder({
    data: bytes,
    type: options.mimeType,
    colorSpaceConversion: options.convertProfile ? "default" : "none",
    preferAnimation: false,
  });
  try {
    const { image: frame } = await decoder.decode();
    try {
      if (frame.format !== "RGBA" && frame.format !== "BGRA") return undefined;
      const { codedWidth: width, codedHeight: height } = frame;
      checkPixels(width, height, options.maxPixels);
      const data = new Uint8Array(width * height * 4);
      await frame.copyTo(data, { rect: { x: 0, y: 0, width, height }, layout: [{ offset: 0, stride: width * 4 }] });
      if (frame.format === "BGRA") {
        for (let p = 0; p < data.length; p += 4) [data[p], data[p + 2]] = [data[p + 2] ?? 0, data[p] ?? 0];
      }
      return { width, height, channels: 4, data };
    } finally {
      frame.close();
    }
  } finally {
    decoder.close();
  }
}

function isOpaque({ data }: DecodedImage): boolean {
  for (let p = 3; p < data.length; p += 4) if (data[p] !== 255) return false;
  return true;
}

export async function decodeImage(bytes: Uint8Array, options: DecodeOptions): Promise<DecodedImage> {
  if (options.mimeType === "image/tiff") {
    throw new MobileNetV2Error("UnsupportedError", "Browsers do not read TIFF. Convert the picture to PNG first.");
  }
  // A Blob and a decoder do not accept memory that is shared between threads.
  const own =
    bytes.buffer instanceof ArrayBuffer
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
      : new Uint8Array(bytes);
  try {
    const image = await decodeByCanvas(own, options);
    return isOpaque(image) ? image : ((await decodeStraight(own, options)) ?? image);
  } catch (cause) {
    if (cause instanceof MobileNetV2Error) throw cause;
    throw new MobileNetV2Error("FormatError", `The picture could not be decoded: ${messageOf(cause)}`, { cause });
  }
}

export async function encodeImage(image: DecodedImage, format: ImageFormat, quality: number): Promise<Uint8Array> {
  const { width, height, channels, data } = image;
  const [canvas, drawing] = context(width, height);
  const pixels = drawing.createImageData(width, height);
  for (let p = 0, o = 0; p < data.length; p += channels, o += 4) {
    for (let c = 0; c < 3; c++) pixels.data[o + c] = data[channels === 1 ? p : p + c] ?? 0;
    pixels.data[o + 3] = channels === 4 ? (data[p + 3] ?? 0) : 255;
  }
  drawing.putImageData(pixels, 0, 0);
  const blob = await canvas.convertToBlob({ type: `image/${format}`, quality: quality / 100 });
  if (blob.type !== `image/${format}`) {
    throw new MobileNetV2Error("UnsupportedError", `This browser does not write ${format}. Use "png" or "jpeg".`);
  }
  return new Uint8Array(await blob.arrayBuffer());
}
