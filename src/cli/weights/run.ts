/** The command `weights`: what the cache has, more of it, and less. */
import {
  fetchWeights,
  imagenetFiles,
  listWeights,
  removeWeights,
  verifyWeights,
} from "../../applications/weights-cache.ts";
import type { ImagenetFile } from "../../applications/weights.ts";
import { MobileNetV2Error, valueError } from "../../core/errors.ts";
import { publishedModel } from "../../tasks/published.ts";
import { downloadBar } from "../terminal/download-bar.ts";
import { megabytes, printable } from "../terminal/format.ts";
import { interruptible } from "../terminal/interruption.ts";
import { styleFor } from "../terminal/style.ts";
import { EMPTY, cacheTable, title, verdictText } from "./report.ts";

/** Which files: by the models' names, or by `--alpha` and `--size`; `--all` is every one. */
export interface WhichWeights {
  readonly alpha?: number;
  readonly size?: number;
  /** False: the files without the classifier. */
  readonly top: boolean;
  readonly all?: boolean;
}

export interface JsonOption {
  readonly json?: boolean;
}

export async function list({ json = false }: JsonOption): Promise<void> {
  const files = await listWeights();
  if (json) print(JSON.stringify(files, null, 2));
  else print(cacheTable(files, styleFor(process.stdout)));
  if (json || files.length === 0) return;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  print(
    `${files.length} of ${imagenetFiles().length} files, ${megabytes(bytes)}. Whether they are whole: weights verify`,
  );
}

/** Goes on after a file that cannot be had. Resolves to the exit code: 1 if there was one. */
export async function fetchInto(names: readonly string[], options: WhichWeights): Promise<number> {
  const files = filesOf(names, options) ?? [{ ...DEFAULT, includeTop: options.top }];
  const missing: ImagenetFile[] = [];
  for (const [i, file] of files.entries()) {
    const count = files.length > 1 ? `${i + 1} of ${files.length}: ` : "";
    try {
      // oxlint-disable-next-line no-await-in-loop -- one at a time over one line
      const bytes = await fetched(file);
      print(`${count}${title(file)} is in the cache, ${megabytes(bytes)}`);
    } catch (error) {
      // If no server answered, none will a moment later.
      if (!(error instanceof MobileNetV2Error) || files.length === 1 || isUnreachable(error)) throw error;
      // The cause names address and reason; the error itself also says where to put the file.
      const { message } = error.cause instanceof Error ? error.cause : error;
      console.error(`error: ${count}${title(file)}: ${printable(message)}`);
      missing.push(file);
    }
  }
  if (files.length > 1) {
    const have = files.length - missing.length;
    print(
      `${have} of ${files.length} are in the cache${missing.length > 0 ? `; ${missing.length} could not be had` : ""}.`,
    );
  }
  return missing.length > 0 ? 1 : 0;
}

async function fetched(file: ImagenetFile): Promise<number> {
  const bar = downloadBar();
  try {
    const bytes = await interruptible(({ signal }) =>
      fetchWeights(file, { signal, onProgress: (progress) => bar.update(progress) }),
    );
    return bytes.length;
  } finally {
    bar.stop();
  }
}

function isUnreachable({ code, message }: MobileNetV2Error): boolean {
  return code === "NetworkError" && !/ answered \d{3}/.test(message);
}

/** Resolves to the exit code: 1 if a file is broken. */
export async function verify({ json = false }: JsonOption): Promise<number> {
  const files = await verifyWeights((file) => {
    if (!json) print(verdictText(file));
  });
  if (json) print(JSON.stringify(files, null, 2));
  else if (files.length === 0) print(EMPTY);
  return files.some(({ problem }) => problem !== undefined) ? 1 : 0;
}

/** @throws ValueError if nothing is named: what was removed has to be downloaded again. */
export async function remove(names: readonly string[], options: WhichWeights): Promise<void> {
  const files = filesOf(names, options);
  if (files === undefined) {
    throw valueError("Name what to remove: a model such as mobilenetv2_0.35_96, or --alpha and --size, or --all.");
  }
  const removed: ImagenetFile[] = [];
  for (const file of files) {
    // oxlint-disable-next-line no-await-in-loop -- few and quick
    if (await removeWeights(file)) removed.push(file);
  }
  print(
    removed.length === 0 ? "There was nothing to remove." : removed.map((file) => `removed ${title(file)}`).join("\n"),
  );
}

/** The files that were named; undefined if none was. @throws ValueError for what was not published. */
function filesOf(
  names: readonly string[],
  { alpha, size, top, all = false }: WhichWeights,
): readonly ImagenetFile[] | undefined {
  const bySize = (alpha ?? size) !== undefined;
  if (Number(all) + Number(bySize) + Number(names.length > 0) > 1) {
    throw valueError("Give names, or --alpha and --size, or --all: one of them.");
  }
  if (all) return imagenetFiles().filter((file) => top || !file.includeTop);
  if (!bySize) return names.length === 0 ? undefined : names.map((name) => ({ ...published(name), includeTop: top }));
  const [wantedAlpha, wantedSize] = [alpha ?? DEFAULT.alpha, size ?? DEFAULT.rows];
  const file = imagenetFiles().find(
    (one) => one.alpha === wantedAlpha && one.rows === wantedSize && one.includeTop === top,
  );
  if (file !== undefined) return [file];
  throw valueError(`No weights were published for alpha ${wantedAlpha} and size ${wantedSize}: see \`models\`.`);
}

function published(name: string): Omit<ImagenetFile, "includeTop"> {
  const found = publishedModel(name);
  if (found !== undefined) return { alpha: found.alpha, rows: found.rows };
  throw valueError(`No published model is called ${printable(name)}: see \`models\`.`);
}

/** The model of `classify` if nothing is said. */
const DEFAULT = { alpha: 1, rows: 224 } as const;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
