/** The list of every kernel variant, as data: what the engine chooses from and what the tests go through. */
import { MAP_NAMES, type MapName } from "./elementwise.ts";
import type { GemmVariant } from "./gemm.ts";
import type { Arithmetic } from "./parts.ts";
import type { PoolMode } from "./reduce.ts";

/** The sizes of the kernels' register tiles for one kind of machine. */
export interface Tiling {
  readonly arithmetic: Arithmetic;
  /** The most rows and the columns of the matrix kernels' tile. */
  readonly rows: number;
  readonly columns: number;
  /** Vectors of channels that the depthwise kernel computes side by side. */
  readonly depthwiseVectors: number;
}

/**
 * By what the engine can do. V8 has 15 vector registers on x64: 6 × 2 sums, 2 weights and 1 value fill them; without fused
 * multiply-add the product needs one too. Where V8 joins neighbouring vectors to 256 bits (`wide`), pairs take the place of vectors.
 */
export const TILINGS = {
  mul: { arithmetic: "mul", rows: 4, columns: 8, depthwiseVectors: 1 },
  fma: { arithmetic: "fma", rows: 6, columns: 8, depthwiseVectors: 1 },
  wide: { arithmetic: "fma", rows: 6, columns: 16, depthwiseVectors: 2 },
} as const satisfies Record<string, Tiling>;

const EITHER = [false, true];

/** All matrix kernels. */
export const GEMM_VARIANTS: readonly GemmVariant[] = Object.values(TILINGS).flatMap(
  ({ arithmetic, columns, ...tile }) =>
    Array.from({ length: tile.rows }, (_, i) => i + 1).flatMap((rows) =>
      EITHER.flatMap((minmax) =>
        EITHER.flatMap((add) => EITHER.map((window) => ({ rows, columns, arithmetic, minmax, add, window }))),
      ),
    ),
);

export const POOL_MODES: readonly PoolMode[] = ["mean", "max"];

export const MAPS: readonly MapName[] = MAP_NAMES;
