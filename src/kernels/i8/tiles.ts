/** The register tiles of the integer matrix kernels. */
import type { IntegerMode } from "./parts.ts";

/** The largest number of rows in a matrix kernel's register tile. */
export const MOST_I8_ROWS: Readonly<Record<IntegerMode, number>> = { u8: 6, s8: 6, i16: 5 };

/**
 * The number of panels of eight columns in a tile: a tile of one row has four times as many as others, so that enough sums are in flight.
 * If vectors are joined, two panels take the place of one.
 */
export function panelsOf(rows: number, wide: boolean): number {
  return (rows === 1 ? 4 : 1) * (wide ? 2 : 1);
}
