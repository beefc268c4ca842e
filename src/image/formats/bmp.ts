/** BMP (Windows bitmap headers of 12 to 124 bytes), uncompressed. It is decoded here, because sharp does not read it. */
import type { Image } from "../image.ts";
import { broken, type Inspected, textAt, truncated, unsupported, viewOf } from "./format.ts";

const CORE_HEADER = 12;
const [BI_RGB, BI_BITFIELDS, BI_ALPHABITFIELDS] = [0, 3, 6];

interface Header {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bits: number;
  readonly pixelOffset: number;
  readonly palette: Uint8Array;
  readonly paletteStep: 3 | 4;
  /** The bit masks of red, green, blue and alpha, for pixels of 16 and 32 bits. */
  readonly masks: readonly [number, number, number, number];
}

/** Sizes of the headers of Windows and OS/2. */
const HEADER_SIZES = new Set([CORE_HEADER, 40, 52, 56, 64, 108, 124]);

/** Some programs write into the reserved bytes 6 to 9, so they tell nothing. */
export function isBmp(bytes: Uint8Array): boolean {
  if (textAt(bytes, 0, 2) !== "BM") return false;
  return bytes.length < 18 ? bytes[6] === 0 : HEADER_SIZES.has(viewOf(bytes).getUint32(14, true));
}

function readHeader(bytes: Uint8Array): Header {
  if (bytes.length < 26) throw truncated("BMP");
  const view = viewOf(bytes);
  const pixelOffset = view.getUint32(10, true);
  const headerSize = view.getUint32(14, true);
  if (headerSize === CORE_HEADER) {
    return {
      width: view.getUint16(18, true),
      height: view.getUint16(20, true),
      topDown: false,
      bits: view.getUint16(24, true),
      pixelOffset,
      palette: bytes.subarray(26, pixelOffset),
      paletteStep: 3,
      masks: [0, 0, 0, 0],
    };
  }
  if (bytes.length < 14 + headerSize) throw truncated("BMP");
  const [width, height] = [view.getInt32(18, true), view.getInt32(22, true)];
  const bits = view.getUint16(28, true);
  const compression = view.getUint32(30, true);
  const masked = compression === BI_BITFIELDS || compression === BI_ALPHABITFIELDS;
  if (compression !== BI_RGB && !masked) throw unsupported("Compressed BMP is not read");
  const hasMasks = masked && (bits === 16 || bits === 32);
  const maskAt = (index: number) => {
    const at = 54 + 4 * index;
    const inHeader = at + 4 <= 14 + headerSize;
    const behind = headerSize === 40 && (index < 3 || compression === BI_ALPHABITFIELDS);
    return (inHeader || behind) && at + 4 <= bytes.length ? view.getUint32(at, true) : 0;
  };
  const plain: Header["masks"] = bits === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];
  return {
    width,
    height: Math.abs(height),
    topDown: height < 0,
    bits,
    pixelOffset,
    palette: bytes.subarray(14 + headerSize, pixelOffset),
    paletteStep: 4,
    masks: hasMasks ? [maskAt(0), maskAt(1), maskAt(2), maskAt(3)] : plain,
  };
}

export function inspectBmp(bytes: Uint8Array): Inspected {
  const { width, height } = readHeader(bytes);
  return { format: "bmp", width, height, orientation: 1, parts: [bytes] };
}

/** Makes a function that extracts one channel of a masked pixel, as 8 bits. */
function channelReader(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const top = mask >>> shift;
  return (pixel) => Math.floor((((pixel & mask) >>> shift) * 255) / top);
}

/** Decodes a BMP whose number of pixels has been checked. */
export function decodeBmp(bytes: Uint8Array): Image {
  const header = readHeader(bytes);
  const { width, height, bits, palette, paletteStep, masks } = header;
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw broken("BMP", `it has ${bits} bits a pixel`);
  const rowLength = Math.ceil((width * bits) / 32) * 4;
  if (header.pixelOffset + rowLength * height > bytes.length) throw truncated("BMP");
  const channels = bits === 32 && masks[3] !== 0 ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  const view = viewOf(bytes);
  const readers = masks.map(channelReader);
  for (let y = 0; y < height; y++) {
    const row = header.pixelOffset + (header.topDown ? y : height - 1 - y) * rowLength;
    let at = y * width * channels;
    for (let x = 0; x < width; x++, at += channels) {
      if (bits <= 8) {
        const shift = 8 - bits - ((x * bits) & 7);
        const index = (view.getUint8(row + ((x * bits) >> 3)) >> shift) & ((1 << bits) - 1);
        const entry = index * paletteStep;
        if (entry + 3 > palette.length) throw broken("BMP", "a pixel has a colour that the palette lacks");
        for (let c = 0; c < 3; c++) data[at + c] = palette[entry + 2 - c] ?? 0;
      } else if (bits === 24) {
        for (let c = 0; c < 3; c++) data[at + c] = bytes[row + x * 3 + 2 - c] ?? 0;
      } else {
        const pixel = bits === 16 ? view.getUint16(row + x * 2, true) : view.getUint32(row + x * 4, true);
        for (let c = 0; c < channels; c++) data[at + c] = readers[c]?.(pixel) ?? 0;
      }
    }
  }
  return { width, height, channels, data };
}
