/** The list of every integer kernel variant, as data: what the engine chooses from and what the tests go through. */
import type { ConvertVariant, MeanVariant } from "./i8-convert.ts";
import type { I8DwconvVariant } from "./i8-dwconv.ts";
import type { I8GemmVariant } from "./i8-gemm.ts";
import { type Activations, INTEGER_MODES, type IntegerMode, activationsOf } from "./i8-parts.ts";

/** The most rows of a matrix kernel's register tile, by how its activations lie in memory. */
export const MOST_I8_ROWS: Readonly<Record<Activations, number>> = { u8: 6, i16: 5 };

/** Panels of the tile of a single row. */
export const SINGLE_ROW_PANELS = 4;

/** How activations can come to a matrix kernel; in `u7` mode those of 8 bits as 16. */
const INPUTS: Readonly<Record<IntegerMode, readonly Activations[]>> = { u7: ["u8", "i16"], u8: ["u8"], i16: ["i16"] };

const EITHER = [false, true];
const OUTPUTS = ["integers", "f32"] as const;

/** All matrix kernels. */
export const I8_GEMM_VARIANTS: readonly I8GemmVariant[] = INTEGER_MODES.flatMap((mode) =>
  INPUTS[mode].flatMap((input) => {
    const tiles = Array.from({ length: MOST_I8_ROWS[input] }, (_, i) => ({ rows: i + 1, panels: 1 }));
    tiles.push({ rows: 1, panels: SINGLE_ROW_PANELS });
    return tiles.flatMap((tile) =>
      OUTPUTS.flatMap((output) =>
        EITHER.flatMap((add) => EITHER.map((window) => ({ mode, input, output, ...tile, add, window }))),
      ),
    );
  }),
);

/** The ways in and out. */
export const CONVERT_VARIANTS: readonly ConvertVariant[] = INTEGER_MODES.flatMap((mode) =>
  INPUTS[mode].map((integers) => ({ mode, integers })),
);

/** The means over a picture. */
export const MEAN_VARIANTS: readonly MeanVariant[] = INTEGER_MODES.flatMap((mode) =>
  OUTPUTS.map((output) => ({ mode, integers: activationsOf(mode), output })),
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
