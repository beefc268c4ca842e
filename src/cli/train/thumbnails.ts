/** The worst mistakes as small pictures that a page can hold. */
import { loadImg } from "../../image/load-img.ts";
import { resizeImg } from "../../image/resize.ts";
import { encodeImg } from "../../image/save-img.ts";
import type { Mistake } from "../../tasks/tally.ts";
import { nameWithin } from "../pictures/folder.ts";

export interface ShownMistake extends Mistake {
  /** The path within the folder of pictures. */
  readonly name: string;
  /** The picture as a data address; undefined if it is no longer there. */
  readonly uri: string | undefined;
}

const SHOWN = 24;
/** The longer side, in pixels. */
const SIDE = 160;
const QUALITY = 70;

/** Those that the model was surest of. */
export async function thumbnails(mistakes: readonly Mistake[], folder: string): Promise<readonly ShownMistake[]> {
  const worst = mistakes.toSorted((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1)).slice(0, SHOWN);
  return Promise.all(
    worst.map(async (mistake) => ({
      ...mistake,
      name: nameWithin(folder, mistake.path),
      uri: await thumbnail(mistake.path).catch(() => undefined),
    })),
  );
}

async function thumbnail(path: string): Promise<string> {
  const img = await loadImg(path, { autoOrient: true });
  const scale = Math.min(1, SIDE / Math.max(img.width, img.height));
  const size = [Math.max(1, Math.round(img.height * scale)), Math.max(1, Math.round(img.width * scale))] as const;
  const bytes = await encodeImg(resizeImg(img, size, { interpolation: "bilinear" }), {
    fileFormat: "jpeg",
    quality: QUALITY,
  });
  return `data:image/jpeg;base64,${Buffer.from(bytes).toString("base64")}`;
}
