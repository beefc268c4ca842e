/** A download into a cache: checked before it is kept and again when it is taken from there. The caches are adapters. */

import { MobileNetV2Error, messageOf } from "../core/errors.ts";
import type { CachedFile } from "./contract.ts";
import { fetchBytes, shownAddress } from "./fetch-bytes.ts";

/** One entry of a cache. No method throws for what the cache cannot do: it is an economy, not a need. */
export interface CacheEntry {
  /** A sentence on what a user without a network can do. */
  readonly advice: string;
  load(file: CachedFile): Promise<CachedContent | undefined>;
  keep(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Waits, for a bounded time, while another process is at the same download. Advice only. */
  takeTurn(signal: AbortSignal | undefined): Promise<Turn>;
}

export interface CachedContent {
  readonly bytes: Uint8Array;
  /** Moves this content, and no newer one, out of the way. */
  setAside(): Promise<void>;
}

export interface Turn {
  end(): Promise<void>;
}

/** The good content of the entry; a broken one is set aside. */
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

/** From the cache, else from the address. Throws what `fetchBytes` does, and `FormatError` where the content is not good twice. */
export async function download(entry: CacheEntry, file: CachedFile): Promise<Uint8Array> {
  const early = await takeCached(entry, file);
  if (early !== undefined) {
    return early;
  }
  const turn = await entry.takeTurn(file.signal);
  try {
    // Whoever had the turn before has probably left it here.
    const cached = await takeCached(entry, file);
    if (cached !== undefined) {
      return cached;
    }
    const bytes = await fetchGood(entry, file);
    await entry.keep(bytes);
    return bytes;
  } finally {
    await turn.end();
  }
}

async function fetchGood(entry: CacheEntry, file: CachedFile): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await fetchChecked(file, false).catch((error: unknown) => {
      // What a cache on the way has mangled, the server itself may still have whole.
      if (error instanceof MobileNetV2Error && error.code === "FormatError") {
        return fetchChecked(file, true);
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

async function fetchChecked(file: CachedFile, fresh: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await fetchBytes(file.url, { ...file, fresh });
  try {
    if (looksLikeMarkup(bytes)) {
      throw new MobileNetV2Error("FormatError", "a web page came in its place");
    }
    file.check?.(bytes);
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

/** HTML and XML, such as the page of a captive portal; no file that we cache begins so. */
function looksLikeMarkup(bytes: Uint8Array): boolean {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 64));
  return /^(?:\u00EF\u00BB\u00BF)?\s*<[!?a-z]/i.test(start);
}
