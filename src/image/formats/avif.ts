/** AVIF (ISO/IEC 23008-12 boxes): the largest size that its `ispe` properties give. The decoder applies the orientation of such pictures itself. */
import { broken, type Inspected, textAt, truncated, viewOf } from "./format.ts";

export function isAvif(bytes: Uint8Array): boolean {
  if (textAt(bytes, 4, 4) !== "ftyp") return false;
  const brands = textAt(bytes, 8, Math.min(64, viewOf(bytes).getUint32(0) - 8));
  return brands.includes("avif") || brands.includes("avis");
}

/** The boxes on the way to `ispe`, and the number of bytes before their children. */
const CONTAINERS: ReadonlyMap<string, number> = new Map([
  ["meta", 4],
  ["iprp", 0],
  ["ipco", 0],
]);

export function inspectAvif(bytes: Uint8Array): Inspected {
  const view = viewOf(bytes);
  let [width, height] = [0, 0];
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
      at += length;
    }
  };
  visit(0, bytes.length, 0);
  return { format: "avif", width, height, orientation: 1, parts: [bytes] };
}
