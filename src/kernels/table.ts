/** The list of every kernel variant, as data: what the engine chooses from and what the tests go through. */
import { MAP_NAMES, type MapName } from "./elementwise.ts";
import type { GemmVariant } from "./gemm.ts";
import type { Arithmetic } from "./parts.ts";
import type { PoolMode } from "./reduce.ts";

export const ARITHMETICS: readonly Arithmetic[] = ["mul", "fma"];

/** Columns of the matrix kernels' register tile. */
export const COLUMNS = 8;

/** The most rows of it: what the 15 vector registers of V8 on x64 hold with a place for the product, and without. */
export const MOST_ROWS: Readonly<Record<Arithmetic, number>> = { mul: 4, fma: 6 };

const EITHER = [false, true];

/** All matrix kernels. */
export const GEMM_VARIANTS: readonly GemmVariant[] = ARITHMETICS.flatMap((arithmetic) =>
  Array.from({ length: MOST_ROWS[arithmetic] }, (_, i) => i + 1).flatMap((rows) =>
    EITHER.flatMap((minmax) =>
      EITHER.flatMap((add) => EITHER.map((window) => ({ rows, columns: COLUMNS, arithmetic, minmax, add, window }))),
    ),
  ),
);

export const POOL_MODES: readonly PoolMode[] = ["mean", "max"];

export const MAPS: readonly MapName[] = MAP_NAMES;
