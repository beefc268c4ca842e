/** The variants of the integer kernels for products, means and depthwise convolutions, as data for the engine and the tests. */
import type { MeanVariant } from "./convert.ts";
import type { I8DwconvVariant } from "./dwconv.ts";
import type { I8GemmVariant } from "./gemm.ts";
import { INTEGER_MODES, type IntegerMode } from "./parts.ts";

/** The largest number of rows in a matrix kernel's register tile. */
export const MOST_I8_ROWS: Readonly<Record<IntegerMode, number>> = { u8: 6, s8: 6, i16: 5 };

/** The register tile of a matrix kernel: its rows, and its panels of eight columns side by side. */
interface Tile {
  readonly rows: number;
  readonly panels: number;
}

/**
 * The number of panels in a tile: a tile of one row has four times as many as others, so that enough sums are in flight. If vectors are
 * joined, two panels take the place of one.
 */
export function panelsOf(rows: number, wide: boolean): number {
  return (rows === 1 ? 4 : 1) * (wide ? 2 : 1);
}

const EITHER = [false, true];
const OUTPUTS = ["integers", "f32"] as const;

/** All variants of `i8Gemm`. */
export const I8_GEMM_VARIANTS: readonly I8GemmVariant[] = INTEGER_MODES.flatMap((mode) =>
  EITHER.flatMap((wide) => {
    const tiles = Array.from({ length: MOST_I8_ROWS[mode] }, (_, i) => i + 1).flatMap((rows): Tile[] =>
      [...new Set([1, panelsOf(rows, wide)])].map((panels) => ({ rows, panels })),
    );
    return tiles.flatMap((tile) =>
      OUTPUTS.flatMap((output) =>
        EITHER.flatMap((add) => EITHER.map((window) => ({ mode, wide, output, ...tile, add, window }))),
      ),
    );
  }),
);

/** All variants of `mean`. */
export const MEAN_VARIANTS: readonly MeanVariant[] = INTEGER_MODES.flatMap((mode) =>
  OUTPUTS.map((output) => ({ mode, output })),
);

/** The kinds of depthwise kernels; each kernel is made for the width and the channels of a picture. */
export const I8_DWCONV_KINDS: readonly Pick<I8DwconvVariant, "mode" | "wide" | "output" | "stride" | "rows">[] =
  INTEGER_MODES.flatMap((mode) =>
    [
      { wide: false, output: "integers" } as const,
      { wide: false, output: "f32" } as const,
      ...(mode === "i16" ? [] : [{ wide: true, output: "integers" } as const]),
    ].flatMap((kind) => [
      { mode, ...kind, stride: 1, rows: 2 },
      { mode, ...kind, stride: 1, rows: 1 },
      { mode, ...kind, stride: 2, rows: 1 },
    ]),
  );
