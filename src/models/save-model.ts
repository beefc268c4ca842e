/** Writes models into files of any format that we write. */
import { makeFolder, writeBytes } from "#platform";
import type { Network } from "../graph/network.ts";
import type { CheckpointWriter, Preprocessing, WrittenFile } from "../saving/checkpoint.ts";
import { writerNamed, writerOf } from "../saving/writer-of.ts";
import { describeModel, weightsByPath } from "./describe-model.ts";

export interface SaveOptions {
  /** The format's name; by default what the ending of the file's name says. */
  readonly format?: string | undefined;
}

interface Savable {
  readonly classNames?: readonly string[] | undefined;
  readonly preprocessing?: Preprocessing | undefined;
}

/** The files of a model in a format; the first is the main one. */
export async function modelFiles(
  model: Network & Savable,
  format: string,
  name = "model",
): Promise<readonly WrittenFile[]> {
  return filesBy(model, writerNamed(format), name);
}

/** Writes beside and renames: what was there stays whole until the new is. */
export async function saveModel(
  model: Network & Savable,
  target: string | URL,
  { format }: SaveOptions,
): Promise<void> {
  const path = String(target);
  await writeAll(path, await filesBy(model, writerOf(path, format), lastName(path)));
}

/** The writer for weights alone where the name says so: Keras's `.weights.h5`, and `.h5` as Keras 2 wrote weights. */
export async function saveWeights(
  model: Network & Savable,
  target: string | URL,
  { format }: SaveOptions,
): Promise<void> {
  const path = String(target);
  const isLegacy = /\.(?:h5|hdf5)$/i.test(path) && !/\.weights\.h5$/i.test(path);
  await saveModel(model, target, { format: format ?? (isLegacy ? "legacy-weights" : undefined) });
}

function filesBy(model: Network & Savable, writer: CheckpointWriter, name: string): Promise<readonly WrittenFile[]> {
  const { classNames, preprocessing } = model;
  return writer.write({ model: describeModel(model), weights: weightsByPath(model), classNames, preprocessing }, name);
}

function lastName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

/** Neighbours first: whoever finds the main file finds them too. */
async function writeAll(path: string, files: readonly WrittenFile[]): Promise<void> {
  const [main, ...others] = files;
  if (main === undefined) return;
  const isFolder = main.name !== lastName(path);
  const folder = isFolder ? path.replace(/[/\\]+$/, "") : path.slice(0, path.length - lastName(path).length);
  const at = (name: string): string => (isFolder ? `${folder}/${name}` : folder + name);
  if (isFolder) await makeFolder(folder);
  for (const file of [...others, main]) {
    // oxlint-disable-next-line no-await-in-loop -- the main file comes last
    await writeBytes(at(file.name), file.bytes);
  }
}
