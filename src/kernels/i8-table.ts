/** The list of every integer kernel variant, as data: what the engine chooses from and what the tests go through. */
import type { MeanVariant } from "./i8-convert.ts";
import type { I8DwconvVariant } from "./i8-dwconv.ts";
import type { I8GemmVariant } from "./i8-gemm.ts";
import { INTEGER_MODES, type IntegerMode } from "./i8-parts.ts";

/** The most rows of a matrix kernel's register tile. */
export const MOST_I8_ROWS: Readonly<Record<IntegerMode, number>> = { u8: 6, s8: 6, i16: 5 };

/** Panels of the tile of a single row. */
export const SINGLE_ROW_PANELS = 4;

const EITHER = [false, true];
const OUTPUTS = ["integers", "f32"] as const;

/** All matrix kernels. */
export const I8_GEMM_VARIANTS: readonly I8GemmVariant[] = INTEGER_MODES.flatMap((mode) => {
  const tiles = Array.from({ length: MOST_I8_ROWS[mode] }, (_, i) => ({ rows: i + 1, panels: 1 }));
  tiles.push({ rows: 1, panels: SINGLE_ROW_PANELS });
  return tiles.flatMap((tile) =>
    OUTPUTS.flatMap((output) =>
      EITHER.flatMap((add) => EITHER.map((window) => ({ mode, output, ...tile, add, window }))),
    ),
  );
});

/** The means over a picture. */
export const MEAN_VARIANTS: readonly MeanVariant[] = INTEGER_MODES.flatMap((mode) =>
  OUTPUTS.map((output) => ({ mode, output })),
);

/** Which depthwise kernels there are; they are made for the width and the channels of a picture. */
export const I8_DWCONV_KINDS: readonly Pick<I8DwconvVariant, "mode" | "output" | "stride" | "rows">[] =
  INTEGER_MODES.flatMap((mode) =>
    OUTPUTS.flatMap((output) => [
      { mode, output, stride: 1, rows: 2 },
      { mode, output, stride: 1, rows: 1 },
      { mode, output, stride: 2, rows: 1 },
    ]),
  );
