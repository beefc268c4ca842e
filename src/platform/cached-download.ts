/** Downloads through a cache: content is checked before it is kept and again when it is read. Each platform adapts its own cache. */

import { MobileNetV2Error, messageOf } from "../core/errors.ts";
import { otherChecksum, sha256 } from "./checksum.ts";
import type { CachedChecksum, CachedFile } from "./contract.ts";
import { fetchBytes, shownAddress } from "./fetch-bytes.ts";

/** One entry of a cache. No method throws because the cache fails: a cache saves time, but nothing depends on it. */
export interface CacheEntry extends CachedChecksum {
  /** A sentence about what a user without a network can do. */
  readonly advice: string;
  /** The content of the entry; undefined if there is none that can be read. */
  load(file: CachedFile): Promise<CachedContent | undefined>;
  /** Stores the content. */
  keep(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Waits, for a limited time, while another process downloads the same file. It saves traffic; nothing depends on it. */
  takeTurn(signal: AbortSignal | undefined): Promise<Turn>;
}

/** Content that was read from a cache. */
export interface CachedContent {
  readonly bytes: Uint8Array;
  /** Moves this content out of the way, unless newer content has replaced it. */
  setAside(): Promise<void>;
}

/** The right to download, among several processes. */
export interface Turn {
  /** Lets the next process go on. */
  end(): Promise<void>;
}

/** The content of the entry if it passes its check; undefined if there is none. Content that fails the check is set aside. */
export async function takeCached(entry: CacheEntry, file: CachedFile): Promise<Uint8Array | undefined> {
  const content = await entry.load(file);
  if (content === undefined) {
    return undefined;
  }
  try {
    file.check?.(content.bytes);
    return content.bytes;
  } catch {
    await content.setAside();
    return undefined;
  }
}

/**
 * Reads the entry from the cache, or else from the address.
 * @throws what `fetchBytes` throws, and FormatError if the content fails its check twice.
 */
export async function download(entry: CacheEntry, file: CachedFile): Promise<Uint8Array> {
  const early = await takeCached(entry, file);
  if (early !== undefined) {
    return early;
  }
  const turn = await entry.takeTurn(file.signal);
  try {
    // The process that had the turn before has probably left the file here.
    const cached = await takeCached(entry, file);
    if (cached !== undefined) {
      return cached;
    }
    const bytes = await fetchGood(entry, file);
    await entry.keep(bytes);
    const checksum = await sha256(bytes);
    if (checksum !== undefined && (await entry.recorded()) === undefined) await entry.record(checksum);
    return bytes;
  } finally {
    await turn.end();
  }
}

async function fetchGood(entry: CacheEntry, file: CachedFile): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await fetchChecked(entry, file, false).catch((error: unknown) => {
      // A cache on the way may have mangled the content; the server itself may still have it intact.
      if (error instanceof MobileNetV2Error && error.code === "FormatError") {
        return fetchChecked(entry, file, true);
      }
      throw error;
    });
  } catch (error) {
    if (!(error instanceof MobileNetV2Error)) {
      throw error;
    }
    const advice = [entry.advice, file.advice].filter((text) => text !== undefined).join(" ");
    throw new MobileNetV2Error(error.code, `Could not download ${file.name} from ${error.message}\n${advice}`, {
      cause: error,
    });
  }
}

async function fetchChecked(entry: CacheEntry, file: CachedFile, fresh: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await fetchBytes(file.url, { ...file, fresh });
  try {
    if (looksLikeMarkup(bytes)) {
      throw new MobileNetV2Error("FormatError", "a web page came in its place");
    }
    file.check?.(bytes);
    const [recorded, checksum] = [await entry.recorded(), await sha256(bytes)];
    if (recorded !== undefined && checksum !== undefined && checksum !== recorded) {
      throw new MobileNetV2Error("FormatError", otherChecksum(checksum, recorded));
    }
  } catch (error) {
    throw new MobileNetV2Error(
      "FormatError",
      `${shownAddress(file.url)}: the content is not good: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
  return bytes;
}

/** Whether the content looks like HTML or XML, such as the page of a captive portal. No cached file begins like that. */
function looksLikeMarkup(bytes: Uint8Array): boolean {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 64));
  return /^(?:\u00EF\u00BB\u00BF)?\s*<[!?a-z]/i.test(start);
}
