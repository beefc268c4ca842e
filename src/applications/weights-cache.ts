/** The published weights that are in the cache: which, how large, whether whole; and more of them, or fewer. */
import { listCached, removeCached } from "#platform";
import { MobileNetV2Error, messageOf } from "../core/errors.ts";
import type { Model } from "../models/model.ts";
import type { DownloadOptions } from "../platform/contract.ts";
import { checkpoints } from "./checkpoints.ts";
import { MobileNetV2 } from "./mobilenet-v2.ts";
import { type ImagenetFile, findImagenetWeights, imagenetFileName, imagenetWeights } from "./weights.ts";

export interface CachedWeights extends ImagenetFile {
  /** The file's name; one that was set aside ends in `.broken`. */
  readonly name: string;
  /** Its path; in browsers the address that it came from. */
  readonly place: string;
  readonly bytes: number;
}

export interface VerifiedWeights extends CachedWeights {
  /** Undefined where the file is whole. */
  readonly problem: string | undefined;
}

const FOLDER = "models";

/** All published files: with the classifier and without. */
export function imagenetFiles(): readonly ImagenetFile[] {
  return checkpoints.flatMap(({ alpha, rows }) => [true, false].map((includeTop) => ({ alpha, rows, includeTop })));
}

/** Those that are in the cache, broken ones that were set aside included. Nothing is read. */
export async function listWeights(): Promise<readonly CachedWeights[]> {
  const present = await listCached(FOLDER);
  return imagenetFiles().flatMap((file) => {
    const name = imagenetFileName(file);
    return present
      .filter((entry) => entry.name === name || entry.name === `${name}.broken`)
      .map((entry) => ({ ...file, ...entry }));
  });
}

/** The bytes of a file, which is downloaded into the cache where it is not there, or not whole. @throws NetworkError, FormatError */
export async function fetchWeights(file: ImagenetFile, options: DownloadOptions = {}): Promise<Uint8Array> {
  const model = await emptyModel(file);
  return imagenetWeights({ ...options, ...file, check: (bytes) => model.loadWeightsFromBytes(bytes) });
}

/** Reads every file of the cache and holds it against its model. Broken ones are set aside: the next use downloads them again. */
export async function verifyWeights(onFile?: (file: VerifiedWeights) => void): Promise<readonly VerifiedWeights[]> {
  const verified: VerifiedWeights[] = [];
  for (const file of await listWeights()) {
    // oxlint-disable-next-line no-await-in-loop -- one at a time in memory
    const one = { ...file, problem: await problemOf(file) };
    verified.push(one);
    onFile?.(one);
  }
  return verified;
}

/** Takes a file out of the cache, with what was set aside of it; false where neither was there. */
export async function removeWeights(file: ImagenetFile): Promise<boolean> {
  const name = imagenetFileName(file);
  const removed = await Promise.all([name, `${name}.broken`].map((one) => removeCached(FOLDER, one)));
  return removed.includes(true);
}

async function problemOf(file: CachedWeights): Promise<string | undefined> {
  if (file.name.endsWith(".broken")) return "it was broken, and set aside";
  const model = await emptyModel(file);
  let problem: string | undefined = "it cannot be read";
  await findImagenetWeights({
    ...file,
    check(bytes) {
      try {
        model.loadWeightsFromBytes(bytes);
        problem = undefined;
      } catch (error) {
        problem = messageOf(error);
        throw error instanceof MobileNetV2Error
          ? error
          : new MobileNetV2Error("FormatError", problem, { cause: error });
      }
    },
  });
  return problem;
}

function emptyModel({ alpha, rows, includeTop }: ImagenetFile): Promise<Model> {
  return MobileNetV2({ alpha, inputShape: [rows, rows, 3], includeTop, weights: null, threads: 1 });
}
