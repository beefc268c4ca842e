/** Files that appear whole or not at all, also several together: made in a folder of their own, checked there, then moved. */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, mkdir, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { MobileNetV2Error } from "../../core/errors.ts";
import { systemPath, textOfName } from "../../platform/node/byte-names.ts";
import { asIOError, errorCode, isFolder, makeFolders } from "../../platform/node/files.ts";
import { deliver, placeOf, removeEmpty, throughLinks } from "../../platform/node/outputs.ts";

export interface Placed {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Lets `make` write a file or folder of the target's name, and what belongs beside it, to the place that it is given; then moves all of it
 * to the target, in folders that are made if they do not exist. After an error nothing has changed.
 * @param signal stops the waiting for somebody who reads, if the target is a pipe
 * @returns the files, the main one first, and what `make` found
 */
export async function place<T>(
  target: string,
  make: (place: string) => Promise<T>,
  signal?: AbortSignal,
): Promise<{ readonly files: readonly Placed[]; readonly made: T }> {
  const home = dirname(resolve(target));
  const name = basename(resolve(target));
  let newFolder: string | undefined;
  let scratchHome = home;
  let scratch: string | undefined;
  let isPlaced = false;
  try {
    // On the disk of the file itself, to which a link may lead; what a pipe or a device takes is made elsewhere.
    const streams = !(await isFolder(target)) && (await placeOf(target)).streams;
    scratchHome = streams ? tmpdir() : dirname(resolve(await throughLinks(target)));
    newFolder = await makeFolders(scratchHome);
    const own = join(scratchHome, `.mobilenet-v2-${randomBytes(6).toString("hex")}`);
    await mkdir(systemPath(own), { mode: 0o700 });
    scratch = own;
    const made = await make(join(scratch, name));
    const files = await moveAll(scratch, home, name, signal);
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
    throw errorCode(error) === undefined ? error : writeError(target, error);
  } finally {
    if (scratch !== undefined) await rm(systemPath(scratch), { recursive: true, force: true });
    if (!isPlaced && newFolder !== undefined) await removeEmpty(scratchHome, newFolder);
  }
}

/** Finds before long work whether its result can be written, as far as that can be known. @throws IOError if it cannot. */
export async function requirePlace(target: string): Promise<void> {
  try {
    const { path, streams } = await placeOf(target);
    if (streams) return;
    for (let home = dirname(resolve(path)); ; home = dirname(home)) {
      try {
        // The slash makes a file that is in the way an error.
        // oxlint-disable-next-line no-await-in-loop -- outwards, to a folder that is there
        return await access(systemPath(`${home}/`), constants.W_OK);
      } catch (error) {
        if (errorCode(error) !== "ENOENT" || dirname(home) === home) throw error;
      }
    }
  } catch (error) {
    throw asIOError(error, `write ${target}`);
  }
}

/** The main file of a folder of several. */
const MAIN_WITHIN = "model.json";

/** The main file comes last: whoever finds it finds the others. */
async function moveAll(from: string, to: string, name: string, signal?: AbortSignal): Promise<readonly Placed[]> {
  const isSeveral = await isFolder(join(from, name));
  const main = isSeveral ? join(name, MAIN_WITHIN) : name;
  const made = isSeveral ? (await namesIn(join(from, name))).map((within) => join(name, within)) : await namesIn(from);
  const moves = made.toSorted((a, b) => Number(a === main) - Number(b === main) || (a < b ? 1 : -1));
  const sizes = await Promise.all(moves.map(async (move) => (await stat(systemPath(join(from, move)))).size));
  await deliver(
    moves.map((move) => ({ path: join(to, move), content: { file: join(from, move) } })),
    { makeFolders: true, signal },
  );
  return moves.map((move, i) => ({ path: join(to, move), bytes: sizes[i] ?? 0 })).toReversed();
}

function writeError(target: string, error: unknown): MobileNetV2Error {
  const reason = error instanceof Error ? error.message.split(",", 1)[0] : String(error);
  return new MobileNetV2Error("IOError", `Could not write ${target}: ${reason}.`, { cause: error });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(systemPath(folder), { encoding: "buffer" })).map(textOfName);
}
