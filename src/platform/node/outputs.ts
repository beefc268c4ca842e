/**
 * Outputs: files that appear whole or not at all, several together too. Symbolic links are written through, what is replaced keeps its mode
 * and owner, and pipes and devices are written to, never replaced.
 */
import { randomBytes } from "node:crypto";
import { type BigIntStats, close, constants, fstat, open as openDescriptor, write } from "node:fs";
import { copyFile, type FileHandle, open, readlink, rename, rm, rmdir, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { MobileNetV2Error } from "../../core/errors.ts";
import { systemPath, textOfName } from "./byte-names.ts";
import { asIOError, errorCode, makeFolders, pathOf, temporaryPrefix } from "./files.ts";

/** A file to write, from bytes or from a file that was made elsewhere, which is moved. */
export interface Output {
  readonly path: string;
  readonly content: Uint8Array | { readonly file: string };
}

/** The options of `deliver`. */
export interface DeliverOptions {
  /** Whether to make missing folders. Those are removed again if the writing fails. Default: false. */
  readonly makeFolders?: boolean | undefined;
  /** Stops the waiting for somebody who reads a pipe. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes files, in this order. Each is complete on the disk before the first one appears at its place; after an error before that, nothing
 * has changed.
 * @throws IOError naming the file that cannot be written
 */
export async function deliver(
  outputs: readonly Output[],
  { makeFolders: makes = false, signal }: DeliverOptions = {},
): Promise<void> {
  const made: { readonly home: string; readonly outermost: string }[] = [];
  const staged: Staged[] = [];
  let current = "";
  try {
    for (const { path, content } of outputs) {
      current = path;
      const place = await placeOf(path);
      if (makes && place.stats === undefined) {
        const home = dirname(resolve(place.path));
        const outermost = await makeFolders(home);
        if (outermost !== undefined) made.push({ home, outermost });
      }
      staged.push(place.streams ? streamed(place, content, signal) : await besidePlace(place, content));
    }
    for (const [i, { path }] of outputs.entries()) {
      current = path;
      await staged[i]?.commit();
    }
  } catch (error) {
    for (const one of staged) await one.discard();
    for (const { home, outermost } of made) await removeEmpty(home, outermost);
    throw asIOError(error, `write ${current}`);
  }
}

/** Writes several files, the main one last, and makes missing folders. */
export function writeFiles(files: readonly { readonly path: string; readonly bytes: Uint8Array }[]): Promise<void> {
  return deliver(
    files.map(({ path, bytes }) => ({ path, content: bytes })),
    { makeFolders: true },
  );
}

export function writeBytes(path: string | URL, bytes: Uint8Array): Promise<void> {
  return deliver([{ path: String(path), content: bytes }]);
}

/** A file that is ready to appear. */
interface Staged {
  commit(): Promise<void>;
  /** Removes what is left of it; nothing is after `commit`. */
  discard(): Promise<void>;
}

/** Where the bytes for a path go. */
export interface OutputPlace {
  /** The path that the links at its end lead to. */
  readonly path: string;
  /** What is there; undefined if nothing is. */
  readonly stats: BigIntStats | undefined;
  /** Whether bytes are written to what is there, since it is a pipe, a device, or open in this process. */
  readonly streams: boolean;
  /** If the path means a file that this process has open, such as /dev/stdout, its number. */
  readonly descriptor: number | undefined;
}

/** A path of a file that the process has open: /dev/stdout leads to one. */
const DESCRIPTOR = /^\/(?:proc\/(?:self|thread-self)|dev)\/fd\/(\d+)$/;
const LINKS_AT_MOST = 40;
const fstatOf = promisify(fstat);

/** Where the bytes for a path go. @throws IOError if that is a folder, a disk or a socket. */
export async function placeOf(given: string): Promise<OutputPlace> {
  const path = await throughLinks(pathOf(given));
  const [, number] = DESCRIPTOR.exec(path) ?? [];
  const descriptor = number === undefined ? undefined : Number(number);
  const stats = await (
    descriptor === undefined ? stat(systemPath(path), { bigint: true }) : fstatOf(descriptor, { bigint: true })
  ).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  });
  const kind =
    stats?.isDirectory() === true
      ? "a folder"
      : stats?.isBlockDevice() === true
        ? "a disk"
        : stats?.isSocket() === true && descriptor === undefined
          ? "a socket"
          : undefined;
  if (kind !== undefined) throw new MobileNetV2Error("IOError", `Could not write ${given}: it is ${kind}.`);
  return { path, stats, descriptor, streams: descriptor !== undefined || (stats !== undefined && !stats.isFile()) };
}

/** The path that the links at the end of a path lead to, whether there is something or not; stops at a file that is open. */
export async function throughLinks(path: string): Promise<string> {
  let at = path;
  for (let links = 0; links < LINKS_AT_MOST && !DESCRIPTOR.test(at); links++) {
    const target = await readlink(systemPath(at), { encoding: "buffer" }).catch(() => undefined);
    if (target === undefined) break;
    const text = textOfName(target);
    // Not `join`: `..` behind a link to a folder is for the system to resolve.
    at = isAbsolute(text) ? text : `${dirname(at)}/${text}`;
  }
  return at;
}

/** Writes the file beside its place, to be renamed to it. */
async function besidePlace({ path, stats }: OutputPlace, content: Output["content"]): Promise<Staged> {
  const beside = systemPath(temporaryName(path));
  const discard = (): Promise<void> => rm(beside, { force: true });
  try {
    if (!(content instanceof Uint8Array)) await moveFile(systemPath(content.file), beside);
    // What replaces a file that others cannot read is at no time one that they can.
    const mode = stats === undefined ? 0o666 : 0o600;
    await using file = await open(beside, content instanceof Uint8Array ? "wx" : "r", mode);
    if (content instanceof Uint8Array) await file.writeFile(content);
    if (stats !== undefined) await keepStatus(file, stats);
    await file.sync();
  } catch (error) {
    await discard();
    throw error;
  }
  return { commit: () => rename(beside, systemPath(path)), discard };
}

/** Gives a file the owner, where the system lets us, and the mode of the one that it replaces. */
async function keepStatus(file: FileHandle, { uid, gid, mode }: BigIntStats): Promise<void> {
  await file.chown(Number(uid), Number(gid)).catch(() => undefined);
  await file.chmod(Number(mode) & 0o777);
}

async function moveFile(from: string | Buffer, to: string | Buffer): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    // Another disk.
    if (errorCode(error) !== "EXDEV") throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL);
  }
}

function streamed({ path, descriptor }: OutputPlace, content: Output["content"], signal?: AbortSignal): Staged {
  return {
    async commit() {
      const to = descriptor ?? (await openToWrite(path, signal));
      try {
        if (content instanceof Uint8Array) await pour(to, content);
        else await pourFile(to, content.file);
      } finally {
        if (descriptor === undefined) await promisify(close)(to);
      }
    },
    discard: () => Promise.resolve(),
  };
}

const POLL = 50;
const opened = promisify(openDescriptor);

/** Opens a pipe or a device. Of a pipe nobody reads yet, waits for the reader here, where a signal can end it, and not in the system. */
async function openToWrite(path: string, signal: AbortSignal | undefined): Promise<number> {
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await opened(systemPath(path), constants.O_WRONLY | (constants.O_NONBLOCK ?? 0));
    } catch (error) {
      if (errorCode(error) !== "ENXIO") throw error;
      await sleep(POLL);
    }
  }
}

const written = promisify(write);

/** Writes all bytes, as fast as they are taken. */
async function pour(to: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    try {
      done += (await written(to, bytes, done, bytes.length - done)).bytesWritten;
    } catch (error) {
      if (errorCode(error) !== "EAGAIN") throw error;
      await sleep(1);
    }
  }
}

const PIECE = 1 << 20;

async function pourFile(to: number, path: string): Promise<void> {
  await using file = await open(systemPath(path), "r");
  const buffer = new Uint8Array(PIECE);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, PIECE);
    if (bytesRead === 0) return;
    await pour(to, buffer.subarray(0, bytesRead));
  }
}

/** A name in the same folder that no other process uses. */
function temporaryName(path: string): string {
  return join(dirname(path), `${temporaryPrefix(basename(path))}${process.pid}.${randomBytes(6).toString("hex")}.tmp`);
}

/** Takes away a folder and those around it up to `last`, as long as nothing is in them. */
export async function removeEmpty(folder: string, last: string): Promise<void> {
  for (let one = folder; one.startsWith(last); one = dirname(one)) {
    await rmdir(systemPath(one)).catch(() => undefined);
  }
}
