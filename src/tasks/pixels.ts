/** How pixels are scaled for a model, and who says so: the user, the file, the publisher, or nobody. */
import { show, valueError } from "../core/errors.ts";
import type { Preprocessing } from "../saving/checkpoint.ts";

/** The scalings that have a name, all of pixels from 0 to 255: to the range that the name says, or by ImageNet's mean and deviation as in torchvision. */
export type PixelsName = "-1..1" | "0..1" | "0..255" | "torch";

/** A scaling of pixels: one that has a name, or x × scale + offset with one number for all channels or one for each. */
export type Pixels = PixelsName | Preprocessing;

/** ImageNet's mean and deviation of red, green and blue, of pixels from 0 to 1 (torchvision's `Normalize`). */
const [MEAN, DEVIATION] = [
  [0.485, 0.456, 0.406],
  [0.229, 0.224, 0.225],
];

const SCALINGS: Readonly<Record<PixelsName, Preprocessing>> = {
  "-1..1": { scale: 1 / 127.5, offset: -1 },
  "0..1": { scale: 1 / 255, offset: 0 },
  "0..255": { scale: 1, offset: 0 },
  torch: {
    scale: DEVIATION.map((deviation) => 1 / (255 * deviation)),
    offset: DEVIATION.map((deviation, channel) => -(MEAN[channel] ?? 0) / deviation),
  },
};

/** The names of scalings. */
export const PIXELS_NAMES: readonly PixelsName[] = ["-1..1", "0..1", "0..255", "torch"];

/** What Keras's MobileNetV2 takes: x / 127.5 − 1. */
export const KERAS_PIXELS: Preprocessing = SCALINGS["-1..1"];

/** The scaling of a model's pixels, and where it is known from. */
export interface PixelFacts extends Preprocessing {
  /** Who says so: an `option`, the `file`, or whoever `published` the weights. `assumed` if nobody does: then it is Keras's, x / 127.5 − 1. */
  readonly source: "option" | "file" | "published" | "assumed";
}

/** True if both scale pixels in the same way, to a millionth. */
export function isSameScaling(a: Preprocessing, b: Preprocessing): boolean {
  const parts = [
    [a.scale, b.scale],
    [a.offset, b.offset],
  ] as const;
  return parts.every(([one, other]) => {
    const [list, others] = [one, other].map((value) => (typeof value === "number" ? [value] : value));
    const length = Math.max(list?.length ?? 0, others?.length ?? 0);
    return Array.from({ length }, (_, i) => [list?.[i] ?? list?.[0] ?? 0, others?.[i] ?? others?.[0] ?? 0]).every(
      ([x = 0, y = 0]) => Math.abs(x - y) <= 1e-6 * Math.max(1, Math.abs(x)),
    );
  });
}

/** The name of a scaling; undefined if it has none. */
export function pixelsName(scaling: Preprocessing): PixelsName | undefined {
  return PIXELS_NAMES.find((name) => isSameScaling(SCALINGS[name], scaling));
}

/** The numbers of a scaling. @throws ValueError for an unknown name, or for numbers that no pixels can be scaled by. */
export function scalingOf(pixels: Pixels): Preprocessing {
  const expected = `Expected ${PIXELS_NAMES.map((name) => JSON.stringify(name)).join(", ")}, or { scale, offset }`;
  const refused = (why: string): Error => valueError(`${why} ${expected}. Received: pixels=${show(pixels)}`);
  if (typeof pixels === "string") {
    if (!Object.hasOwn(SCALINGS, pixels)) throw refused("There is no scaling of that name.");
    return SCALINGS[pixels];
  }
  const isScaling = typeof pixels === "object" && pixels !== null;
  const lists = isScaling ? [pixels.scale, pixels.offset].map(listOf) : [];
  if (lists.length === 0 || lists.some((list) => list.length === 0 || !list.every(Number.isFinite))) {
    throw refused("A scaling has a scale and an offset, of finite numbers.");
  }
  if (lists[0]?.includes(0)) throw refused("A scale of 0 makes all pictures the same.");
  return pixels;
}

function listOf(value: number | readonly number[]): readonly number[] {
  return Array.isArray(value) ? value : typeof value === "number" ? [value] : [];
}

/** The scaling to use: the user's, else the file's, else Keras's. */
export function pixelFacts(option: Pixels | undefined, file: Preprocessing | undefined): PixelFacts {
  if (option !== undefined) return { ...numbersOf(scalingOf(option)), source: "option" };
  if (file !== undefined) return { ...numbersOf(file), source: "file" };
  return { ...KERAS_PIXELS, source: "assumed" };
}

function numbersOf({ scale, offset }: Preprocessing): Preprocessing {
  return { scale, offset };
}
