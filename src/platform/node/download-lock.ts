/**
 * An advisory lock between processes: one downloads, while the others wait and then find the file. It saves traffic, and nothing depends on
 * it: some network file systems ignore locks, and the holder may be killed.
 */

import { readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

import type { Turn } from "../cached-download.ts";
import { errorCode } from "./files.ts";

const HEARTBEAT = 1_000;
const POLL = 100;
/** The time in milliseconds after which a lock without a heartbeat belongs to nobody. */
const DEAD_AFTER = 5_000;
/** The time in milliseconds after which a waiting process goes ahead without the lock. */
const PATIENCE = 600_000;

const NO_TURN: Turn = { end: async () => undefined };

/**
 * Takes the lock at `path`. If another process holds it, waits until it is released, and then goes on without it; if the other process
 * dies, takes its place.
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
    if (state === "impossible" || (await waitFor(path, end, signal, deadAfter)) === "released") {
      return NO_TURN;
    }
    await rm(path, { force: true }).catch(() => undefined);
  }
}

async function create(path: string): Promise<"created" | "taken" | "impossible"> {
  try {
    await writeFile(path, `${hostname()} ${process.pid}`, { flag: "wx" });
    return "created";
  } catch (error) {
    return errorCode(error) === "EEXIST" ? "taken" : "impossible";
  }
}

function hold(path: string): Turn {
  const heart = setInterval(() => {
    const now = new Date();
    void utimes(path, now, now).catch(() => undefined);
  }, HEARTBEAT);
  heart.unref();
  return {
    end: async () => {
      clearInterval(heart);
      await rm(path, { force: true }).catch(() => undefined);
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
    const stats = await stat(path).catch(() => undefined);
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
  const [host, pid] = (await readFile(path, "utf8").catch(() => "")).split(" ");
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
