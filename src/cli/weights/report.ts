/** What `weights` says of the files in the cache. */
import { checkpoints } from "../../applications/checkpoints.ts";
import type { CachedWeights, VerifiedWeights } from "../../applications/weights-cache.ts";
import type { ImagenetFile } from "../../applications/weights.ts";
import { type Cell, alignedTable, megabytes, printable } from "../terminal/format.ts";
import type { Style } from "../terminal/style.ts";

export const EMPTY = "The cache has none of the published files.";

/** A row for each file in the cache. */
export function cacheTable(files: readonly CachedWeights[], { bold }: Style): string {
  if (files.length === 0) return EMPTY;
  const [header = "", ...lines] = alignedTable([["alpha", "size", "top", "bytes", "", "file"], ...files.map(cells)]);
  return [bold(header), ...lines].join("\n");
}

function cells(file: CachedWeights): readonly Cell[] {
  return [
    { number: file.alpha.toFixed(2) },
    { number: String(file.rows) },
    file.includeTop ? "yes" : "no",
    { number: megabytes(file.bytes) },
    file.name.endsWith(".broken") ? "broken" : "",
    printable(file.place),
  ];
}

/** A line on a file that was verified. */
export function verdictText({ name, problem, sha256, isAsDownloaded }: VerifiedWeights): string {
  if (problem !== undefined) return `BROKEN  ${name}: ${problem}`;
  if (sha256 === undefined) return `whole   ${name}`;
  const when = isAsDownloaded ? "as when it was downloaded" : "recorded now, as it was not at the download";
  return `whole   ${name}, SHA-256 ${sha256.slice(0, 16)}…, ${when}`;
}

/** What a file is of: `mobilenetv2_0.35_96 without the top`. */
export function title({ alpha, rows, includeTop }: ImagenetFile): string {
  const name = checkpoints.find((one) => one.alpha === alpha && one.rows === rows)?.name ?? "";
  return `${name}${includeTop ? "" : " without the top"}`;
}
