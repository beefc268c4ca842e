/** What `features` says of the vectors that it wrote, for people and as JSON. */
import type { Extractor } from "../../tasks/extractor.ts";
import { pixelsNote } from "../pictures/model-facts.ts";
import { duration, megabytes, printable } from "../terminal/format.ts";
import type { Style } from "../terminal/style.ts";
import type { WrittenFeatures } from "../vectors/making.ts";

export interface MadeFeatures {
  readonly extractor: Pick<Extractor, "facts" | "length">;
  /** How long loading took, in milliseconds. */
  readonly load: number;
  readonly written: WrittenFeatures;
}

export function featuresJson({ extractor, load, written }: MadeFeatures): string {
  const { vectors, files, unreadable, milliseconds } = written;
  const report = {
    ...extractor.facts,
    length: extractor.length,
    vectors,
    files,
    unreadable,
    picturesPerSecond: perSecond(written),
    milliseconds: { load: Math.round(load), total: Math.round(milliseconds) },
  };
  return JSON.stringify(report, null, 2);
}

export function featuresText({ extractor, load, written }: MadeFeatures, { bold, dim }: Style): string {
  const { vectors, files } = written;
  const { model, layer, pooling, weights, pixels } = extractor.facts;
  const note = pixelsNote(pixels);
  const how = { avg: ", its mean", max: ", its maxima", none: "" }[pooling];
  const shown = files.map(({ path, bytes }) => `${printable(path)} (${megabytes(bytes)})`).join(", ");
  return (
    `${bold(shown)}: ${vectors} vectors of ${extractor.length} numbers\n` +
    dim(
      `${layer} of ${printable(model)}${how}, weights ${printable(weights)}; ${perSecond(written)} pictures a second, loaded in ${duration(load)}${note === undefined ? "" : `; ${note}`}`,
    )
  );
}

function perSecond({ vectors, milliseconds }: WrittenFeatures): number {
  return Math.round((vectors / milliseconds) * 10_000) / 10;
}
