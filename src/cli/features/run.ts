/** The command `features`: vectors of all pictures of a folder, in one file, however many there are. */
import { join } from "node:path";
import { ImageDataset, MobileNetV2Error, enableWideSimd } from "../../index.ts";
import { picturesIn } from "../calibration.ts";
import { withDownloadBar } from "../terminal/download-bar.ts";
import { type Extractor, type ExtractorOptions, loadExtractor } from "../extractor.ts";
import { featureEnding, openFeatureWriter } from "../vectors/files.ts";
import { duration, megabytes, printable } from "../terminal/format.ts";
import { interruptible, untilAborted } from "../terminal/interruption.ts";
import { nameWithin } from "../pictures/pictures.ts";
import { place } from "../files/placing.ts";
import { progressBar } from "../terminal/progress-bar.ts";
import { styleFor } from "../terminal/style.ts";

export interface FeaturesOptions extends ExtractorOptions {
  readonly output: string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

export async function features(folder: string, options: FeaturesOptions): Promise<void> {
  featureEnding(options.output);
  const names = await namesIn(folder);
  const { extractor, load } = await openExtractor(options);
  const written = await writeFeatures(folder, names, extractor, options);
  extractor.dispose();
  const { vectors, files, unreadable, milliseconds } = written;
  const perSecond = Math.round((vectors / milliseconds) * 10_000) / 10;
  if (options.json === true) {
    const report = {
      ...extractor.facts,
      length: extractor.length,
      vectors,
      files,
      unreadable,
      picturesPerSecond: perSecond,
      milliseconds: { load: Math.round(load), total: Math.round(milliseconds) },
    };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  const { bold, dim } = styleFor(process.stdout);
  const { model, layer, pooling, weights } = extractor.facts;
  const how = { avg: ", its mean", max: ", its maxima", none: "" }[pooling];
  const shown = files.map(({ path, bytes }) => `${printable(path)} (${megabytes(bytes)})`).join(", ");
  process.stdout.write(
    `${bold(shown)}: ${vectors} vectors of ${extractor.length} numbers\n` +
      `${dim(`${layer} of ${printable(model)}${how}, weights ${printable(weights)}; ${perSecond} pictures a second, loaded in ${duration(load)}`)}\n`,
  );
}

/** The pictures of a folder and those within, by their paths below it, with `/` between. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return (await picturesIn(folder)).map((path) => nameWithin(folder, path));
}

export async function openExtractor(options: ExtractorOptions): Promise<{ extractor: Extractor; load: number }> {
  enableWideSimd();
  const started = performance.now();
  const extractor = await withDownloadBar((loading) => loadExtractor(options, loading));
  return { extractor, load: performance.now() - started };
}

/** Pictures given to the model at once. */
const BATCH = 8;

export interface WrittenFeatures {
  readonly vectors: number;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly unreadable: readonly { readonly picture: string; readonly error: string }[];
  readonly milliseconds: number;
}

/** Writes the vectors of pictures beside the file that is wanted, and moves it there when it is whole. */
export async function writeFeatures(
  folder: string,
  names: readonly string[],
  extractor: Extractor,
  { output, strict }: Pick<FeaturesOptions, "output" | "strict">,
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
