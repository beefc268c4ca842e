/** Vectors of all pictures of a folder, made and written one batch after the other. */
import { join } from "node:path";
import { MobileNetV2Error } from "../../core/errors.ts";
import { enableWideSimd } from "../../engine/wide-simd.ts";
import { ImageDataset } from "../../training/data/pictures/image-dataset.ts";
import { type Extractor, loadExtractor } from "../../tasks/extractor.ts";
import { place } from "../files/placing.ts";
import { nameWithin, picturesIn } from "../pictures/folder.ts";
import { type ExtractorArguments, extractorOptions } from "../pictures/options.ts";
import { withDownloadBar } from "../terminal/download-bar.ts";
import { interruptible, untilAborted } from "../terminal/interruption.ts";
import { progressBar } from "../terminal/progress-bar.ts";
import { featureEnding, openFeatureWriter } from "./files.ts";

/** The pictures of a folder and those within, by their paths below it, with `/` between. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return (await picturesIn(folder)).map((path) => nameWithin(folder, path));
}

/** What makes the vectors, and how long it took to load, in milliseconds. */
export async function openExtractor(given: ExtractorArguments): Promise<{ extractor: Extractor; load: number }> {
  const options = extractorOptions(given);
  enableWideSimd();
  const started = performance.now();
  const extractor = await withDownloadBar(given.weights, (loading) => loadExtractor({ ...options, ...loading }));
  return { extractor, load: performance.now() - started };
}

/** Pictures given to the model at once. */
const BATCH = 8;

export interface WrittenFeatures {
  readonly vectors: number;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly unreadable: readonly { readonly picture: string; readonly error: string }[];
  /** From the first picture's decoding to the last vector's writing. */
  readonly milliseconds: number;
}

/** Writes the vectors of pictures beside the file that is wanted, and moves it there when it is whole. */
export async function writeFeatures(
  folder: string,
  names: readonly string[],
  extractor: Extractor,
  { output, strict }: { readonly output: string; readonly strict?: boolean | undefined },
): Promise<WrittenFeatures> {
  const ending = featureEnding(output);
  const picturesOf = (signal: AbortSignal): ImageDataset =>
    new ImageDataset({
      filePaths: names.map((name) => join(folder, name)),
      load: untilAborted(signal, (path) => extractor.prepare(path)),
      batchSize: BATCH,
      shuffle: false,
      strict,
    });
  const started = performance.now();
  const bar = progressBar("Looking at pictures", (done, total) => `${done} of ${total}`);
  let vectors = 0;
  const { files, made: unreadable } = await interruptible(({ signal }) =>
    place(output, async (path) => {
      const pictures = picturesOf(signal);
      const writer = await openFeatureWriter(path, ending, { facts: extractor.facts, length: extractor.length, names });
      try {
        for await (const { x, indices = new Int32Array() } of pictures) {
          signal.throwIfAborted();
          const { data } = await extractor.extract(x);
          if (data.some((value) => !Number.isFinite(value))) throw notFinite(names[indices[0] ?? 0] ?? "");
          await writer.write(
            Array.from(indices, (index) => names[index] ?? ""),
            data,
          );
          vectors += indices.length;
          bar.update((indices.at(-1) ?? 0) + 1, names.length);
        }
        await writer.finish();
        return pictures.unreadable;
      } finally {
        await writer.close();
      }
    }),
  ).finally(() => bar.stop());
  return {
    vectors,
    files,
    unreadable: unreadable.map(({ path, error }) => ({ picture: path, error: error.message })),
    milliseconds: performance.now() - started,
  };
}

function notFinite(name: string): MobileNetV2Error {
  return new MobileNetV2Error(
    "ValueError",
    `The model gives no numbers (NaN or infinity) for ${name} or pictures after it.`,
  );
}
