/** The ImageNet weights files: their names, address and cache (keras/src/applications/mobilenet_v2.py). */

import { cachedChecksum, cachedDownload, environment, findCached } from "#platform";

import { MobileNetV2Error } from "../core/errors.ts";
import type { CachedChecksum, CachedFile, DownloadOptions } from "../platform/contract.ts";
const BASE_WEIGHT_PATH = "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/";
const MIRROR_VARIABLE = "MOBILENETV2_WEIGHTS_URL";
/** The largest download in bytes; the largest file, for alpha 1.4, has 24 MB. */
const MAX_BYTES = 1 << 26;

/** A published ImageNet weights file. */
export interface ImagenetFile {
  /** The width multiplier: 0.35, 0.5, 0.75, 1, 1.3 or 1.4. */
  readonly alpha: number;
  /** The input size: 96, 128, 160, 192 or 224; only 224 for the widths 1.3 and 1.4. */
  readonly rows: number;
  /** Whether the file has the classifier's weights. */
  readonly includeTop: boolean;
}

/** The options of reading an ImageNet weights file. */
export interface ImagenetOptions extends ImagenetFile, DownloadOptions {
  /** The URL of a folder that has the files. Default: the environment variable MOBILENETV2_WEIGHTS_URL, or else Keras's address. */
  readonly baseUrl?: string | undefined;
}

/** The name of a file, such as "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5". */
export function imagenetFileName({ alpha, rows, includeTop }: ImagenetFile): string {
  // Python writes a whole number of type float with `.0`.
  const written = Number.isInteger(alpha) ? alpha.toFixed(1) : String(alpha);
  return `mobilenet_v2_weights_tf_dim_ordering_tf_kernels_${written}_${rows}${includeTop ? "" : "_no_top"}.h5`;
}

/**
 * Reads a published HDF5 weights file from Keras's cache (in browsers, the Cache API), or else downloads it into the cache.
 *
 * @returns the bytes of the file
 * @throws NetworkError if it is neither cached nor reachable, FormatError if `check` rejects the downloaded file; the message names the
 *   file, its URL and the place to put it
 */
export function imagenetWeights(options: ImagenetOptions): Promise<Uint8Array> {
  return cachedDownload(cachedFile(options));
}

/** The same without a download: undefined if the file is not in the cache, or `check` rejects it. */
export function findImagenetWeights(options: ImagenetOptions): Promise<Uint8Array | undefined> {
  return findCached(cachedFile(options));
}

/** The checksum that was recorded beside the file in the cache. Keras lists none for these files. */
export function imagenetChecksum(file: ImagenetFile): CachedChecksum {
  return cachedChecksum(cachedFile(file));
}

function cachedFile(options: ImagenetOptions): CachedFile {
  const name = imagenetFileName(options);
  const base = options.baseUrl ?? environment(MIRROR_VARIABLE) ?? BASE_WEIGHT_PATH;
  return {
    maxBytes: MAX_BYTES,
    ...options,
    check(bytes) {
      requireNothingAfter(bytes);
      options.check?.(bytes);
    },
    url: `${base}${base.endsWith("/") ? "" : "/"}${name}`,
    folder: "models",
    name,
    advice: `Or name a mirror in ${MIRROR_VARIABLE}.`,
  };
}

/** Where an HDF5 file of version 0, as all of these are, says how long it is: a 64-bit number (HDF5 File Format Specification, II.A). */
const END_ADDRESS = 40;

/** @throws FormatError if there are bytes after what the file says is its end. */
function requireNothingAfter(bytes: Uint8Array): void {
  if (bytes.length < END_ADDRESS + 8) return;
  const isHdf5 = bytes[0] === 0x89 && bytes[1] === 0x48;
  const [version, offsetSize] = [bytes[8], bytes[13]];
  const end = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(END_ADDRESS, true);
  if (!isHdf5 || version !== 0 || offsetSize !== 8 || end >= BigInt(bytes.length)) return;
  throw new MobileNetV2Error("FormatError", `there are ${BigInt(bytes.length) - end} bytes after the end of the file`);
}
