/** The list of every integer kernel variant, as data: what the engine chooses from and what the tests go through. */
import type { MeanVariant } from "./convert.ts";
import type { I8DwconvVariant } from "./dwconv.ts";
import type { I8GemmVariant } from "./gemm.ts";
import { INTEGER_MODES, type IntegerMode } from "./parts.ts";

/** The most rows of a matrix kernel's register tile. */
export const MOST_I8_ROWS: Readonly<Record<IntegerMode, number>> = { u8: 6, s8: 6, i16: 5 };

/** The register tile of a matrix kernel: rows, and panels of eight columns side by side. */
interface Tile {
  readonly rows: number;
  readonly panels: number;
}

/** Panels of the tile of several rows, and of a single one: as many sums are in flight. Where vectors are joined, a panel is one. */
export function panelsOf(rows: number, wide: boolean): number {
  return (rows === 1 ? 4 : 1) * (wide ? 2 : 1);
}

const EITHER = [false, true];
const OUTPUTS = ["integers", "f32"] as const;

/** All matrix kernels. */
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

/** The means over a picture. */
export const MEAN_VARIANTS: readonly MeanVariant[] = INTEGER_MODES.flatMap((mode) =>
  OUTPUTS.map((output) => ({ mode, output })),
);

/** Which depthwise kernels there are; they are made for the width and the channels of a picture. */
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
