/** The command `similar`: which pictures of a folder are most like one, by the angle between their vectors. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { warn } from "#platform";
import { MobileNetV2Error, valueError } from "../../core/errors.ts";
import { identityOf } from "../../platform/node/files.ts";
import { namedError } from "../../tasks/errors.ts";
import type { Extractor } from "../../tasks/extractor.ts";
import { requireApart } from "../files/apart.ts";
import type { ExtractorArguments } from "../pictures/options.ts";
import { type Picture, picturesOf } from "../pictures/pictures.ts";
import { someOf } from "../terminal/format.ts";
import { styleFor } from "../terminal/style.ts";
import { type FeatureIndex, openFeatureIndex } from "../vectors/feature-index.ts";
import { featureEnding } from "../vectors/files.ts";
import { namesIn, openExtractor, outputsOf, writeFeatures } from "../vectors/making.ts";
import { makingOf } from "../vectors/writer.ts";
import { type Similar, similarJson, similarText } from "./report.ts";

export interface SimilarOptions extends ExtractorArguments {
  readonly top: number;
  /** A file of vectors: used if it exists, else written. */
  readonly index?: string;
  readonly json?: boolean;
}

/** How many pictures that cannot be read a warning names. */
const NAMED = 5;

export async function similar(given: string, folder: string, options: SimilarOptions): Promise<void> {
  const { index: path, top } = options;
  if (path !== undefined && featureEnding(path) === ".parquet") {
    throw valueError(`An index is a .npy or a .safetensors file. Received: --index ${path}`);
  }
  const names = await namesIn(folder);
  if (path !== undefined) {
    await requireApart(outputsOf(path), [given, options.weights, ...names.map((name) => join(folder, name))]);
  }
  const [picture] = picturesOf([given]);
  if (picture === undefined) return;
  const { extractor } = await openExtractor(options);
  const wanted = await vectorOf(picture, extractor);
  const found = await withIndex(folder, names, extractor, path, (index) =>
    nearest(index, wanted, top, (name) => given !== "-" && resolve(folder, name) === resolve(given)),
  );
  extractor.dispose();
  const results = found.map(({ picture: name, similarity }) => ({ picture: join(folder, name), similarity }));
  const text =
    options.json === true
      ? similarJson(picture.name, extractor.facts, results)
      : similarText(results, extractor.facts, styleFor(process.stdout));
  process.stdout.write(`${text}\n`);
}

async function vectorOf(picture: Picture, extractor: Extractor): Promise<Float32Array> {
  try {
    return await extractor.embed(await picture.read());
  } catch (error) {
    throw namedError(error, picture.name);
  }
}

/** Makes the vectors, or takes those of a file if they are of the same pictures by the same model. */
async function withIndex<T>(
  folder: string,
  names: readonly string[],
  extractor: Extractor,
  path: string | undefined,
  use: (index: FeatureIndex) => Promise<T>,
): Promise<T> {
  if (path === undefined) {
    const scratch = await mkdtemp(join(tmpdir(), "mobilenet-v2-"));
    try {
      return await withIndex(folder, names, extractor, join(scratch, "features.npy"), use);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  if ((await identityOf(path)) === undefined) await writeFeatures(folder, names, extractor, { output: path });
  let index = await openFeatureIndex(path);
  try {
    requireSameMaking(index, extractor, path);
    if (!(await isOfThese(index, folder, names, extractor))) {
      await index.close();
      console.error(`${path} is of other pictures than those of ${folder}: it is made anew.`);
      await writeFeatures(folder, names, extractor, { output: path });
      index = await openFeatureIndex(path);
    }
    return await use(index);
  } finally {
    await index.close();
  }
}

/** Whether every vector is of a picture that is there, and every picture has one that can be read. */
async function isOfThese(
  index: FeatureIndex,
  folder: string,
  names: readonly string[],
  extractor: Extractor,
): Promise<boolean> {
  const there = new Set(names);
  if (!index.names.every((name) => there.has(name))) return false;
  const known = new Set(index.names);
  const unreadable: string[] = [];
  for (const name of names) {
    if (known.has(name)) continue;
    try {
      // oxlint-disable-next-line no-await-in-loop -- until the first that can be read
      await extractor.prepare(join(folder, name));
      return false;
    } catch (error) {
      if (!(error instanceof MobileNetV2Error) || error.code === "MissingError") throw error;
      unreadable.push(error.message);
    }
  }
  if (unreadable.length > 0) {
    warn(
      `${unreadable.length} of ${names.length} pictures could not be read and are left out: ${someOf(unreadable, NAMED)}`,
    );
  }
  return true;
}

/** Vectors of different models, layers or sizes have nothing to do with one another. */
function requireSameMaking({ facts, length }: FeatureIndex, extractor: Extractor, path: string): void {
  const wanted: Readonly<Record<string, unknown>> = { ...makingOf(extractor.facts) };
  for (const [name, value] of Object.entries(wanted)) {
    const [here, there] = [asText(value), asText(facts.get(name))];
    if (facts.has(name) && here !== there) {
      throw valueError(
        `${path} was made otherwise: its ${name} is ${there}, not ${here}. Give the same options, or another --index.`,
      );
    }
  }
  if (length !== extractor.length) {
    throw valueError(`${path} has vectors of ${length} numbers, not ${extractor.length}.`);
  }
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The most similar pictures, the best first; among equals, those that come first. */
async function nearest(
  index: FeatureIndex,
  wanted: Float32Array,
  top: number,
  isLeftOut: (name: string) => boolean,
): Promise<readonly Similar[]> {
  const norm = Math.hypot(...wanted);
  let best: Similar[] = [];
  for await (const { first, count, data } of index.vectors()) {
    for (let row = 0; row < count; row++) {
      const name = index.names[first + row] ?? "";
      if (isLeftOut(name)) continue;
      let [dot, square] = [0, 0];
      for (let i = 0, p = row * wanted.length; i < wanted.length; i++, p++) {
        const value = data[p]!;
        dot += value * wanted[i]!;
        square += value * value;
      }
      const length = Math.sqrt(square) * norm;
      const similarity = length === 0 ? 0 : Math.min(1, dot / length);
      if (best.length < top || similarity > (best.at(-1)?.similarity ?? -1)) {
        best.push({ picture: name, similarity });
        best = best.toSorted((a, b) => b.similarity - a.similarity).slice(0, top);
      }
    }
  }
  return best;
}
