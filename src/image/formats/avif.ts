/** AVIF (ISO/IEC 23008-12 boxes): the largest size that its `ispe` properties give, and how it is turned. */
import type { Orientation } from "../orient.ts";
import { xmpOrientation } from "./exif.ts";
import { broken, type Inspected, textAt, truncated, viewOf } from "./format.ts";

export function isAvif(bytes: Uint8Array): boolean {
  if (textAt(bytes, 4, 4) !== "ftyp") return false;
  const brands = textAt(bytes, 8, Math.min(64, viewOf(bytes).getUint32(0) - 8));
  return brands.includes("avif") || brands.includes("avis");
}

/** The boxes on the way to the properties of pictures, and the number of bytes before their children. */
const CONTAINERS: ReadonlyMap<string, number> = new Map([
  ["meta", 4],
  ["iprp", 0],
  ["ipco", 0],
]);

/** EXIF's orientation for a rotation by 0, 90, 180 and 270 degrees against the clock, after which the picture is mirrored: not, top to bottom, left to right. */
const TURNS: readonly (readonly [Orientation, Orientation, Orientation])[] = [
  [1, 4, 2],
  [8, 5, 7],
  [3, 2, 4],
  [6, 7, 5],
];

export function inspectAvif(bytes: Uint8Array): Inspected {
  const view = viewOf(bytes);
  let [width, height] = [0, 0];
  let rotation: number | undefined;
  let mirror: number | undefined;
  /** Where the types of the boxes stand that turn the picture. */
  const turning: number[] = [];
  const visit = (from: number, to: number, depth: number): void => {
    for (let at = from; at + 8 <= to;) {
      let length = view.getUint32(at);
      const type = textAt(bytes, at + 4, 4);
      let head = 8;
      if (length === 1 && at + 16 <= to) {
        length = Number(view.getBigUint64(at + 8));
        head = 16;
      } else if (length === 0) {
        length = to - at;
      }
      if (length < head) throw broken("AVIF", "a box has an impossible length");
      if (at + length > to) throw truncated("AVIF");
      const skipped = CONTAINERS.get(type);
      if (skipped !== undefined && depth < 4) visit(at + head + skipped, at + length, depth + 1);
      if (type === "ispe" && length >= head + 12) {
        const [w, h] = [view.getUint32(at + head + 4), view.getUint32(at + head + 8)];
        if (w * h > width * height) [width, height] = [w, h];
      }
      if ((type === "irot" || type === "imir") && length > head) {
        const value = view.getUint8(at + head);
        if (type === "irot") rotation ??= value & 3;
        else mirror ??= value & 1;
        turning.push(at + 4, at + head);
      }
      at += length;
    }
  };
  visit(0, bytes.length, 0);
  const turned = TURNS[rotation ?? 0]?.[mirror === undefined ? 0 : mirror + 1] ?? 1;
  const orientation = turning.length > 0 ? turned : (xmpOrientation(bytes) ?? 1);
  return { format: "avif", width, height, orientation, parts: [unturned(bytes, turning)] };
}

/** The file with rotations by 0 degrees in place of all turning and mirroring, which decoders would do, and PIL does not. */
function unturned(bytes: Uint8Array, places: readonly number[]): Uint8Array {
  if (places.length === 0) return bytes;
  const copy = new Uint8Array(bytes);
  for (let i = 0; i < places.length; i += 2) {
    copy.set([0x69, 0x72, 0x6f, 0x74], places[i]);
    copy[places[i + 1] ?? 0] = 0;
  }
  return copy;
}
