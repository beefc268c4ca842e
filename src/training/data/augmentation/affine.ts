/** Affine transformations of pictures, which Keras's random layers use, as TensorFlow's ImageProjectiveTransformV3 computes them. */
import { show, valueError } from "../../../core/errors.ts";
import { NUMBER } from "../../../core/kinds.ts";
import { checkOptions } from "../../../core/options.ts";
import type { Picture } from "./augment.ts";

/**
 * How points outside of the picture are filled: `reflect` mirrors the picture (dcba|abcd|dcba), `wrap` repeats it (abcd|abcd|abcd), `nearest`
 * repeats its edge (aaaa|abcd|dddd), `constant` takes `fillValue`.
 */
export type FillMode = "reflect" | "wrap" | "nearest" | "constant";

/** How a transformed picture is sampled from the original one. */
export interface FillOptions {
  /** How points outside of the picture are filled. Default: `reflect`. */
  readonly fillMode?: FillMode | undefined;
  /** How values between pixels are interpolated. Default: `bilinear`. */
  readonly interpolation?: "bilinear" | "nearest" | undefined;
  /** The value outside of the picture with `fillMode: "constant"`. Default: 0. */
  readonly fillValue?: number | undefined;
}

/** The map from a point (x, y) of the output to the input's (a0 x + a1 y + a2, b0 x + b1 y + b2), in pixels from the first pixel's centre. */
export type AffineMap = readonly [a0: number, a1: number, a2: number, b0: number, b1: number, b2: number];

const FILL_MODES = ["reflect", "wrap", "constant", "nearest"];
const INTERPOLATIONS = ["nearest", "bilinear"];

/** Checks fill options. @throws ValueError, in Keras's words, for an unknown mode. */
export function checkFill(of: string, options: FillOptions): void {
  checkOptions(of, options, { fillMode: true, interpolation: true, fillValue: NUMBER });
  const { fillMode = "reflect", interpolation = "bilinear" } = options;
  if (!FILL_MODES.includes(fillMode)) {
    throw valueError(`Unknown \`fillMode\` ${show(fillMode)}. Expected of one ${quoted(FILL_MODES)}.`);
  }
  if (!INTERPOLATIONS.includes(interpolation)) {
    throw valueError(`Unknown \`interpolation\` ${show(interpolation)}. Expected of one ${quoted(INTERPOLATIONS)}.`);
  }
}

function quoted(names: readonly string[]): string {
  return show(names.map((name) => `'${name}'`));
}

/** The transformed picture, of the same size. */
export function affine(picture: Picture, map: AffineMap, options: FillOptions = {}): Picture {
  const { rows, columns, channels, data: from } = picture;
  const { fillMode = "reflect", interpolation = "bilinear", fillValue = 0 } = options;
  const place = PLACES[fillMode];
  const [a0, a1, a2, b0, b1, b2] = map;
  const data = new Float32Array(from.length);
  const isInside = (y: number, x: number): boolean => y >= 0 && y < rows && x >= 0 && x < columns;
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const x = place(a0 * column + a1 * row + a2, columns);
      const y = place(b0 * column + b1 * row + b2, rows);
      if (interpolation === "nearest") {
        const [nearY, nearX] = [roundedAway(y), roundedAway(x)];
        const p = isInside(nearY, nearX) ? (nearY * columns + nearX) * channels : -1;
        for (let c = 0; c < channels; c++) data[at++] = p < 0 ? fillValue : from[p + c]!;
        continue;
      }
      const [top, left] = [Math.floor(y), Math.floor(x)];
      const [down, across] = [y - top, x - left];
      const topLeft = isInside(top, left) ? (top * columns + left) * channels : -1;
      const topRight = isInside(top, left + 1) ? (top * columns + left + 1) * channels : -1;
      const bottomLeft = isInside(top + 1, left) ? ((top + 1) * columns + left) * channels : -1;
      const bottomRight = isInside(top + 1, left + 1) ? ((top + 1) * columns + left + 1) * channels : -1;
      for (let c = 0; c < channels; c++) {
        const upper =
          (1 - across) * (topLeft < 0 ? fillValue : from[topLeft + c]!) +
          across * (topRight < 0 ? fillValue : from[topRight + c]!);
        const lower =
          (1 - across) * (bottomLeft < 0 ? fillValue : from[bottomLeft + c]!) +
          across * (bottomRight < 0 ? fillValue : from[bottomRight + c]!);
        data[at++] = (1 - down) * upper + down * lower;
      }
    }
  }
  return { rows, columns, channels, data };
}

type Place = (coordinate: number, length: number) => number;

/** The coordinate along an axis that is read for a coordinate outside of it, for each mode (MapCoordinate). */
const PLACES: Readonly<Record<FillMode, Place>> = {
  constant: (coordinate) => coordinate,
  nearest: (coordinate, length) => clamp(coordinate, length),
  reflect(coordinate, length) {
    if (length <= 1) return 0;
    const period = 2 * length;
    if (coordinate < 0) {
      const near = coordinate < period ? coordinate + period * Math.trunc(-coordinate / period) : coordinate;
      return clamp(near < -length ? near + period : -near - 1, length);
    }
    if (coordinate <= length - 1) return coordinate;
    const near = coordinate - period * Math.trunc(coordinate / period);
    return clamp(near >= length ? period - near - 1 : near, length);
  },
  wrap(coordinate, length) {
    if (length <= 1) return 0;
    const period = length - 1;
    if (coordinate < 0) return clamp(coordinate + length * (Math.trunc(-coordinate / period) + 1), length);
    if (coordinate <= period) return coordinate;
    return clamp(coordinate - length * Math.trunc(coordinate / period), length);
  },
};

function clamp(coordinate: number, length: number): number {
  return Math.min(Math.max(coordinate, 0), length - 1);
}

/** The nearest integer; halves are rounded away from zero, as by C's `round`. */
function roundedAway(value: number): number {
  return value < 0 ? -Math.floor(0.5 - value) : Math.floor(value + 0.5);
}
