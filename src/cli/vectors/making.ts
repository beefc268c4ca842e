/** Vectors of all pictures of a folder, made and written one batch after the other. */
import { join } from "node:path";
import { enableWideSimd } from "../../engine/wide-simd.ts";
import { type Extractor, loadExtractor } from "../../tasks/extractor.ts";
import { extractAll } from "../../tasks/many-pictures.ts";
import { place } from "../files/placing.ts";
import { nameWithin, picturesIn } from "../pictures/folder.ts";
import { type ExtractorArguments, extractorOptions } from "../pictures/options.ts";
import { withDownloadBar } from "../terminal/download-bar.ts";
import { interruptible } from "../terminal/interruption.ts";
import { progressBar } from "../terminal/progress-bar.ts";
import { besideName, featureEnding, openFeatureWriter } from "./files.ts";
import { makingOf } from "./writer.ts";

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

export interface WrittenFeatures {
  readonly vectors: number;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly unreadable: readonly { readonly picture: string; readonly error: string }[];
  /** From the first picture's decoding to the last vector's writing. */
  readonly milliseconds: number;
}

/** The files that vectors are written to: the one that is named, and of .npy the names beside it. */
export function outputsOf(output: string): readonly string[] {
  return featureEnding(output) === ".npy" ? [output, besideName(output)] : [output];
}

/** Writes the vectors of pictures beside the file that is wanted, and moves it there when it is whole. */
export async function writeFeatures(
  folder: string,
  names: readonly string[],
  extractor: Extractor,
  { output, strict }: { readonly output: string; readonly strict?: boolean | undefined },
): Promise<WrittenFeatures> {
  const ending = featureEnding(output);
  const started = performance.now();
  const bar = progressBar("Looking at pictures", (done, total) => `${done} of ${total}`);
  let vectors = 0;
  const { files, made: unreadable } = await interruptible(({ signal }) =>
    place(
      output,
      async (path) => {
        const stream = extractAll(
          extractor,
          names.map((name) => join(folder, name)),
          { strict, signal, onProgress: (done, total) => bar.update(done, total) },
        );
        const writer = await openFeatureWriter(path, ending, {
          facts: makingOf(extractor.facts),
          length: extractor.length,
          names,
        });
        try {
          for await (const { indices, vectors: made } of stream) {
            await writer.write(
              Array.from(indices, (index) => names[index] ?? ""),
              made.data,
            );
            vectors += indices.length;
          }
          await writer.finish();
          return stream.unreadable;
        } finally {
          await writer.close();
        }
      },
      signal,
    ),
  ).finally(() => bar.stop());
  return {
    vectors,
    files,
    unreadable: unreadable.map(({ path, error }) => ({ picture: path, error: error.message })),
    milliseconds: performance.now() - started,
  };
}
