/** Files that appear whole or not at all, also several together: made in a folder of their own, checked there, then moved. */
import { constants } from "node:fs";
import { access, mkdtemp, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { MobileNetV2Error } from "../../core/errors.ts";
import { asIOError, errorCode, makeFolders } from "../../platform/node/files.ts";

export interface Placed {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Lets `make` write a file or folder of the target's name, and what belongs beside it, to the place that it is given; then moves all of it
 * to the target, in folders that are made if they do not exist. After an error nothing has changed.
 * @returns the files, the main one first, and what `make` found
 */
export async function place<T>(
  target: string,
  make: (place: string) => Promise<T>,
): Promise<{ readonly files: readonly Placed[]; readonly made: T }> {
  const wanted = resolve(target);
  const home = dirname(wanted);
  let newFolder: string | undefined;
  let scratch: string | undefined;
  let isPlaced = false;
  try {
    newFolder = await makeFolders(home);
    scratch = await mkdtemp(join(home, ".mobilenet-v2-"));
    const made = await make(join(scratch, basename(wanted)));
    const files = await moveAll(scratch, home, basename(wanted));
    isPlaced = true;
    return { files, made };
  } catch (error) {
    if (error instanceof MobileNetV2Error) {
      throw new MobileNetV2Error(
        error.code,
        scratch === undefined ? error.message : error.message.replaceAll(scratch, home),
        { cause: error },
      );
    }
    throw isSystemError(error) ? writeError(target, error) : error;
  } finally {
    if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
    if (!isPlaced && newFolder !== undefined) await removeEmpty(home, newFolder);
  }
}

/** Finds before long work whether its result can be written, as far as that can be known. @throws IOError if it cannot. */
export async function requirePlace(target: string): Promise<void> {
  const there = await stat(target).catch(() => undefined);
  if (there?.isDirectory() === true)
    throw new MobileNetV2Error("IOError", `Could not write ${target}: it is a folder.`);
  for (let home = dirname(resolve(target)); ; home = dirname(home)) {
    try {
      // The slash makes a file that is in the way an error.
      // oxlint-disable-next-line no-await-in-loop -- outwards, to a folder that is there
      return await access(`${home}/`, constants.W_OK);
    } catch (error) {
      if (errorCode(error) !== "ENOENT" || dirname(home) === home) throw asIOError(error, `write ${target}`);
    }
  }
}

/** Takes away a folder and those around it up to `last`, as long as nothing is in them. */
export async function removeEmpty(folder: string, last: string): Promise<void> {
  for (let one = folder; one.startsWith(last); one = dirname(one)) {
    // oxlint-disable-next-line no-await-in-loop -- from within
    await rmdir(one).catch(() => undefined);
  }
}

/** The main file of a folder of several. */
const MAIN_WITHIN = "model.json";

/** The main file comes last: whoever finds it finds the others. */
async function moveAll(from: string, to: string, name: string): Promise<readonly Placed[]> {
  const isFolder = (await stat(join(from, name))).isDirectory();
  const main = isFolder ? join(name, MAIN_WITHIN) : name;
  const made = isFolder ? (await readdir(join(from, name))).map((within) => join(name, within)) : await readdir(from);
  const moves = made.toSorted((a, b) => Number(a === main) - Number(b === main) || (a < b ? 1 : -1));
  const placed: Placed[] = [];
  for (const move of moves) {
    // oxlint-disable-next-line no-await-in-loop -- few
    const [{ size }, there] = await Promise.all([stat(join(from, move)), stat(join(to, move)).catch(() => undefined)]);
    if (there !== undefined && !there.isFile()) {
      const kind = there.isDirectory() ? "a folder" : "a pipe, a socket or a device";
      throw new MobileNetV2Error("IOError", `Could not write ${join(to, move)}: it is ${kind}.`);
    }
    placed.push({ path: join(to, move), bytes: size });
  }
  if (isFolder) await makeFolders(join(to, name));
  // oxlint-disable-next-line no-await-in-loop -- in this order
  for (const move of moves) await rename(join(from, move), join(to, move));
  return placed.toReversed();
}

function writeError(target: string, error: unknown): MobileNetV2Error {
  const reason = error instanceof Error ? error.message.split(",", 1)[0] : String(error);
  return new MobileNetV2Error("IOError", `Could not write ${target}: ${reason}.`, { cause: error });
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}
