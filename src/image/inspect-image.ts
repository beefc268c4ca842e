/** Examines an image file before it is decoded: its format, judged by its content, its size, and whether it may be decoded. */
import { MobileNetV2Error } from "../core/errors.ts";
import { inspectAvif, isAvif } from "./formats/avif.ts";
import { inspectBmp, isBmp } from "./formats/bmp.ts";
import { broken, type Inspected, type InspectOptions, textAt } from "./formats/format.ts";
import { inspectGif, isGif } from "./formats/gif.ts";
import { inspectJpeg, isJpeg } from "./formats/jpeg.ts";
import { inspectPng, isPng } from "./formats/png.ts";
import { inspectTiff, isTiff } from "./formats/tiff.ts";
import { inspectWebp, isWebp } from "./formats/webp.ts";

/** One format of image files. */
interface Format {
  readonly matches: (bytes: Uint8Array) => boolean;
  readonly inspect: (bytes: Uint8Array, options: InspectOptions) => Inspected;
}

const formats: readonly Format[] = [
  { matches: isJpeg, inspect: inspectJpeg },
  { matches: isPng, inspect: inspectPng },
  { matches: isWebp, inspect: inspectWebp },
  { matches: isGif, inspect: inspectGif },
  { matches: isAvif, inspect: inspectAvif },
  { matches: isBmp, inspect: inspectBmp },
  { matches: isTiff, inspect: inspectTiff },
];

const READ = "JPEG, PNG, WebP, GIF, AVIF, BMP or TIFF";

/** Texts that people pass in place of a picture, recognized by their beginning. (The patterns cannot backtrack far.) */
const texts: readonly (readonly [RegExp, string])[] = [
  [/^\s*<[^]*<(html|head|body)[\s>]|^\s*<(!doctype )?html/i, "an HTML page (an error page in place of a picture?)"],
  [/^\s*<[^]*<svg[\s>]|^\s*<svg[\s>]/i, "SVG, which is refused: it can refer to other files"],
  [/^\s*</, "XML"],
  [/^version https:\/\/git-lfs\./, "a Git LFS pointer (run `git lfs pull`)"],
  [/^\s*[{[]/, "JSON"],
];

/** Files of other kinds, recognized by the bytes at an offset. */
const signatures: readonly (readonly [number, string, string])[] = [
  [4, "ftyphei", "HEIC"],
  [4, "ftyphev", "HEIC"],
  [4, "ftypmif1", "HEIF"],
  [4, "ftyp", "a video"],
  [0, "\xff\x0a", "JPEG XL"],
  [4, "JXL ", "JPEG XL"],
  [0, "\xff\x4f\xff\x51", "JPEG 2000"],
  [4, "jP  ", "JPEG 2000"],
  [0, "%PDF-", "PDF"],
  [0, "8BPS", "a Photoshop file"],
  [0, "\0\0\x01\0", "an icon"],
  [0, "PK\x03\x04", "a zip archive"],
  [0, "\x1f\x8b", "a gzip file"],
  [0, "\x89HDF", "HDF5"],
];

function notAPicture(bytes: Uint8Array): MobileNetV2Error {
  const head = textAt(bytes, 0, 1024).replace(/^\xef\xbb\xbf/, "");
  const what =
    texts.find(([pattern]) => pattern.test(head))?.[1] ??
    signatures.find(([offset, text]) => head.startsWith(text, offset))?.[2];
  const told = what === undefined ? `it begins with ${JSON.stringify(head.slice(0, 16))}` : `it is ${what}`;
  return new MobileNetV2Error("FormatError", `Cannot identify image file: ${told}. Expected ${READ}.`);
}

/**
 * Reads the head of an image file.
 *
 * @param maxPixels the largest number of pixels that the picture may have
 * @throws FormatError if it is no picture, or is broken or truncated; UnsupportedError for a format that is not decoded; LimitError for
 * more than `maxPixels` pixels.
 */
export function inspectImage(bytes: Uint8Array, maxPixels: number, options: InspectOptions): Inspected {
  if (bytes.length === 0) {
    throw new MobileNetV2Error("FormatError", `Cannot identify image file: it is empty. Expected ${READ}.`);
  }
  const format = formats.find(({ matches }) => matches(bytes));
  if (format === undefined) throw notAPicture(bytes);
  const inspected = format.inspect(bytes, options);
  const { width, height } = inspected;
  if (!(width > 0 && height > 0)) {
    throw broken(inspected.format.toUpperCase(), `its size is ${width} × ${height} pixels`);
  }
  if (width * height > maxPixels) {
    throw new MobileNetV2Error(
      "LimitError",
      `The picture has ${width} × ${height} pixels, more than the limit of ${maxPixels}. Raise \`maxPixels\` to decode it all the same.`,
    );
  }
  return inspected;
}
