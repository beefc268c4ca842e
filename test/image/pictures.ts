/** The small pictures of the fixtures, and what Pillow says of each (fixtures/images/make.py). */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inflateSync } from "node:zlib";
import type { ColorMode } from "../../src/image/image.ts";

const folder = new URL("../fixtures/images/", import.meta.url);

export interface PillowAnswer {
  readonly mode: string;
  readonly orientation: number | null;
  /** Width, height. */
  readonly size: readonly [number, number];
  /** The samples of `convert("RGB")`, where they are few. */
  readonly rgb?: string;
  readonly crc: Readonly<Record<ColorMode, number>>;
  /** CRC-32 of the samples of `exif_transpose(...).convert("RGB")`. */
  readonly upright: number;
  /** The samples of `exif_transpose(...).convert("RGB")` of an AVIF. */
  readonly uprightRgb?: string;
}

export interface PillowError {
  readonly error: string;
}

function fixtureText(name: string): string {
  return readFileSync(new URL(name, folder), "utf8");
}

interface PillowFixture {
  readonly files: Readonly<Record<string, PillowAnswer | PillowError>>;
}
const pillowFixture: PillowFixture = JSON.parse(fixtureText("pillow.json"));
export const pillow = pillowFixture.files;

interface PhotographsFixture {
  readonly "rgb, nearest, bilinear": Readonly<Record<string, readonly [number, number, number]>>;
}
const photographsFixture: PhotographsFixture = JSON.parse(fixtureText("photographs.json"));
/** CRC-32 of the samples of ../shared/images: whole, and resized to 224 × 224 with nearest and bilinear. */
export const photographs = photographsFixture["rgb, nearest, bilinear"];

export function picturePath(name: string): string {
  return fileURLToPath(new URL(`files/${name}`, folder));
}

export function pictureBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(picturePath(name)));
}

/** The samples of a picture as the answers have them: compressed, in base64. */
export function samplesOf(packed: string | undefined): Uint8Array | undefined {
  return packed === undefined ? undefined : new Uint8Array(inflateSync(Buffer.from(packed, "base64")));
}

/** Bytes one after the other; numbers and Latin-1 texts too. */
export function concat(...parts: readonly (Uint8Array | string | number)[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(
      parts.map((part) =>
        typeof part === "number" ? Buffer.of(part) : typeof part === "string" ? Buffer.from(part, "latin1") : part,
      ),
    ),
  );
}
