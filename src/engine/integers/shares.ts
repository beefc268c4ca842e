/** How a matrix is cut: into tiles of rows and panels of columns for the kernels, and into pieces for the threads. */
import { i8DwconvScratch } from "../../kernels/i8/dwconv.ts";
import { PANEL, i8GemmScratch } from "../../kernels/i8/gemm.ts";
import { MOST_I8_ROWS, panelsOf } from "../../kernels/i8/tiles.ts";
import { splitRows } from "../plan/tiles.ts";
import { DEPTHWISE_PIECES, depthwiseVariant, matrixOf } from "./kernels.ts";
import type { IntegerSums } from "./operations.ts";

/** About the number of multiply-adds in one call of a kernel: JavaScript engines swap in optimized code between two calls. */
const MACS_PER_CALL = 2 ** 17;
/** The number of tiles of rows from which on threads share tiles; with fewer they share panels of columns. */
const MANY_TILES = 32;
/** The least number of pieces that a convolution is cut into, if it can be. */
export const PIECES = 28;

/** Rows and columns that one kernel computes. */
export interface Part {
  /** The register tile: rows, and panels side by side. */
  readonly rows: number;
  readonly panels: number;
  readonly firstPixel: number;
  /** The number of tiles of rows. */
  readonly tiles: number;
  readonly firstPanel: number;
  /** The number of panels of columns in all: a multiple of those of the tile. */
  readonly allPanels: number;
}

/** The parts of `pixels` rows and all columns. */
export function partsOf(operation: IntegerSums, pixels: number): readonly Part[] {
  const { mode, wide, to } = operation;
  const count = Math.ceil(to.channels / PANEL);
  let firstPixel = 0;
  return splitRows(pixels, MOST_I8_ROWS[mode]).flatMap(({ rows, tiles }) => {
    const panels = panelsOf(rows, wide);
    // The last columns go through a tile of one panel if they do not fill the wider one.
    const whole = Math.floor(to.channels / (PANEL * panels)) * panels;
    const common = { rows, tiles, firstPixel };
    firstPixel += rows * tiles;
    return [
      { ...common, panels, firstPanel: 0, allPanels: whole },
      { ...common, panels: 1, firstPanel: whole, allPanels: count - whole },
    ].filter(({ allPanels }) => allPanels > 0);
  });
}

/** A part as pieces that threads take. */
export interface Share extends Part {
  /** What is counted: tiles of rows with all columns, or tiles of columns with all rows. */
  readonly by: "rows" | "columns";
  readonly total: number;
  /** The most that one piece has. */
  readonly most: number;
  /** The number of the first piece, over all shares. */
  readonly firstPiece: number;
}

/** The shares of a convolution of single pixels. */
export function pixelShares(operation: IntegerSums): readonly Share[] {
  const { k } = matrixOf(operation);
  const parts = partsOf(operation, operation.to.rows * operation.to.cols);
  const tiles = new Map(parts.map((part) => [part.firstPixel, part.tiles]));
  const byRows = [...tiles.values()].reduce((sum, count) => sum + count, 0) >= MANY_TILES;
  let firstPiece = 0;
  return parts.map((part) => {
    const { rows, panels, allPanels } = part;
    const columnTiles = allPanels / panels;
    const tileMacs = rows * k * panels * PANEL;
    const by = byRows || columnTiles === 1 ? "rows" : "columns";
    const total = by === "rows" ? part.tiles : columnTiles;
    const fitting = Math.max(1, Math.floor(MACS_PER_CALL / (tileMacs * (by === "rows" ? columnTiles : part.tiles))));
    const most = by === "rows" ? fitting : Math.min(fitting, Math.ceil(total / PIECES));
    const share = { ...part, by, total, most, firstPiece } as const;
    firstPiece += Math.ceil(total / most);
    return share;
  });
}

/** The scratch memory that one piece of a matrix needs. */
export function matrixScratch({ wide, mode }: IntegerSums): number {
  if (!wide) return 0;
  const rows = Array.from({ length: MOST_I8_ROWS[mode] }, (_, i) => i + 1);
  return Math.max(...rows.map((one) => i8GemmScratch({ rows: one, panels: panelsOf(one, wide) })));
}

/** The scratch memory of a convolution: every piece has its own. */
export function scratchBytesOf(operation: IntegerSums): number {
  if (operation.by === "depthwise") return i8DwconvScratch(depthwiseVariant(operation)) * DEPTHWISE_PIECES;
  const last = operation.by === "pixels" ? pixelShares(operation).at(-1) : undefined;
  const pieces = last === undefined ? PIECES : last.firstPiece + Math.ceil(last.total / last.most);
  return matrixScratch(operation) * pieces;
}
