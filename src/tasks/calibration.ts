/** Pictures to calibrate integers with: some of many, as the model takes them. */
import { MobileNetV2Error } from "../core/errors.ts";
import { FUNCTION, SIGNAL, SOURCE, check, listOf, plainObject, whole } from "../core/kinds.ts";
import { checkOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import type { BytesSource } from "../platform/contract.ts";
import { nameOf } from "./errors.ts";
import { type PictureFormat, preparePicture } from "./picture-format.ts";

/** So many pictures are enough (docs/int8.md). */
export const DEFAULT_PICTURES = 64;

/** A picture that could not be read. */
export interface UnreadPicture {
  /** The path or URL of the picture, or its index in the list if it has neither. */
  readonly picture: string;
  /** The message of the error. */
  readonly reason: string;
}

const FORMAT = plainObject("a format, from pictureFormat()");
const SOURCES = listOf("a list of paths, URLs, bytes, Blobs or Files", SOURCE);

/** The options of `CalibrationPictures`. */
export interface CalibrationOptions {
  /** The format of the model's pictures, from `pictureFormat`. */
  readonly format: PictureFormat;
  /** The largest number of pictures to use. Default: 64. */
  readonly count?: number | undefined;
  /** A signal that, once aborted, ends the iteration between two pictures with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called before each picture with the number of pictures so far and the number of all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Calibration data for `quantize`: `count` pictures at even distances in a list, read one by one. Pictures that cannot be read are replaced by
 * others of the list. Iterating throws a FormatError if none can be read.
 */
export class CalibrationPictures implements AsyncIterable<Tensor> {
  readonly #kept: Tensor[] = [];
  readonly #unread: UnreadPicture[] = [];
  /** The number of pictures read so far. */
  count = 0;
  readonly #sources: readonly BytesSource[];
  readonly #wanted: number;
  readonly #options: CalibrationOptions;

  /** @param sources the pictures: paths, URLs, bytes, `Blob`s or `File`s */
  constructor(sources: readonly BytesSource[], options: CalibrationOptions) {
    checkOptions("CalibrationPictures", options, {
      format: FORMAT,
      count: whole(1),
      signal: SIGNAL,
      onProgress: FUNCTION,
    });
    check("CalibrationPictures", "sources", sources, SOURCES);
    check("CalibrationPictures", "format", options.format, FORMAT);
    this.#sources = [...sources];
    this.#wanted = Math.min(options.count ?? DEFAULT_PICTURES, sources.length);
    this.#options = options;
  }

  /** The first 64 pictures as the model takes them, for example to compare predictions with `answersOf`. */
  get kept(): readonly Tensor[] {
    return [...this.#kept];
  }

  /** The pictures that could not be read. */
  get unread(): readonly UnreadPicture[] {
    return [...this.#unread];
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
      if (this.#kept.length < DEFAULT_PICTURES) this.#kept.push(picture);
      yield picture;
    }
    const [first] = this.#unread;
    if (this.count === 0 && first !== undefined) {
      throw new MobileNetV2Error(
        "FormatError",
        `None of the ${this.#unread.length} pictures can be read. The first: ${first.picture}: ${first.reason}`,
      );
    }
  }

  async #read(source: BytesSource, place: number): Promise<Tensor | undefined> {
    try {
      return await preparePicture(source, this.#options.format);
    } catch (error) {
      if (!(error instanceof MobileNetV2Error) || error.code === "MissingError") throw error;
      const name = nameOf(source) ?? String(place);
      this.#unread.push({ picture: name, reason: error.message.replace(`${name}: `, "") });
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
