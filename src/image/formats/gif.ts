/** GIF (GIF89a specification): the screen and the blocks of the first frame; later frames are dropped. */
import { broken, type Inspected, type InspectOptions, textAt, truncated, viewOf } from "./format.ts";

const [EXTENSION, GRAPHIC_CONTROL, IMAGE, TRAILER] = [0x21, 0xf9, 0x2c, 0x3b];

export function isGif(bytes: Uint8Array): boolean {
  const head = textAt(bytes, 0, 6);
  return head === "GIF87a" || head === "GIF89a";
}

function colorTableLength(flags: number): number {
  return flags & 0x80 ? 3 << ((flags & 7) + 1) : 0;
}

/** The position after a chain of sub-blocks. */
function endOfSubBlocks(bytes: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    const length = bytes[at];
    if (length === undefined) throw truncated("GIF");
    at += length + 1;
    if (length === 0) return at;
  }
}

export function inspectGif(bytes: Uint8Array, { keepAlpha }: InspectOptions): Inspected {
  if (bytes.length < 13) throw truncated("GIF");
  const view = viewOf(bytes);
  let at = 13 + colorTableLength(view.getUint8(10));
  const parts = [bytes.subarray(0, at)];
  for (;;) {
    const start = at;
    const introducer = bytes[at++];
    if (introducer === undefined) throw truncated("GIF");
    if (introducer === EXTENSION) {
      const isControl = bytes[at] === GRAPHIC_CONTROL && bytes[at + 1] === 4;
      at = endOfSubBlocks(bytes, at + 1);
      // Only the transparent colour matters to a single frame; delays, comments and texts do not.
      if (isControl && keepAlpha) parts.push(bytes.subarray(start, at));
    } else if (introducer === IMAGE) {
      if (at + 10 > bytes.length) throw truncated("GIF");
      const [left, top, width, height] = [0, 2, 4, 6].map((offset) => view.getUint16(at + offset, true));
      at = endOfSubBlocks(bytes, at + 9 + colorTableLength(view.getUint8(at + 8)) + 1);
      parts.push(bytes.subarray(start, at), Uint8Array.of(TRAILER));
      return {
        format: "gif",
        // As in Pillow, a first frame that is larger than the screen enlarges it.
        width: Math.max(view.getUint16(6, true), (left ?? 0) + (width ?? 0)),
        height: Math.max(view.getUint16(8, true), (top ?? 0) + (height ?? 0)),
        orientation: 1,
        parts,
      };
    } else {
      throw broken("GIF", "it has no picture in it");
    }
  }
}
