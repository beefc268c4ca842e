/** The confusion matrix as a file: rows are what pictures show, columns what they are taken for. */
import { valueError } from "../../core/errors.ts";
import type { Image } from "../../image/image.ts";
import { encodeImg } from "../../image/save-img.ts";
import type { Tally } from "../../tasks/tally.ts";

/** @throws ValueError for another ending than .csv and .png. */
export function checkConfusionPath(path: string): "csv" | "png" {
  const ending = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase();
  if (ending === "csv" || ending === "png") return ending;
  throw valueError(`The confusion matrix is written as .csv or .png. Received: ${path}`);
}

export async function confusionFile(tally: Tally, path: string): Promise<Uint8Array> {
  if (checkConfusionPath(path) === "csv") return new TextEncoder().encode(confusionCsv(tally));
  return encodeImg(confusionImage(tally), { fileFormat: "png" });
}

function confusionCsv(tally: Tally): string {
  const classes = tally.classes();
  const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = classes.map(({ index, name }) => [
    cell(name),
    ...classes.map((other) => tally.count(index, other.index)),
  ]);
  return [["", ...classes.map(({ name }) => cell(name))], ...rows].map((row) => `${row.join(",")}\n`).join("");
}

/** The least side of the picture in pixels, unless cells would be larger than the largest. */
const LEAST_SIDE = 480;
const LARGEST_CELL = 48;

/** A square for each cell, the darker the greater a part of its class it is. */
function confusionImage(tally: Tally): Image {
  const classes = tally.classes();
  const scale = Math.min(LARGEST_CELL, Math.ceil(LEAST_SIDE / classes.length));
  const side = classes.length * scale;
  const data = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    const row = classes[Math.floor(y / scale)];
    for (let x = 0; x < side; x++) {
      const column = classes[Math.floor(x / scale)];
      const part = row && column && row.pictures > 0 ? tally.count(row.index, column.index) / row.pictures : 0;
      const right = row === column;
      // From white to dark blue for what is right, to dark red for what is wrong.
      const [red, green, blue] = right ? [8, 48, 107] : [103, 0, 13];
      const at = (y * side + x) * 3;
      const strength = Math.sqrt(part);
      data[at] = Math.round(255 + (red - 255) * strength);
      data[at + 1] = Math.round(255 + (green - 255) * strength);
      data[at + 2] = Math.round(255 + (blue - 255) * strength);
    }
  }
  return { width: side, height: side, channels: 3, data };
}
