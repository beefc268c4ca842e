/** The command `features`: vectors of all pictures of a folder, in one file, however many there are. */
import { join } from "node:path";
import { requireApart } from "../files/apart.ts";
import { requirePlace } from "../files/placing.ts";
import type { ExtractorArguments } from "../pictures/options.ts";
import { styleFor } from "../terminal/style.ts";
import { namesIn, openExtractor, outputsOf, writeFeatures } from "../vectors/making.ts";
import { featuresJson, featuresText } from "./report.ts";

export interface FeaturesOptions extends ExtractorArguments {
  readonly output: string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

export async function features(folder: string, options: FeaturesOptions): Promise<void> {
  const outputs = outputsOf(options.output);
  await requirePlace(options.output);
  const names = await namesIn(folder);
  await requireApart(outputs, [options.weights, ...names.map((name) => join(folder, name))]);
  const { extractor, load } = await openExtractor(options);
  const written = await writeFeatures(folder, names, extractor, options);
  extractor.dispose();
  const made = { extractor, load, written };
  process.stdout.write(
    `${options.json === true ? featuresJson(made) : featuresText(made, styleFor(process.stdout))}\n`,
  );
}
