/** Keras's download cache, shared with Python: `$KERAS_HOME` or `~/.keras`, located as keras/src/utils/file_utils.py does. */

import { accessSync, constants, existsSync } from "node:fs";
import { readFile, readdir, rename, rm, stat, unlink } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

import { messageOf, valueError } from "../../core/errors.ts";
import { type CacheEntry, type CachedContent, type Turn, download, takeCached } from "../cached-download.ts";
import type { CachedChecksum, CachedFile, CachedName } from "../contract.ts";
import { asIOError, errorCode, makeFolders, readFileBytes, temporaryPrefix } from "./files.ts";
import { writeBytes } from "./outputs.ts";
import { takeDownloadLock } from "./download-lock.ts";
import { environment, warn } from "./system.ts";

/** The age in milliseconds after which a temporary file belongs to a writer that died: no writer takes that long. */
const STALE_AFTER = 3_600_000;

/** The ending of the file with the checksum of the file beside it. */
const CHECKSUM = ".sha256";

export function cachedDownload(file: CachedFile): Promise<Uint8Array> {
  return download(new NodeEntry(file), file);
}

export function findCached(file: CachedFile): Promise<Uint8Array | undefined> {
  return takeCached(new NodeEntry(file), file);
}

export function cachedChecksum(file: CachedFile): CachedChecksum {
  const entry = new NodeEntry(file);
  return { recorded: () => entry.recorded(), record: (checksum) => entry.record(checksum) };
}

export async function listCached(folder: string): Promise<readonly CachedName[]> {
  const found: CachedName[] = [];
  for (const place of foldersOf(folder)) {
    const names = await readdir(place).catch(() => []);
    for (const name of names.toSorted((a, b) => (a < b ? -1 : 1))) {
      const stats = await stat(join(place, name)).catch(() => undefined);
      if (stats?.isFile() === true) found.push({ name, place: join(place, name), bytes: stats.size });
    }
  }
  return found;
}

export async function removeCached(folder: string, name: string): Promise<boolean> {
  requirePlain(folder, name);
  let removed = false;
  for (const place of foldersOf(folder)) {
    await rm(join(place, `${name}${CHECKSUM}`), { force: true }).catch(() => undefined);
    try {
      await unlink(join(place, name));
      removed = true;
    } catch (error) {
      if (!["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) {
        throw asIOError(error, `remove ${join(place, name)}`);
      }
    }
  }
  return removed;
}

/** The places where the files of a folder of the cache may be; new files are written to the last one. */
function foldersOf(folder: string): readonly string[] {
  const own = join(kerasHome(), folder);
  // A home that is not writable may still contain the file, as in a container's image. The other folder is open to all users of the
  // machine, and is read only if Keras would read it.
  return isWritable(own) ? [own] : [...new Set([own, join(temporaryFolder(), ".keras", folder)])];
}

function requirePlain(...parts: readonly string[]): void {
  for (const part of parts) {
    if (!/^[\w.-]+$/.test(part) || /^\.+$/.test(part)) {
      throw valueError(`Expected a plain name for a file of the cache. Received: ${JSON.stringify(part)}`);
    }
  }
}

class NodeEntry implements CacheEntry {
  readonly advice: string;
  /** The paths where the file may be; it is written to the last one. */
  readonly #paths: readonly string[];
  readonly #target: string;

  constructor({ folder, name }: CachedFile) {
    requirePlain(folder, name);
    this.#paths = foldersOf(folder).map((place) => join(place, name));
    this.#target = this.#paths.at(-1) ?? name;
    this.advice = `Without a network, put the file at ${this.#target}.`;
  }

  async load(file: CachedFile): Promise<CachedContent | undefined> {
    for (const path of this.#paths) {
      try {
        const { bytes, stats } = await readFileBytes(path, { maxBytes: file.maxBytes, signal: file.signal });
        const setAside = async (): Promise<void> => {
          const now = await stat(path).catch(() => undefined);
          if (now?.ino === stats.ino && now.mtimeMs === stats.mtimeMs && now.size === stats.size) {
            await rename(path, `${path}.broken`).catch(() => undefined);
          }
        };
        return { bytes, setAside };
      } catch {
        file.signal?.throwIfAborted();
      }
    }
    return undefined;
  }

  async keep(bytes: Uint8Array): Promise<void> {
    try {
      await makeFolders(dirname(this.#target));
      await writeBytes(this.#target, bytes);
      await removeStale(this.#target);
    } catch (error) {
      warn(`The download is not kept for the next time. ${messageOf(error)}`);
    }
  }

  async recorded(): Promise<string | undefined> {
    for (const path of this.#paths) {
      const text = await readFile(`${path}${CHECKSUM}`, "latin1").catch(() => "");
      const [, checksum] = /^([0-9a-f]{64})\b/.exec(text) ?? [];
      if (checksum !== undefined) return checksum;
    }
    return undefined;
  }

  /** In the format of the program `sha256sum`, which can check it too. */
  async record(checksum: string): Promise<void> {
    const line = `${checksum}  ${basename(this.#target)}\n`;
    await writeBytes(`${this.#target}${CHECKSUM}`, new TextEncoder().encode(line)).catch(() => undefined);
  }

  async takeTurn(signal: AbortSignal | undefined): Promise<Turn> {
    await makeFolders(dirname(this.#target)).catch(() => undefined);
    return takeDownloadLock(`${this.#target}.lock`, signal);
  }
}

function kerasHome(): string {
  const own = environment("KERAS_HOME")?.replace(/^~(?=$|[/\\])/, homedir());
  return own ?? join(isWritable(homedir()) ? homedir() : temporaryFolder(), ".keras");
}

function temporaryFolder(): string {
  return existsSync("/tmp") ? "/tmp" : tmpdir();
}

/** Whether files can be created in a folder or, if it does not exist yet, whether the folder can be created. */
function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch (error) {
    const parent = dirname(folder);
    return errorCode(error) === "ENOENT" && parent !== folder && isWritable(parent);
  }
}

/** Removes what killed writers of `path` left behind. Ages are measured by the clock of the file system itself. */
async function removeStale(path: string): Promise<void> {
  const folder = dirname(path);
  const { mtimeMs: now } = await stat(path);
  const prefix = temporaryPrefix(basename(path));
  for (const name of await readdir(folder)) {
    if (name.startsWith(prefix) && name.endsWith(".tmp")) {
      const stray = join(folder, name);
      const stats = await stat(stray).catch(() => undefined);
      if (stats !== undefined && stats.mtimeMs < now - STALE_AFTER) {
        await rm(stray, { force: true });
      }
    }
  }
}
