/** The seam between Node and browsers: what `node.ts` and `browser.ts` both export, reached as `#platform`. */

/** 8-bit samples, rows from the top, channels interleaved: gray, RGB or RGBA. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly data: Uint8Array;
}

export interface DecodeOptions {
  /** Refuse, before decoding, what has more pixels than this. */
  readonly maxPixels: number;
  /** Turn the picture by its EXIF orientation. Keras does not. */
  readonly autoOrient: boolean;
  /** Convert to sRGB by the embedded ICC profile. Pillow's `convert("RGB")` does not. */
  readonly convertProfile: boolean;
}

export type ImageFormat = "png" | "jpeg" | "webp";

/** How far a download is; `total` is null where the server does not say. */
export interface Progress {
  readonly received: number;
  readonly total: number | null;
}

export interface DownloadOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Looks at the whole content before it is accepted into the cache, and again when it is taken from there; throws where it is not good. */
  readonly check?: ((bytes: Uint8Array) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}
