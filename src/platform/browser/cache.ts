/** The browser's cache for downloads: the Cache API, or none if the page may not use it. */

import { checkLimit } from "../byte-collector.ts";
import { type CacheEntry, type CachedContent, download, takeCached } from "../cached-download.ts";
import type { CachedChecksum, CachedFile, CachedName } from "../contract.ts";
import { absolute } from "./files.ts";
import { DEFAULT_MAX_BYTES } from "../fetch-bytes.ts";

/** The ending of the entry with the checksum of another one. */
const CHECKSUM = ".sha256";

export function cachedDownload(file: CachedFile): Promise<Uint8Array> {
  const resolved = { ...file, url: absolute(file.url) };
  return download(new BrowserEntry(resolved), resolved);
}

export function findCached(file: CachedFile): Promise<Uint8Array | undefined> {
  const resolved = { ...file, url: absolute(file.url) };
  return takeCached(new BrowserEntry(resolved), resolved);
}

export function cachedChecksum(file: CachedFile): CachedChecksum {
  const entry = new BrowserEntry({ ...file, url: absolute(file.url) });
  return { recorded: () => entry.recorded(), record: (checksum) => entry.record(checksum) };
}

export async function listCached(folder: string): Promise<readonly CachedName[]> {
  const cache = await openCache(folder);
  const found: CachedName[] = [];
  for (const { url } of (await cache?.keys()) ?? []) {
    const response = await cache?.match(url, { ignoreVary: true });
    found.push({ name: nameOf(url), place: url, bytes: Number(response?.headers.get("content-length") ?? 0) });
  }
  return found;
}

export async function removeCached(folder: string, name: string): Promise<boolean> {
  const cache = await openCache(folder);
  let removed = false;
  for (const request of (await cache?.keys()) ?? []) {
    if (nameOf(request.url) === `${name}${CHECKSUM}`) await cache?.delete(request);
    if (nameOf(request.url) === name) removed = (await cache?.delete(request)) === true || removed;
  }
  return removed;
}

function nameOf(url: string): string {
  return new URL(url).pathname.split("/").at(-1) ?? "";
}

async function openCache(folder: string): Promise<Cache | undefined> {
  try {
    // It is missing on insecure pages, and throws in sandboxed frames.
    return await globalThis.caches?.open(`mobilenet-v2/${folder}`);
  } catch {
    return undefined;
  }
}

class BrowserEntry implements CacheEntry {
  readonly advice: string;
  readonly #url: string;
  readonly #folder: string;

  constructor(file: CachedFile) {
    this.#url = file.url;
    this.#folder = file.folder;
    this.advice = "Pass the file itself, as a File, bytes or an address that this page may read.";
  }

  async load(file: CachedFile): Promise<CachedContent | undefined> {
    const cache = await this.#open();
    try {
      const response = await cache?.match(this.#url, { ignoreVary: true });
      const blob = await response?.blob();
      if (blob === undefined) {
        return undefined;
      }
      checkLimit(blob.size, file.maxBytes ?? DEFAULT_MAX_BYTES, file.url);
      const bytes = new Uint8Array(await blob.arrayBuffer());
      const setAside = async (): Promise<void> => {
        await cache?.delete(this.#url, { ignoreVary: true }).catch(() => false);
      };
      return { bytes, setAside };
    } catch {
      return undefined;
    }
  }

  async keep(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const cache = await this.#open();
    const headers = { "content-type": "application/octet-stream", "content-length": String(bytes.length) };
    // If the disk is full or the window is private, the next visit downloads again.
    await cache?.put(this.#url, new Response(bytes, { headers })).catch(() => undefined);
  }

  async recorded(): Promise<string | undefined> {
    const cache = await this.#open();
    const response = await cache?.match(`${this.#url}${CHECKSUM}`, { ignoreVary: true }).catch(() => undefined);
    const text = await response?.text();
    return text !== undefined && /^[0-9a-f]{64}$/.test(text) ? text : undefined;
  }

  async record(checksum: string): Promise<void> {
    const cache = await this.#open();
    await cache?.put(`${this.#url}${CHECKSUM}`, new Response(checksum)).catch(() => undefined);
  }

  /** Does not wait, because the Cache API writes an entry whole or not at all, and pages seldom start in parallel. */
  async takeTurn(): Promise<{ end(): Promise<void> }> {
    return { end: async () => undefined };
  }

  #open(): Promise<Cache | undefined> {
    return openCache(this.#folder);
  }
}
