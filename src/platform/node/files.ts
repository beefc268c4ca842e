/** Files in Node: read whole within a limit; folders made; the errors of the system. outputs.ts writes. */

import { type BigIntStats, constants, type Stats } from "node:fs";
import { mkdir, open, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { MobileNetV2Error, messageOf, valueError } from "../../core/errors.ts";
import { checkLimit } from "../byte-collector.ts";
import { systemPath } from "./byte-names.ts";
import { readAnyBytes } from "../read-any-bytes.ts";
import type { BytesSource, ReadOptions } from "../contract.ts";
import { DEFAULT_MAX_BYTES } from "../fetch-bytes.ts";

const READ_SIZE = 1 << 24;

export async function readBytes(source: BytesSource, options: ReadOptions = {}): Promise<Uint8Array> {
  return readAnyBytes(source, options, async (place) => (await readFileBytes(pathOf(place), options)).bytes);
}

/**
 * Reads a regular file; returns its bytes, and its status to tell which file they are from.
 * @throws IOError if it is not a regular file or cannot be read, LimitError if it is too large.
 */
export async function readFileBytes(
  path: string,
  options: ReadOptions = {},
): Promise<{ bytes: Uint8Array<ArrayBuffer>; stats: Stats }> {
  options.signal?.throwIfAborted();
  try {
    // This is checked before opening, because opening a device can have effects, and opening a pipe waits for its other end.
    const place = systemPath(path);
    requireRegular(await stat(place), path);
    await using file = await open(place, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = await file.stat();
    requireRegular(stats, path);
    checkLimit(stats.size, options.maxBytes ?? DEFAULT_MAX_BYTES, path);
    const bytes = new Uint8Array(stats.size);
    let length = 0;
    while (length < bytes.length) {
      options.signal?.throwIfAborted();
      const { bytesRead } = await file.read(bytes, length, Math.min(READ_SIZE, bytes.length - length), length);
      if (bytesRead === 0) {
        break;
      }
      length += bytesRead;
      options.onProgress?.({ received: length, total: bytes.length });
    }
    return { bytes: bytes.subarray(0, length), stats };
  } catch (error) {
    throw asIOError(error, `read ${path}`);
  }
}

export async function removeFile(path: string | URL): Promise<boolean> {
  const target = pathOf(String(path));
  try {
    await rm(systemPath(target));
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw asIOError(error, `remove ${target}`);
  }
}

export async function makeFolder(path: string | URL): Promise<void> {
  const folder = pathOf(String(path));
  try {
    await makeFolders(folder);
  } catch (error) {
    throw asIOError(error, `make the folder ${folder}`);
  }
}

/**
 * Makes a folder and the missing ones around it. (With Node's `recursive`, a file system that answers ENOENT because nobody may make
 * folders, such as /proc, leads to an endless loop.)
 * @returns the outermost folder that was made; undefined if all of them existed
 */
export async function makeFolders(folder: string): Promise<string | undefined> {
  try {
    await mkdir(systemPath(folder));
    return folder;
  } catch (error) {
    if (errorCode(error) !== "ENOENT" || dirname(folder) === folder) {
      if (await isFolder(folder)) return undefined;
      throw error;
    }
  }
  const outermost = await makeFolders(dirname(folder));
  await mkdir(systemPath(folder)).catch(async (error: unknown) => {
    // Another process may have been faster.
    if (!(await isFolder(folder))) throw error;
  });
  return outermost ?? folder;
}

/** Whether a path is that of a folder, through links. */
export async function isFolder(path: string): Promise<boolean> {
  return await stat(systemPath(path)).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** What tells a file or folder from all others, whatever path leads to it. */
export function identity({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/** The identity of what a path leads to; undefined if there is nothing, or it is no path. */
export async function identityOf(path: string): Promise<string | undefined> {
  try {
    return identity(await stat(systemPath(pathOf(path)), { bigint: true }));
  } catch {
    return undefined;
  }
}

/** The beginning of the names of temporary files for the file `name`; they end with ".tmp". */
export function temporaryPrefix(name: string): string {
  return `.${name}.`;
}

/**
 * The path that a path or a file: address stands for.
 * @throws ValueError or UnsupportedError.
 */
export function pathOf(place: string): string {
  if (/^file:/i.test(place)) {
    try {
      return fileURLToPath(place);
    } catch (error) {
      throw new MobileNetV2Error("ValueError", `Not the address of a file: ${place} (${messageOf(error)})`, {
        cause: error,
      });
    }
  }
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(place)) {
    throw new MobileNetV2Error(
      "UnsupportedError",
      `${place}: expected a path or an address that begins with http:, https:, file: or data:`,
    );
  }
  if (place === "" || place.includes("\0")) {
    throw valueError(`Not a path: ${JSON.stringify(place)}`);
  }
  return place;
}

function requireRegular(stats: Stats, path: string): void {
  if (!stats.isFile()) {
    const kind = stats.isDirectory() ? "a folder" : "a pipe, a socket or a device";
    throw new MobileNetV2Error("IOError", `${path} is ${kind}, not a file.`);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  ENOTDIR: "a part of the path is not a folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  ELOOP: "its symbolic links go in a circle",
  ENAMETOOLONG: "the name is too long",
  EMFILE: "too many files are open",
};

/** Turns an error of the system into an IOError; other errors (the package's own, an abort) are returned as they are. */
export function asIOError(error: unknown, action: string): unknown {
  const code = errorCode(error);
  if (code === undefined || error instanceof MobileNetV2Error) {
    return error;
  }
  const reason = REASONS[code] ?? messageOf(error);
  return new MobileNetV2Error("IOError", `Could not ${action}: ${reason} (${code}).`, { cause: error });
}

/** The code of a system error, such as "ENOENT"; undefined for other errors. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
