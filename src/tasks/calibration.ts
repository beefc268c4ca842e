/** Pictures to calibrate integers with: some of many, as the model takes them. */
import { MobileNetV2Error } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import type { BytesSource } from "../platform/contract.ts";
import { nameOf } from "./errors.ts";
import { type PictureFormat, preparePicture } from "./picture-format.ts";

/** So many pictures are enough (docs/int8.md). */
export const DEFAULT_PICTURES = 64;

export interface UnreadPicture {
  /** The path or address of the picture, or its place in the list if it has none. */
  readonly picture: string;
  readonly reason: string;
}

export interface CalibrationOptions {
  /** How the model wants its pictures. */
  readonly format: PictureFormat;
  /** How many pictures are used, at most. Default: 64. */
  readonly count?: number | undefined;
  /** Ends the iteration between two pictures, with an error. */
  readonly signal?: AbortSignal | undefined;
  /** Is told before each picture how many were given already, and how many there will be. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Pictures one by one for `quantize`, as many as are wanted, from all over a list; others take the place of those that cannot be read.
 * Iterating throws the first error if none can be read.
 */
export class CalibrationPictures implements AsyncIterable<Tensor> {
  /** The first 64 of them as the model took them, to compare answers with. */
  readonly kept: Tensor[] = [];
  /** The pictures that could not be read. */
  readonly unread: UnreadPicture[] = [];
  /** How many were given so far. */
  count = 0;
  readonly #sources: readonly BytesSource[];
  readonly #wanted: number;
  readonly #options: CalibrationOptions;

  /** @param sources paths, addresses, bytes, Blobs or Files of pictures */
  constructor(sources: readonly BytesSource[], options: CalibrationOptions) {
    checkOptions("CalibrationPictures", options, { format: true, count: true, signal: true, onProgress: true });
    this.#sources = sources;
    this.#wanted = Math.min(options.count ?? DEFAULT_PICTURES, sources.length);
    this.#options = options;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Tensor> {
    const { signal, onProgress } = this.#options;
    for (const [place, source] of spread([...this.#sources.entries()], this.#wanted)) {
      if (this.count === this.#wanted) break;
      signal?.throwIfAborted();
      onProgress?.(this.count, this.#wanted);
      // oxlint-disable-next-line no-await-in-loop -- one at a time in memory
      const picture = await this.#read(source, place);
      if (picture === undefined) continue;
      this.count++;
      if (this.kept.length < DEFAULT_PICTURES) this.kept.push(picture);
      yield picture;
    }
    const [first] = this.unread;
    if (this.count === 0 && first !== undefined) {
      throw new MobileNetV2Error(
        "FormatError",
        `None of the ${this.unread.length} pictures can be read. The first: ${first.picture}: ${first.reason}`,
      );
    }
  }

  async #read(source: BytesSource, place: number): Promise<Tensor | undefined> {
    try {
      return await preparePicture(source, this.#options.format);
    } catch (error) {
      if (!(error instanceof MobileNetV2Error) || error.code === "MissingError") throw error;
      const name = nameOf(source) ?? String(place);
      this.unread.push({ picture: name, reason: error.message.replace(`${name}: `, "") });
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
