/** Reads bytes in browsers: from addresses, including relative ones, or as they are passed in. There are no paths. */

import { MobileNetV2Error } from "../../core/errors.ts";
import { readAnyBytes } from "../read-any-bytes.ts";
import type { BytesSource, FolderContent, ReadOptions, Scratch } from "../contract.ts";
import { fetchBytes } from "../fetch-bytes.ts";

export async function readBytes(source: BytesSource, options: ReadOptions = {}): Promise<Uint8Array> {
  return readAnyBytes(source, options, (place) => fetchBytes(absolute(place), options));
}

/**
 * The full address, resolved as `fetch` does against the page or the worker's script.
 * @throws UnsupportedError for an address that browsers do not read.
 */
export function absolute(address: string): string {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  const url = URL.canParse(address, base) ? new URL(address, base) : undefined;
  if (url === undefined || !["http:", "https:", "data:", "blob:"].includes(url.protocol)) {
    throw new MobileNetV2Error(
      "UnsupportedError",
      `${address}: a browser reads addresses that begin with http:, https:, data: or blob:, and no files by their path. ` +
        "Pass the File that the user chose, or bytes.",
    );
  }
  return url.href;
}

export async function removeFile(path: string | URL): Promise<boolean> {
  throw new MobileNetV2Error("UnsupportedError", `${path}: a browser has no files.`);
}

export async function makeFolder(path: string | URL): Promise<void> {
  throw new MobileNetV2Error("UnsupportedError", `${path}: a browser cannot make folders.`);
}

export async function readFolder(path: string): Promise<FolderContent> {
  throw new MobileNetV2Error(
    "UnsupportedError",
    `${path}: a browser cannot list folders. Pass the files that the user chose: <input type="file" webkitdirectory>.`,
  );
}

export async function writeFiles(
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
): Promise<void> {
  for (const { path, bytes } of files) await writeBytes(path, bytes);
}

export async function writeBytes(path: string | URL, _bytes: Uint8Array): Promise<void> {
  throw new MobileNetV2Error(
    "UnsupportedError",
    `${path}: a browser cannot write files. Offer the bytes as a download instead: ` +
      "link.href = URL.createObjectURL(new Blob([bytes])); link.download = name.",
  );
}

export async function openScratch(): Promise<Scratch | undefined> {
  return undefined;
}
