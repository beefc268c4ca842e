/** Keras's download cache, shared with Python: `$KERAS_HOME` or `~/.keras`, as keras/src/utils/file_utils.py finds it. */

import { existsSync } from "node:fs";
import { access, constants, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { messageOf, valueError } from "../core/errors.ts";
import { type CacheEntry, type CachedContent, type Turn, download, takeCached } from "./cached-download.ts";
import type { CachedFile } from "./contract.ts";
import { readFileBytes, temporaryPrefix, writeBytes } from "./node-files.ts";
import { takeTurn } from "./node-turn.ts";
import { environment, warn } from "./node-system.ts";

/** Temporary files of writers that died: none takes as long as this. */
const STALE_AFTER = 3_600_000;

export function cachedDownload(file: CachedFile): Promise<Uint8Array> {
  return download(new NodeEntry(file), file);
}

export function findCached(file: CachedFile): Promise<Uint8Array | undefined> {
  return takeCached(new NodeEntry(file), file);
}

class NodeEntry implements CacheEntry {
  readonly advice: string;
  /** Where the file may be: Keras's folder, and the one that Keras takes where that is not writable. */
  readonly #paths: readonly string[];

  constructor({ folder, name }: CachedFile) {
    for (const part of [folder, name]) {
      if (!/^[\w.-]+$/.test(part) || /^\.+$/.test(part)) {
        throw valueError(`Expected a plain name for a file of the cache. Received: ${JSON.stringify(part)}`);
      }
    }
    this.#paths = kerasHomes().map((home) => join(home, folder, name));
    this.advice = `Without a network, put the file at ${this.#paths[0]}.`;
  }

  async load(file: CachedFile): Promise<CachedContent | undefined> {
    for (const path of this.#paths) {
      try {
        // The second folder only matters where the first has nothing.
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
    let reason: unknown;
    for (const path of this.#paths) {
      try {
        await mkdir(dirname(path), { recursive: true });
        await writeBytes(path, bytes);
        await removeStale(path);
        return;
      } catch (error) {
        reason ??= error;
      }
    }
    warn(`The download is not kept for the next time. ${messageOf(reason)}`);
  }

  async takeTurn(signal: AbortSignal | undefined): Promise<Turn> {
    for (const path of this.#paths) {
      if (await isWritable(dirname(path))) {
        return takeTurn(`${path}.lock`, signal);
      }
    }
    return { end: async () => undefined };
  }
}

function kerasHomes(): string[] {
  const temporary = join(existsSync("/tmp") ? "/tmp" : tmpdir(), ".keras");
  const home = environment("KERAS_HOME")?.replace(/^~(?=$|[/\\])/, homedir()) ?? join(homedir(), ".keras");
  return home === temporary ? [home] : [home, temporary];
}

async function isWritable(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Removes what killed writers of `path` left, by the clock of the file system itself. */
async function removeStale(path: string): Promise<void> {
  const folder = dirname(path);
  const { mtimeMs: now } = await stat(path);
  const prefix = temporaryPrefix(path.slice(folder.length + 1));
  const left = (await readdir(folder)).filter((name) => name.startsWith(prefix) && name.endsWith(".tmp"));
  for (const name of left) {
    const stray = join(folder, name);
    const stats = await stat(stray).catch(() => undefined);
    if (stats !== undefined && stats.mtimeMs < now - STALE_AFTER) {
      await rm(stray, { force: true });
    }
  }
}
