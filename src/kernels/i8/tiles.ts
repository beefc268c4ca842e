/** The register tiles of the integer matrix kernels. */
import type { IntegerMode } from "./parts.ts";

/** The most rows of a register tile. */
export const MOST_I8_ROWS: Readonly<Record<IntegerMode, number>> = { u8: 6, s8: 6, i16: 5 };

/** The panels of eight columns side by side in a tile of so many rows: as many sums are in flight. If vectors are joined, a panel is one. */
export function panelsOf(rows: number, wide: boolean): number {
  return (rows === 1 ? 4 : 1) * (wide ? 2 : 1);
}
