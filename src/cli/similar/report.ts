/** What `similar` found, for people and as JSON. */
import type { ExtractorFacts } from "../../tasks/extractor.ts";
import { pixelsNote } from "../pictures/model-facts.ts";
import { bar, printable } from "../terminal/format.ts";
import type { Style } from "../terminal/style.ts";

export interface Similar {
  readonly picture: string;
  /** The cosine of the angle between both vectors: 1 for the same, 0 for nothing in common. */
  readonly similarity: number;
}

const BAR_WIDTH = 24;

/** @param picture the name of the picture that the others are like */
export function similarJson(picture: string, facts: ExtractorFacts, results: readonly Similar[]): string {
  return JSON.stringify({ picture, ...facts, results }, null, 2);
}

export function similarText(results: readonly Similar[], { pixels }: ExtractorFacts, style: Style): string {
  if (results.length === 0) return "There is no other picture.";
  const lines = results.map(
    ({ picture, similarity }) =>
      `${similarity.toFixed(3)}  ${style.bar(bar(similarity, BAR_WIDTH))}  ${printable(picture)}`,
  );
  const note = pixelsNote(pixels);
  return [...lines, ...(note === undefined ? [] : [style.dim(note)])].join("\n");
}
