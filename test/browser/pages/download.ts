/** In the page: downloads and what the Cache API keeps of them. */
import { type CachedFile, type Progress } from "../../../src/platform/contract.ts";
import { cachedDownload, findCached, readBytes } from "../../../src/platform/browser.ts";
import { checkLetters } from "../../platform/letters.ts";

export interface Request {
  readonly url: string;
  /** What lies in the cache beforehand. */
  readonly planted?: string;
  /** Read without the cache. */
  readonly plainly?: boolean;
  readonly times: number;
  /** In milliseconds. Default: so long that no page comes to it. */
  readonly stallTimeout?: number;
}

export interface Report {
  readonly found: (number | null)[];
  readonly lengths: number[];
  readonly last: Progress | null;
  readonly error: { readonly code: unknown; readonly message: string } | null;
  readonly secure: boolean;
}

export async function run({ url, planted, plainly = false, times, stallTimeout = 300_000 }: Request): Promise<Report> {
  const found: (number | null)[] = [];
  const lengths: number[] = [];
  let last: Progress | null = null;
  let error: Report["error"] = null;
  const file: CachedFile = {
    url,
    folder: "models",
    name: "letters.h5",
    check: checkLetters,
    retryDelay: 1,
    stallTimeout,
    onProgress: (progress) => (last = progress),
  };
  if (planted !== undefined) {
    await (await caches.open("mobilenet-v2/models")).put(url, new Response(planted));
  }
  try {
    for (let time = 0; time < times; time++) {
      const bytes = plainly ? await readBytes(url, file) : await cachedDownload(file);
      lengths.push(bytes.length);
      found.push((await findCached(file))?.length ?? null);
    }
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : null;
    error = { code, message: String(thrown) };
  }
  return { found, lengths, last, error, secure: isSecureContext };
}
