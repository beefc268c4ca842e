/**
 * An advisory lock between processes: one downloads, while the others wait and then find the file. It saves traffic, and nothing depends on
 * it: some network file systems ignore locks, and the holder may be killed.
 */

import { constants } from "node:fs";
import { access, lstat, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { Turn } from "../cached-download.ts";
import { systemPath } from "./byte-names.ts";
import { errorCode } from "./files.ts";
import { warn } from "./system.ts";

const HEARTBEAT = 1_000;
const POLL = 100;
/** The time in milliseconds after which a lock without a heartbeat belongs to nobody. */
const DEAD_AFTER = 5_000;
/** The time in milliseconds after which a waiting process goes ahead without the lock. */
const PATIENCE = 600_000;

const NO_TURN: Turn = { end: async () => undefined };

/**
 * Takes the lock at `path`. If another process holds it, waits until it is released, and then goes on without it; if the other process
 * dies, takes its place. A lock that this process cannot remove is passed over at once, with a warning.
 */
export async function takeDownloadLock(
  path: string,
  signal: AbortSignal | undefined,
  deadAfter = DEAD_AFTER,
): Promise<Turn> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const state = await create(path);
    if (state === "created") {
      return hold(path);
    }
    if (state === "impossible") return NO_TURN;
    if (!(await isRemovable(path))) return passedOver(path);
    if ((await waitFor(path, end, signal, deadAfter)) === "released") return NO_TURN;
    try {
      await rm(systemPath(path), { force: true });
    } catch {
      return passedOver(path);
    }
  }
}

/** Whoever could never take over a lock does not wait for it. */
function passedOver(path: string): Turn {
  warn(`The lock ${path} cannot be removed; it is passed over. Remove it if no other process downloads the file.`);
  return NO_TURN;
}

/** The bit of folders in which only its owner removes a file. */
const STICKY = 0o1000;

/** Whether this process could remove a lock if its holder died, as far as that can be known. */
async function isRemovable(path: string): Promise<boolean> {
  const folder = systemPath(dirname(path));
  try {
    const [lock, home] = await Promise.all([lstat(systemPath(path)), stat(folder), access(folder, constants.W_OK)]);
    const own = process.getuid?.() ?? lock.uid;
    const isOurs = own === 0 || own === lock.uid || own === home.uid;
    return lock.isFile() && ((home.mode & STICKY) === 0 || isOurs);
  } catch (error) {
    // Released in the meantime.
    return errorCode(error) === "ENOENT";
  }
}

async function create(path: string): Promise<"created" | "taken" | "impossible"> {
  try {
    await writeFile(systemPath(path), `${hostname()} ${process.pid}`, { flag: "wx" });
    return "created";
  } catch (error) {
    return errorCode(error) === "EEXIST" ? "taken" : "impossible";
  }
}

function hold(path: string): Turn {
  const heart = setInterval(() => {
    const now = new Date();
    void utimes(systemPath(path), now, now).catch(() => undefined);
  }, HEARTBEAT);
  heart.unref();
  return {
    end: async () => {
      clearInterval(heart);
      await rm(systemPath(path), { force: true }).catch(() => undefined);
    },
  };
}

/** Watches the lock of another process. It looks for changes instead of comparing times, because the clocks of hosts differ. */
async function waitFor(
  path: string,
  end: number,
  signal: AbortSignal | undefined,
  deadAfter: number,
): Promise<"released" | "dead"> {
  let beat = Number.NaN;
  let beatSeen = Date.now();
  while (Date.now() < end) {
    const stats = await stat(systemPath(path)).catch(() => undefined);
    if (stats === undefined) {
      return "released";
    }
    if (stats.mtimeMs !== beat) {
      beat = stats.mtimeMs;
      beatSeen = Date.now();
    }
    if (Date.now() - beatSeen > deadAfter || (await isOwnerDead(path))) {
      return "dead";
    }
    await sleep(POLL, undefined, signal === undefined ? {} : { signal });
  }
  return "released";
}

/**
 * Whether the lock names a process of this host that no longer exists. In a container this may be wrong; then the file is only downloaded
 * once more.
 */
async function isOwnerDead(path: string): Promise<boolean> {
  const [host, pid] = (await readFile(systemPath(path), "utf8").catch(() => "")).split(" ");
  if (host !== hostname() || pid === undefined || !/^\d+$/.test(pid)) {
    return false;
  }
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return errorCode(error) === "ESRCH";
  }
}
