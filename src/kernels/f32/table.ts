/** Every kernel of this folder in all of its variants, as data: the list that the tests go through. */
import { ARITHMETICS, type MakeKernel } from "../parts.ts";
import { type DwconvVariant, dwconv } from "./dwconv.ts";
import { MAP_NAMES, add, affine, clamp, map } from "./elementwise.ts";
import { type GemmVariant, gemm } from "./gemm.ts";
import { pack } from "./pack.ts";
import { type PoolMode, pool, softmax } from "./reduce.ts";
import { TILINGS, type Tile } from "./tilings.ts";

const EITHER = [false, true];

/** The matrix kernels: those of each tiling's tiles, with every number of rows up to the tile's. */
export const GEMM_VARIANTS: readonly GemmVariant[] = Object.values(TILINGS).flatMap((tiling) => {
  const { arithmetic, row, tile, narrow } = tiling;
  const tiles = [row, tile, narrow].flatMap(({ rows: most, columns }) =>
    Array.from({ length: most }, (_, i) => ({ rows: i + 1, columns, arithmetic })),
  );
  return unique(tiles).flatMap((common) =>
    EITHER.flatMap((minmax) =>
      EITHER.flatMap((isAdding) =>
        EITHER.flatMap((window) => EITHER.map((ragged) => ({ ...common, minmax, add: isAdding, window, ragged }))),
      ),
    ),
  );
});

function unique<T extends Tile>(tiles: readonly T[]): T[] {
  return [...new Map(tiles.map((tile) => [`${tile.rows} ${tile.columns}`, tile])).values()];
}

/** The depthwise kernels have the shape of a picture's row in their code: here that of one row. */
export const DWCONV_VARIANTS: readonly DwconvVariant[] = Object.values(TILINGS).flatMap((tiling) =>
  EITHER.map((minmax) => ({
    kernelRows: 3,
    kernelCols: 3,
    stride: 1,
    dilation: 1,
    inputCols: 14,
    outputCols: 14,
    padLeft: 1,
    channels: 20,
    vectors: tiling.depthwiseVectors,
    arithmetic: tiling.arithmetic,
    minmax,
  })),
);

export const POOL_MODES: readonly PoolMode[] = ["mean", "max"];

/** All of them; those of the matrix and depthwise kernels that several tilings have come several times. */
export const F32_KERNELS: readonly MakeKernel[] = [
  ...GEMM_VARIANTS.map(
    (variant): MakeKernel =>
      (module) =>
        gemm(module, variant),
  ),
  ...DWCONV_VARIANTS.map(
    (variant): MakeKernel =>
      (module) =>
        dwconv(module, variant),
  ),
  ...MAP_NAMES.map(
    (name): MakeKernel =>
      (module) =>
        map(module, name),
  ),
  ...EITHER.map(
    (minmax): MakeKernel =>
      (module) =>
        add(module, { minmax }),
  ),
  ...ARITHMETICS.map(
    (arithmetic): MakeKernel =>
      (module) =>
        affine(module, { arithmetic }),
  ),
  ...POOL_MODES.map(
    (mode): MakeKernel =>
      (module) =>
        pool(module, { mode }),
  ),
  clamp,
  softmax,
  pack,
];
