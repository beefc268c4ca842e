/** The part of `readBytes` that Node and browsers share: bytes that are passed in, and addresses that `fetch` reads. */

import { valueError } from "../core/errors.ts";
import { checkLimit } from "./byte-collector.ts";
import type { BytesSource, ReadOptions } from "./contract.ts";
import { DEFAULT_MAX_BYTES, fetchBytes } from "./fetch-bytes.ts";

/** Addresses that `fetch` reads in Node as well as in browsers. */
const FETCHED = /^(?:https?|data|blob):/i;

/** Reads all bytes of a source. `readPlace` reads what needs the platform: a path, or another kind of address. */
export async function readAnyBytes(
  source: BytesSource,
  options: ReadOptions,
  readPlace: (place: string) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  if (typeof source === "string" || source instanceof URL) {
    const place = String(source);
    return FETCHED.test(place) ? fetchBytes(place, options) : readPlace(place);
  }
  return bytesAtHand(source, options);
}

async function bytesAtHand(source: Blob | ArrayBuffer | Uint8Array, options: ReadOptions): Promise<Uint8Array> {
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  if (source instanceof Blob) {
    checkLimit(source.size, maxBytes, "The Blob");
    return new Uint8Array(await source.arrayBuffer());
  }
  if (!(source instanceof Uint8Array) && !isArrayBuffer(source)) {
    throw valueError(
      `Expected a path, an address, a Blob, an ArrayBuffer or a Uint8Array. Received: ${typeof source === "object" ? Object.prototype.toString.call(source) : String(source)}`,
    );
  }
  checkLimit(source.byteLength, maxBytes, "The array");
  // Of a Node Buffer, `slice` would be a view: all code is given a plain array.
  if (isArrayBuffer(source)) return new Uint8Array(source);
  const isPlain = source.constructor === Uint8Array;
  return isPlain ? source : new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}

/** Looks at the tag, because an ArrayBuffer may come from another realm (a frame, a worker's module, `node:vm`). */
function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return Object.prototype.toString.call(value) === "[object ArrayBuffer]";
}
