/** The command `features`: vectors of all pictures of a folder, in one file, however many there are. */
import type { ExtractorArguments } from "../pictures/options.ts";
import { styleFor } from "../terminal/style.ts";
import { featureEnding } from "../vectors/files.ts";
import { namesIn, openExtractor, writeFeatures } from "../vectors/making.ts";
import { featuresJson, featuresText } from "./report.ts";

export interface FeaturesOptions extends ExtractorArguments {
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
  const made = { extractor, load, written };
  process.stdout.write(
    `${options.json === true ? featuresJson(made) : featuresText(made, styleFor(process.stdout))}\n`,
  );
}
