/** The command `weights`: what the cache has, more of it, and less. */
import {
  type ImagenetFile,
  MobileNetV2Error,
  fetchWeights,
  imagenetFiles,
  listWeights,
  removeWeights,
  verifyWeights,
} from "../index.ts";
import { downloadBar } from "./download-bar.ts";
import { alignedTable, printable } from "./format.ts";
import { interruptible } from "./interruption.ts";
import { styleFor } from "./style.ts";

/** Which files: `--no-top` and `--alpha` and `--size` name one, `--all` every one. */
export interface WhichWeights {
  readonly alpha?: number;
  readonly size?: number;
  readonly top: boolean;
  readonly all?: boolean;
}

export interface JsonOption {
  readonly json?: boolean;
}

export async function list({ json = false }: JsonOption): Promise<void> {
  const files = await listWeights();
  print(json ? JSON.stringify(files, null, 2) : table(files.map((file) => [...cells(file), printable(file.place)])));
}

export async function fetchInto(options: WhichWeights): Promise<void> {
  const files = filesOf(options);
  for (const [i, file] of files.entries()) {
    const bar = downloadBar();
    try {
      // oxlint-disable-next-line no-await-in-loop -- one at a time over one line
      await interruptible(({ signal }) =>
        fetchWeights(file, { signal, onProgress: (progress) => bar.update(progress) }),
      );
    } finally {
      bar.stop();
    }
    print(`${i + 1} of ${files.length}: ${title(file)} is in the cache`);
  }
}

/** Resolves to the exit code: 1 where a file is broken. */
export async function verify({ json = false }: JsonOption): Promise<number> {
  const files = await verifyWeights((file) => {
    if (!json)
      print(
        `${file.problem === undefined ? "whole " : "BROKEN"}  ${file.name}${file.problem === undefined ? "" : `: ${file.problem}`}`,
      );
  });
  if (json) print(JSON.stringify(files, null, 2));
  else if (files.length === 0) print("The cache has none of the published files.");
  return files.some(({ problem }) => problem !== undefined) ? 1 : 0;
}

export async function remove(options: WhichWeights): Promise<void> {
  const removed: ImagenetFile[] = [];
  for (const file of filesOf(options)) {
    // oxlint-disable-next-line no-await-in-loop -- few and quick
    if (await removeWeights(file)) removed.push(file);
  }
  print(
    removed.length === 0 ? "There was nothing to remove." : removed.map((file) => `removed ${title(file)}`).join("\n"),
  );
}

function filesOf({ alpha, size, top, all = false }: WhichWeights): readonly ImagenetFile[] {
  if (all) return imagenetFiles();
  const [wantedAlpha, wantedSize] = [alpha ?? 1, size ?? 224];
  const files = imagenetFiles().filter(
    (file) => file.alpha === wantedAlpha && file.rows === wantedSize && file.includeTop === top,
  );
  if (files.length > 0) return files;
  throw new MobileNetV2Error(
    "ValueError",
    `No weights were published for alpha ${wantedAlpha} and size ${wantedSize}: see \`models\`.`,
  );
}

function title({ alpha, rows, includeTop }: ImagenetFile): string {
  return `alpha ${alpha}, size ${rows}${includeTop ? "" : ", without the top"}`;
}

type Cells = readonly (string | { readonly number: string })[];

function cells(file: ImagenetFile & { readonly bytes: number; readonly name: string }): Cells {
  const state = file.name.endsWith(".broken") ? "broken" : "";
  return [
    { number: file.alpha.toFixed(2) },
    { number: String(file.rows) },
    file.includeTop ? "yes" : "no",
    { number: `${(file.bytes / 1e6).toFixed(1)} MB` },
    state,
  ];
}

function table(rows: readonly Cells[]): string {
  if (rows.length === 0) return "The cache has none of the published files.";
  const [header = "", ...lines] = alignedTable([["alpha", "size", "top", "bytes", "", "file"], ...rows]);
  return [styleFor(process.stdout).bold(header), ...lines].join("\n");
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
