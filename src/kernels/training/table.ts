/** Every kernel of training in all of its variants, as data: the list that the tests go through. */
import { MAP_NAMES } from "../f32/elementwise.ts";
import { DWCONV_VARIANTS } from "../f32/table.ts";
import { TILINGS } from "../f32/tilings.ts";
import { ARITHMETICS, type MakeKernel } from "../parts.ts";
import { mapGradient, softmaxGradient } from "./activations.ts";
import { dwconvWeights } from "./dwconv.ts";
import { addRuns, columnSums, multiply, spread } from "./elementwise.ts";
import { type GemmTnVariant, gemmTn } from "./gemm.ts";
import {
  type PackDepthwiseVariant,
  type PackWeightsVariant,
  packDepthwise,
  packTransposed,
  packWeights,
} from "./pack.ts";
import { poolMaxGradient, poolMeanGradient } from "./pool.ts";
import { type GradientVariant, type ScaleVariant, moments, scale, scaleGradient, scaleReduce } from "./scaling.ts";
import { type GradientStatisticsVariant, type Want, gradientStatistics, statistics, sumPieces } from "./statistics.ts";

const EITHER = [false, true];

/** The matrix products of weight gradients. */
export const GEMM_TN_VARIANTS: readonly GemmTnVariant[] = Object.values(TILINGS).flatMap((tiling) =>
  EITHER.map((ragged) => ({ arithmetic: tiling.arithmetic, tile: tiling.tile, narrow: tiling.narrow, ragged })),
);

/** The columns of the panels that weights are packed in. */
export const PANEL_COLUMNS: readonly number[] = [
  ...new Set(
    Object.values(TILINGS).flatMap(({ row, tile, narrow }) => [row, tile, narrow].map(({ columns }) => columns)),
  ),
].toSorted((a, b) => a - b);

export const PACK_WEIGHTS_VARIANTS: readonly PackWeightsVariant[] = PANEL_COLUMNS.flatMap((columns) =>
  EITHER.map((bias) => ({ columns, bias })),
);

/** The kernels that pack for depthwise ones have taps and channels in their code: here all taps, and some turned around, of 20 channels. */
export const PACK_DEPTHWISE_VARIANTS: readonly PackDepthwiseVariant[] = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8],
  [8, 7, 6, 2, 1, 0],
].flatMap((taps) => [1, 2].flatMap((vectors) => EITHER.map((bias) => ({ taps, channels: 20, vectors, bias }))));

export const SCALE_VARIANTS: readonly ScaleVariant[] = ARITHMETICS.flatMap((arithmetic) =>
  EITHER.flatMap((minmax) => EITHER.map((add) => ({ arithmetic, minmax, add }))),
);

export const SCALE_GRADIENT_VARIANTS: readonly GradientVariant[] = ARITHMETICS.flatMap((arithmetic) =>
  EITHER.flatMap((minmax) => EITHER.map((value) => ({ arithmetic, minmax, value }))),
);

export const WANTS: readonly Want[] = ["no", "first", "added"];

export const GRADIENT_STATISTICS_VARIANTS: readonly GradientStatisticsVariant[] = EITHER.flatMap((coefficients) =>
  WANTS.flatMap((gamma) => WANTS.map((beta) => ({ coefficients, gamma, beta }))),
);

/** All of them. */
export const TRAINING_KERNELS: readonly MakeKernel[] = [
  ...GEMM_TN_VARIANTS.map(
    (variant): MakeKernel =>
      (module) =>
        gemmTn(module, variant),
  ),
  ...DWCONV_VARIANTS.map(
    (row): MakeKernel =>
      (module) =>
        dwconvWeights(module, row),
  ),
  ...MAP_NAMES.map(
    (name): MakeKernel =>
      (module) =>
        mapGradient(module, name),
  ),
  ...ARITHMETICS.map(
    (arithmetic): MakeKernel =>
      (module) =>
        columnSums(module, { arithmetic }),
  ),
  ...ARITHMETICS.map(
    (arithmetic): MakeKernel =>
      (module) =>
        moments(module, { arithmetic }),
  ),
  ...ARITHMETICS.flatMap((arithmetic) =>
    EITHER.map(
      (minmax): MakeKernel =>
        (module) =>
          scaleReduce(module, { arithmetic, minmax }),
    ),
  ),
  ...SCALE_VARIANTS.map(
    (variant): MakeKernel =>
      (module) =>
        scale(module, variant),
  ),
  ...SCALE_GRADIENT_VARIANTS.map(
    (variant): MakeKernel =>
      (module) =>
        scaleGradient(module, variant),
  ),
  ...GRADIENT_STATISTICS_VARIANTS.map(
    (variant): MakeKernel =>
      (module) =>
        gradientStatistics(module, variant),
  ),
  ...PACK_WEIGHTS_VARIANTS.map(
    (variant): MakeKernel =>
      (module) =>
        packWeights(module, variant),
  ),
  ...PANEL_COLUMNS.map(
    (columns): MakeKernel =>
      (module) =>
        packTransposed(module, { columns }),
  ),
  ...PACK_DEPTHWISE_VARIANTS.map(
    (variant): MakeKernel =>
      (module) =>
        packDepthwise(module, variant),
  ),
  softmaxGradient,
  statistics,
  sumPieces,
  spread,
  multiply,
  addRuns,
  poolMeanGradient,
  poolMaxGradient,
];
