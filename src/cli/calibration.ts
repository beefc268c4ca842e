/** Pictures of a folder to calibrate integers with. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { MobileNetV2Error, type Tensor } from "../index.ts";
import { asIOError } from "../platform/node/files.ts";
import { type PictureFormat, pictureTensor } from "./picture-input.ts";
import { PICTURE_ENDINGS } from "./pictures/pictures.ts";
import { progressBar } from "./terminal/progress-bar.ts";

/** So many are enough (docs/int8.md). */
export const DEFAULT_PICTURES = 64;

export interface UnreadPicture {
  readonly picture: string;
  readonly reason: string;
}

/**
 * The pictures of a folder and of those within, which may be one for each class, by name.
 * @throws IOError where the folder cannot be read, ValueError where it has none.
 */
export async function picturesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    const within = error instanceof Error && "path" in error ? String(error.path) : folder;
    throw asIOError(error, `read the folder ${within}`);
  });
  const pictures = entries
    .filter((entry) => !entry.isDirectory() && isPicture(entry.name) && !entry.name.startsWith("."))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted((a, b) => (a < b ? -1 : 1));
  if (pictures.length > 0) return pictures;
  throw new MobileNetV2Error(
    "ValueError",
    `There are no pictures in ${folder}, nor in the folders within: no file ends in ${PICTURE_ENDINGS.join(", ")}.`,
  );
}

function isPicture(name: string): boolean {
  const lower = name.toLowerCase();
  return PICTURE_ENDINGS.some((ending) => lower.endsWith(ending));
}

/** Pictures one by one, as many as are wanted, from all over the list; others take the place of those that cannot be read. */
export class CalibrationPictures {
  /** The first of them as the model took them, to compare answers. */
  readonly kept: Tensor[] = [];
  readonly unread: UnreadPicture[] = [];
  /** How many there were. */
  count = 0;
  readonly #paths: readonly string[];
  readonly #wanted: number;
  readonly #format: PictureFormat;
  readonly #signal: AbortSignal;

  constructor(paths: readonly string[], wanted: number, format: PictureFormat, signal: AbortSignal) {
    this.#paths = paths;
    this.#wanted = Math.min(wanted, paths.length);
    this.#format = format;
    this.#signal = signal;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Tensor> {
    const bar = progressBar("Calibrating", (done, total) => `${done} of ${total} pictures`);
    try {
      for (const path of spread(this.#paths, this.#wanted)) {
        if (this.count === this.#wanted) break;
        this.#signal.throwIfAborted();
        bar.update(this.count, this.#wanted);
        // oxlint-disable-next-line no-await-in-loop -- one at a time in memory
        const picture = await this.#read(path);
        if (picture === undefined) continue;
        this.count++;
        if (this.kept.length < DEFAULT_PICTURES) this.kept.push(picture);
        yield picture;
      }
    } finally {
      bar.stop();
    }
    const [first] = this.unread;
    if (this.count === 0 && first !== undefined) {
      throw new MobileNetV2Error(
        "FormatError",
        `None of the ${this.unread.length} pictures can be read. The first: ${first.picture}: ${first.reason}`,
      );
    }
  }

  async #read(path: string): Promise<Tensor | undefined> {
    try {
      return await pictureTensor(path, this.#format);
    } catch (error) {
      if (!(error instanceof MobileNetV2Error) || error.code === "MissingError") throw error;
      this.unread.push({ picture: path, reason: error.message.replace(`${path}: `, "") });
      return undefined;
    }
  }
}

/** `count` of a list at even distances, then the others. */
function* spread<T>(list: readonly T[], count: number): Generator<T> {
  const chosen = new Set(Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * list.length) / count)));
  yield* list.filter((_, index) => chosen.has(index));
  yield* list.filter((_, index) => !chosen.has(index));
}
