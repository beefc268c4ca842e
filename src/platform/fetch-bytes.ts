/** Downloads one whole resource with `fetch`: bounded in size, time and attempts; resumed by Range (RFC 9110, section 14) after a cut. */

import { MobileNetV2Error, valueError } from "../core/errors.ts";
import { ByteCollector } from "./byte-collector.ts";
import type { ReadOptions } from "./contract.ts";

/** Options of `fetchBytes`; see `DownloadOptions`. */
export interface FetchOptions extends ReadOptions {
  readonly stallTimeout?: number | undefined;
  readonly slowTimeout?: number | undefined;
  readonly retryDelay?: number | undefined;
  /** Whether to bypass the caches on the way, such as the browser's. Default: false. */
  readonly fresh?: boolean;
}

/** The default limit on the size of what is read: 1 GiB. */
export const DEFAULT_MAX_BYTES = 2 ** 30;
const DEFAULT_STALL_TIMEOUT = 15_000;
/** If fewer bytes than this arrive within the stall timeout, the attempt is given up. */
const STALL_BYTES = 1024;
const DEFAULT_SLOW_TIMEOUT = 60_000;
/** If fewer bytes a second than this arrive over the slow timeout, the attempt is given up: another connection may be faster. */
const SLOW_BYTES_PER_SECOND = 1000;
/** The number of attempts in a row that may bring nothing new. */
const IDLE_TRIES = 4;
const MAX_TRIES = 32;
const DEFAULT_RETRY_DELAY = 500;
const MAX_DELAY = 5_000;

/** The reason why an attempt failed, if another one may succeed. */
interface Failure {
  readonly reason: string;
  /** The pause in milliseconds that the server asks for. */
  readonly retryAfter?: number;
}

/**
 * Downloads all bytes of an http, https, data or blob address. After a transient failure (a cut, a stall, a crawl, or the status 408, 425, 429 or
 * 5xx) it tries again after growing pauses, and continues from where it stopped if the server supports that.
 *
 * @throws NetworkError or LimitError; the signal's reason if `signal` aborts.
 */
export async function fetchBytes(url: string, options: FetchOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const transfer = new Transfer(url, options);
  let furthest = 0;
  let idle = 0;
  for (let tries = 1; ; tries++) {
    const failure = await transfer.attempt();
    if (failure === null) {
      return transfer.bytes.view();
    }
    idle = transfer.bytes.length > furthest ? 0 : idle + 1;
    furthest = Math.max(furthest, transfer.bytes.length);
    if (idle >= IDLE_TRIES || tries >= MAX_TRIES) {
      throw new MobileNetV2Error("NetworkError", `${transfer.shown}: ${failure.reason} (tried ${tries} times)`);
    }
    const delay = failure.retryAfter ?? (options.retryDelay ?? DEFAULT_RETRY_DELAY) * 2 ** idle * (0.5 + Math.random());
    await pause(Math.min(delay, MAX_DELAY), options.signal);
  }
}

/** The state that successive attempts share. */
class Transfer {
  readonly bytes: ByteCollector;
  /** The address as messages show it, without a password. */
  readonly shown: string;
  readonly #url: string;
  readonly #options: FetchOptions;
  readonly #headers: Record<string, string> = {};
  /** The version of the resource that the bytes so far belong to; null if it is unknown. */
  #version: string | null = null;
  #total: number | null = null;
  #answered = false;

  constructor(url: string, options: FetchOptions) {
    const { href, credentials } = parseUrl(url);
    if (credentials !== null) {
      this.#headers["authorization"] = `Basic ${credentials}`;
    }
    this.#url = href;
    this.shown = shownAddress(url);
    this.#options = options;
    this.bytes = new ByteCollector(options.maxBytes ?? DEFAULT_MAX_BYTES, this.shown);
  }

  /**
   * Makes one request. Returns null if everything has arrived, or the reason why another attempt may help.
   * @throws an error that another attempt would not cure.
   */
  async attempt(): Promise<Failure | null> {
    const { stallTimeout = DEFAULT_STALL_TIMEOUT, slowTimeout = DEFAULT_SLOW_TIMEOUT } = this.#options;
    const stop = new AbortController();
    const user = this.#options.signal;
    user?.throwIfAborted();
    let stopped: string | undefined;
    const watch = (timeout: number, least: number, reason: string): ReturnType<typeof setInterval> => {
      let seen = this.bytes.length;
      return setInterval(() => {
        if (this.bytes.length < seen + least) {
          stopped ??= reason;
          stop.abort();
        }
        seen = this.bytes.length;
      }, timeout);
    };
    const watchdogs = [
      watch(stallTimeout, STALL_BYTES, `nothing came for ${stallTimeout / 1000} seconds`),
      watch(
        slowTimeout,
        (SLOW_BYTES_PER_SECOND * slowTimeout) / 1000,
        `less than ${SLOW_BYTES_PER_SECOND} bytes a second came for ${slowTimeout / 1000} seconds`,
      ),
    ];
    const failed = (error: unknown): Failure => {
      user?.throwIfAborted();
      return { reason: stopped ?? networkReason(error) };
    };
    try {
      const signal = user === undefined ? stop.signal : AbortSignal.any([user, stop.signal]);
      let response: Response;
      try {
        response = await this.#request(signal);
      } catch (error) {
        const failure = failed(error);
        // A host that never answered does not exist, and whoever is offline should not wait for four attempts.
        if (!this.#answered && !isReset(error)) {
          throw new MobileNetV2Error("NetworkError", `${this.shown}: ${failure.reason}`, { cause: error });
        }
        return failure;
      }
      this.#answered = true;
      const refused = this.#accept(response);
      if (refused !== null) {
        return refused;
      }
      return await this.#receive(response, failed);
    } finally {
      for (const watchdog of watchdogs) clearInterval(watchdog);
      // Cancels whatever is still on its way; nothing happens if everything was read.
      stop.abort();
    }
  }

  #request(signal: AbortSignal): Promise<Response> {
    const resume = this.bytes.length > 0 && this.#version !== null;
    if (!resume) {
      this.bytes.clear();
    }
    return fetch(this.#url, {
      signal,
      cache: this.#options.fresh === true ? "reload" : "default",
      headers: {
        ...this.#headers,
        // Compressed bytes have another length and cannot be continued. Browsers ignore this header.
        "accept-encoding": "identity",
        ...(resume ? { range: `bytes=${this.bytes.length}-` } : {}),
      },
    });
  }

  /** Examines the status and headers. Returns the reason for another attempt, or null if the body is to be read. */
  #accept(response: Response): Failure | null {
    const { status } = response;
    if (this.#url.startsWith("https:") && response.url.startsWith("http:")) {
      throw new MobileNetV2Error("NetworkError", `${this.shown}: redirects to an unencrypted address, ${response.url}`);
    }
    if (status === 206 && this.#continues(response)) {
      return null;
    }
    if (status === 206 || status === 416) {
      // The server sent another part than requested, so start again and without parts.
      this.#version = null;
      this.bytes.clear();
      return { reason: "the server sent another part than was asked for", retryAfter: 0 };
    }
    if (!response.ok) {
      const reason = `the server answered ${status} ${response.statusText}`.trimEnd();
      if (status === 408 || status === 425 || status === 429 || status >= 500) {
        const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
        return seconds >= 0 ? { reason, retryAfter: seconds * 1000 } : { reason };
      }
      throw new MobileNetV2Error("NetworkError", `${this.shown}: ${reason}`);
    }
    this.bytes.clear();
    this.#version = versionOf(response);
    this.#total = lengthOf(response);
    if (this.#total !== null) {
      this.bytes.expect(this.#total);
    }
    return null;
  }

  /** Whether a 206 response is exactly the rest of what has arrived. */
  #continues(response: Response): boolean {
    const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
    if (range === null || Number(range[1]) !== this.bytes.length || versionOf(response) !== this.#version) return false;
    const total = range[3] === "*" ? this.#total : Number(range[3]);
    if (this.#total !== null && total !== this.#total) return false;
    // The first answer may not have said it.
    this.#total = total;
    return true;
  }

  async #receive(response: Response, failed: (error: unknown) => Failure): Promise<Failure | null> {
    if (response.body !== null) {
      const reader = response.body.getReader();
      for (;;) {
        let piece: ReadableStreamReadResult<Uint8Array>;
        try {
          piece = await reader.read();
        } catch (error) {
          return failed(error);
        }
        if (piece.done) {
          break;
        }
        this.#take(piece.value);
      }
    }
    // Another origin may hide that it compresses; browsers compare the length with the promised one themselves.
    return response.type === "cors" ? null : this.#missing();
  }

  #take(chunk: Uint8Array): void {
    this.bytes.append(chunk);
    this.#options.onProgress?.({
      received: this.bytes.length,
      // If more arrives than the total, that was the length of the compressed bytes.
      total: this.#total !== null && this.#total >= this.bytes.length ? this.#total : null,
    });
  }

  #missing(): Failure | null {
    const { length } = this.bytes;
    if (this.#total === null || length === this.#total) {
      return null;
    }
    return { reason: `the transfer ended after ${length} of ${this.#total} bytes` };
  }
}

/** An address as messages show it: without a password, and without the content of a data: address. */
export function shownAddress(url: string): string {
  return /^data:/i.test(url) ? "the data: address" : parseUrl(url).href;
}

/** Moves the credentials, which `fetch` refuses in an address, into the form of Basic authentication (RFC 7617). */
function parseUrl(url: string): { href: string; credentials: string | null } {
  if (!URL.canParse(url)) {
    throw valueError(`Not an address: ${JSON.stringify(url.slice(0, 200))}`);
  }
  const parsed = new URL(url);
  if (!["http:", "https:", "data:", "blob:"].includes(parsed.protocol)) {
    throw valueError(`Expected an address that begins with http: or https:. Received: ${url}`);
  }
  if (parsed.username === "" && parsed.password === "") {
    return { href: parsed.href, credentials: null };
  }
  const text = `${percentDecode(parsed.username)}:${percentDecode(parsed.password)}`;
  parsed.username = "";
  parsed.password = "";
  return { href: parsed.href, credentials: btoa(String.fromCharCode(...new TextEncoder().encode(text))) };
}

function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isEncoded(response: Response): boolean {
  return (response.headers.get("content-encoding") ?? "identity") !== "identity";
}

/** What identifies the version of a response; null if parts of two responses cannot be joined. */
function versionOf(response: Response): string | null {
  if (isEncoded(response)) {
    return null;
  }
  const tag = response.headers.get("etag");
  // A weak tag promises equal meaning, not equal bytes.
  return tag !== null && !tag.startsWith("W/") ? tag : response.headers.get("last-modified");
}

function lengthOf(response: Response): number | null {
  const length = response.headers.get("content-length") ?? "";
  return !isEncoded(response) && /^\d+$/.test(length) ? Number(length) : null;
}

/** The reason behind Node's "fetch failed" and "terminated". */
function networkReason(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  if (error instanceof AggregateError && error.errors.length > 0) {
    return networkReason(error.errors[0]);
  }
  return error.cause instanceof Error ? networkReason(error.cause) : error.message;
}

/** Whether a connection existed and broke, as happens when servers are overloaded. */
function isReset(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return code === "ECONNRESET" || code === "EPIPE" || code === "UND_ERR_SOCKET";
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
