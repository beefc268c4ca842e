/** Where ImageNet weights come from: the files, names and cache of keras/src/applications/mobilenet_v2.py. */

import { cachedDownload, environment, findCached } from "#platform";

import type { CachedFile, DownloadOptions } from "../platform/contract.ts";

const BASE_WEIGHT_PATH = "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/";
const MIRROR_VARIABLE = "MOBILENETV2_WEIGHTS_URL";
/** The largest file, that of alpha 1.4, has 24 MB. */
const MAX_BYTES = 1 << 26;

/** Which of the published files. */
export interface ImagenetFile {
  /** 0.35, 0.5, 0.75, 1, 1.3 or 1.4. */
  readonly alpha: number;
  /** 96, 128, 160, 192 or 224; for the two largest alphas only 224. */
  readonly rows: number;
  readonly includeTop: boolean;
}

export interface ImagenetOptions extends ImagenetFile, DownloadOptions {
  /** The address of a folder that has the files. Default: the environment's MOBILENETV2_WEIGHTS_URL, or else Keras's. */
  readonly baseUrl?: string | undefined;
}

/** The file's name, such as "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5". */
export function imagenetFileName({ alpha, rows, includeTop }: ImagenetFile): string {
  // As Python writes a float.
  const written = Number.isInteger(alpha) ? alpha.toFixed(1) : String(alpha);
  return `mobilenet_v2_weights_tf_dim_ordering_tf_kernels_${written}_${rows}${includeTop ? "" : "_no_top"}.h5`;
}

/**
 * The bytes of a published HDF5 weights file, from Keras's cache or else downloaded into it (in browsers: the Cache API).
 *
 * Throws `NetworkError` where it is neither cached nor reachable, `FormatError` where `check` refuses what came; the
 * message names the file, the address and where to put it.
 */
export function imagenetWeights(options: ImagenetOptions): Promise<Uint8Array> {
  return cachedDownload(cachedFile(options));
}

/** The same without a network: undefined where the file is not in the cache, or not good. */
export function findImagenetWeights(options: ImagenetOptions): Promise<Uint8Array | undefined> {
  return findCached(cachedFile(options));
}

function cachedFile(options: ImagenetOptions): CachedFile {
  const name = imagenetFileName(options);
  const base = options.baseUrl ?? environment(MIRROR_VARIABLE) ?? BASE_WEIGHT_PATH;
  return {
    maxBytes: MAX_BYTES,
    ...options,
    url: `${base}${base.endsWith("/") ? "" : "/"}${name}`,
    folder: "models",
    name,
    advice: `Or name a mirror in ${MIRROR_VARIABLE}.`,
  };
}
