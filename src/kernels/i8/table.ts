/** Every integer kernel in all of its variants, as data: the list that the tests go through. */
import type { MakeKernel } from "../parts.ts";
import { type MeanVariant, dequantize, fill, mean, quantize } from "./convert.ts";
import { type I8DwconvVariant, i8Dwconv } from "./dwconv.ts";
import { type I8GemmVariant, i8Gemm } from "./gemm.ts";
import { INTEGER_MODES, type IntegerMode } from "./parts.ts";
import { MOST_I8_ROWS, panelsOf } from "./tiles.ts";

/** The register tile of a matrix kernel: rows, and panels of eight columns side by side. */
interface Tile {
  readonly rows: number;
  readonly panels: number;
}

const EITHER = [false, true];
const OUTPUTS = ["integers", "f32"] as const;

/** The matrix kernels. */
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

const CONVERSIONS: readonly ((module: Parameters<MakeKernel>[0], mode: IntegerMode) => ReturnType<MakeKernel>)[] = [
  quantize,
  dequantize,
  fill,
];

/** All of them; the depthwise ones for a picture of 14 columns. */
export const I8_KERNELS: readonly MakeKernel[] = [
  ...I8_GEMM_VARIANTS.map(
    (variant): MakeKernel =>
      (module) =>
        i8Gemm(module, variant),
  ),
  ...I8_DWCONV_KINDS.map(({ stride, ...kind }): MakeKernel => {
    const shape = { inputCols: 14, outputCols: 14 / stride, padLeft: stride === 1 ? 1 : 0, channels: 20 };
    return (module) => i8Dwconv(module, { ...kind, stride, ...shape });
  }),
  ...MEAN_VARIANTS.map(
    (variant): MakeKernel =>
      (module) =>
        mean(module, variant),
  ),
  ...CONVERSIONS.flatMap((make) =>
    INTEGER_MODES.map(
      (mode): MakeKernel =>
        (module) =>
          make(module, mode),
    ),
  ),
];
