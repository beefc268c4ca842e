/** The cache of published weights: listing, downloading, verifying and removing its files. */
import { listCached, removeCached } from "#platform";
import { messageOf, show, valueError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import { FUNCTION, LIMIT, OBJECT, SIGNAL, check } from "../core/kinds.ts";
import type { Model } from "../models/model.ts";
import { otherChecksum, sha256 } from "../platform/checksum.ts";
import type { DownloadOptions } from "../platform/contract.ts";
import { formatError } from "../saving/file-errors.ts";
import { checkpoints } from "./checkpoints.ts";
import { MobileNetV2 } from "./mobilenet-v2.ts";
import {
  type ImagenetFile,
  findImagenetWeights,
  imagenetChecksum,
  imagenetFileName,
  imagenetWeights,
} from "./weights.ts";

/** A weights file in the cache. */
export interface CachedWeights extends ImagenetFile {
  /** The name of the file; the name of a broken one that was set aside ends in `.broken`. */
  readonly name: string;
  /** The path of the file; in browsers, the URL that it came from. */
  readonly place: string;
  /** The size of the file. */
  readonly bytes: number;
}

/** The result of verifying a weights file. */
export interface VerifiedWeights extends CachedWeights {
  /** The reason why the file cannot be used, or undefined if it is intact. */
  readonly problem: string | undefined;
  /** The SHA-256 of the file, in hexadecimal; undefined for a file that was set aside, and in pages that are not secure. */
  readonly sha256: string | undefined;
  /** Whether the checksum is that of the first download. False if none was recorded then: it is recorded now. */
  readonly isAsDownloaded: boolean;
}

const FOLDER = "models";

/** All published weights files: for each of the 22 models, one with the classifier and one without. */
export function imagenetFiles(): readonly ImagenetFile[] {
  return checkpoints.flatMap(({ alpha, rows }) => [true, false].map((includeTop) => ({ alpha, rows, includeTop })));
}

/** Lists the published weights files that are in the cache, including broken ones that were set aside. The files are not read. */
export async function listWeights(): Promise<readonly CachedWeights[]> {
  const present = await listCached(FOLDER);
  return imagenetFiles().flatMap((file) => {
    const name = imagenetFileName(file);
    return present
      .filter((entry) => entry.name === name || entry.name === `${name}.broken`)
      .map((entry) => ({ ...file, ...entry }));
  });
}

/**
 * Reads a published weights file from the cache; if it is missing or broken there, it is downloaded into the cache.
 *
 * @returns the bytes of the file
 * @throws NetworkError if it cannot be downloaded; FormatError if the downloaded file is broken
 */
export async function fetchWeights(file: ImagenetFile, options: DownloadOptions = {}): Promise<Uint8Array> {
  checkFile("fetchWeights()", file);
  checkOptions("fetchWeights()", options, {
    maxBytes: LIMIT,
    signal: SIGNAL,
    onProgress: FUNCTION,
    check: FUNCTION,
    stallTimeout: LIMIT,
    slowTimeout: LIMIT,
    retryDelay: LIMIT,
  });
  const model = await emptyModel(file);
  return imagenetWeights({ ...options, ...file, check: (bytes) => model.loadWeightsFromBytes(bytes) });
}

/**
 * Verifies all published weights files in the cache by loading each into its model, and by the SHA-256 that was recorded when it was first
 * downloaded (Keras lists no checksums for these files). Broken ones are set aside, and downloaded again when they are next used. `onFile` is called with each result as soon as it is known.
 */
export async function verifyWeights(onFile?: (file: VerifiedWeights) => void): Promise<readonly VerifiedWeights[]> {
  if (onFile !== undefined) check("verifyWeights()", "onFile", onFile, FUNCTION);
  const verified: VerifiedWeights[] = [];
  for (const file of await listWeights()) {
    // oxlint-disable-next-line no-await-in-loop -- one at a time in memory
    const one = { ...file, ...(await verdictOn(file)) };
    verified.push(one);
    onFile?.(one);
  }
  return verified;
}

/** Removes a weights file from the cache, and its broken copy if one was set aside. @returns whether there was either */
export async function removeWeights(file: ImagenetFile): Promise<boolean> {
  checkFile("removeWeights()", file);
  const name = imagenetFileName(file);
  const removed = await Promise.all([name, `${name}.broken`].map((one) => removeCached(FOLDER, one)));
  return removed.includes(true);
}

/** Checks that a file is one of those that were published. */
function checkFile(of: string, file: ImagenetFile): void {
  check(of, "file", file, OBJECT);
  const known = imagenetFiles().some(
    ({ alpha, rows, includeTop }) => alpha === file.alpha && rows === file.rows && includeTop === file.includeTop,
  );
  if (!known) throw valueError(`${of} takes one of imagenetFiles(). Received: ${show(file)}`);
}

type Verdict = Pick<VerifiedWeights, "problem" | "sha256" | "isAsDownloaded">;

async function verdictOn(file: CachedWeights): Promise<Verdict> {
  const broken = (problem: string): Verdict => ({ problem, sha256: undefined, isAsDownloaded: false });
  if (file.name.endsWith(".broken")) return broken("it was broken, and set aside");
  const model = await emptyModel(file);
  let problem = "it cannot be read";
  const bytes = await findImagenetWeights({
    ...file,
    check(content) {
      try {
        model.loadWeightsFromBytes(content);
      } catch (error) {
        problem = messageOf(error);
        throw error;
      }
    },
  });
  return bytes === undefined ? broken(problem) : checksumVerdict(file, bytes);
}

/** Of a file that is whole, but perhaps no longer the same. */
async function checksumVerdict(file: CachedWeights, bytes: Uint8Array): Promise<Verdict> {
  const checksum = imagenetChecksum(file);
  const [recorded, found] = [await checksum.recorded(), await sha256(new Uint8Array(bytes))];
  if (found === undefined) return { problem: undefined, sha256: undefined, isAsDownloaded: false };
  if (recorded === undefined) {
    await checksum.record(found);
    return { problem: undefined, sha256: found, isAsDownloaded: false };
  }
  if (recorded === found) return { problem: undefined, sha256: found, isAsDownloaded: true };
  const problem = otherChecksum(found, recorded);
  await findImagenetWeights({
    ...file,
    check() {
      throw formatError(problem);
    },
  });
  return { problem, sha256: found, isAsDownloaded: false };
}

function emptyModel({ alpha, rows, includeTop }: ImagenetFile): Promise<Model> {
  return MobileNetV2({ alpha, inputShape: [rows, rows, 3], includeTop, weights: null, threads: 1 });
}
