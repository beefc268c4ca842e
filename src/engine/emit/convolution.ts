/** Calls of the convolution kernels: the pixels of a picture in register tiles, or row by row. */
import { dwconv, dwconvName } from "../../kernels/f32/dwconv.ts";
import { type GemmVariant, gemm, gemmName, packedGemmSize } from "../../kernels/f32/gemm.ts";
import type { AnyExpr, Expr } from "../../wasm/expression.ts";
import { min } from "../../wasm/extremes.ts";
import { i32 } from "../../wasm/instructions.ts";
import { type Emitter, addressAt, boundArguments, forEach } from "./emitter.ts";
import type { Tile } from "../../kernels/f32/tilings.ts";
import type { DwconvRow } from "../../kernels/f32/dwconv.ts";
import type { Convolution } from "../../lowering/operations.ts";
import type { SelectedConvolution } from "../operations.ts";
import { splitRows } from "../plan/tiles.ts";

/** About the number of multiply-adds in one call of a kernel: it takes some microseconds, so that no thread waits longer for another. */
const MACS_PER_CALL = 2 ** 17;
/** The number of tiles of rows from which on threads share tiles; with fewer they share columns. */
const MANY_TILES = 32;
/** The least number of pieces that a convolution is cut into, if it can be. */
const PIECES = 28;
/** Fewer tiles of rows than this are cut by columns too: else one thread often has one tile more than the other. */
const FEW_TILES = 64;
const COLUMN_PARTS = 3;

export function emitConvolution(emitter: Emitter, operation: SelectedConvolution): void {
  const { from, to, by } = operation;
  const { f } = emitter;
  if (by.kind === "pixels") {
    emitPixels(emitter, operation, by.tile);
    return;
  }
  const output = emitter.address(operation.output);
  const rowBytes = to.cols * to.channels * 4;
  const residual = operation.residual === undefined ? undefined : emitter.address(operation.residual);
  emitter.share(to.rows, Math.ceil(to.rows / PIECES), (first, count) =>
    forEach(f, first, count, (y) =>
      emitConvolutionRow(emitter, operation, y, {
        input: (row) => addressAt(emitter.address(operation.input), row, from.cols * from.channels * 4),
        output: addressAt(output, y, rowBytes),
        residual: residual === undefined ? undefined : addressAt(residual, y, rowBytes),
      }),
    ),
  );
}

/** Where the rows of a picture are. */
export interface RowAddresses {
  /** The address of an input row inside the picture. Convolutions with windows of several rows find the next rows behind it. */
  readonly input: (row: Expr<"i32">) => Expr<"i32">;
  readonly output: Expr<"i32">;
  readonly residual: Expr<"i32"> | undefined;
}

/** Computes output row `y`. */
export function emitConvolutionRow(
  emitter: Emitter,
  operation: SelectedConvolution,
  y: Expr<"i32">,
  rows: RowAddresses,
): void {
  const { by } = operation;
  if (by.kind === "depthwise") emitDepthwiseRow(emitter, { operation, row: by.row }, y, rows);
  else emitMatrixRow(emitter, { operation, tile: by.tile }, y, rows);
}

interface Depthwise {
  readonly operation: SelectedConvolution;
  readonly row: DwconvRow;
}

interface Matrix {
  readonly operation: SelectedConvolution;
  readonly tile: Tile;
}

function emitDepthwiseRow(
  emitter: Emitter,
  { operation, row: shape }: Depthwise,
  y: Expr<"i32">,
  rows: RowAddresses,
): void {
  const { f, weights } = emitter;
  const { from, window, bounds } = operation;
  const variant = { ...shape, minmax: bounds !== undefined };
  const kernel = emitter.kernel(dwconvName(variant), (module) => dwconv(module, variant));
  const first = f.local("i32", i32.sub(i32.mul(y, i32.const(window.strides[0])), i32.const(window.pads[0][0])));
  const padded = window.pads[0].some((zeros) => zeros > 0);
  const taps = Array.from({ length: window.rows }, (_, tap) => {
    const row = f.local("i32", i32.add(first, i32.const(tap * window.dilation[0])));
    const address = rows.input(row);
    return padded ? i32.select(address, i32.const(emitter.zeros), i32.lt_u(row, i32.const(from.rows))) : address;
  });
  f.call(kernel, [rows.output, i32.const(weights.ofConvolution(operation)), ...boundArguments(bounds), ...taps]);
}

function emitMatrixRow(emitter: Emitter, matrix: Matrix, y: Expr<"i32">, rows: RowAddresses): void {
  const { f, weights } = emitter;
  const { operation, tile } = matrix;
  const { from, to, window, groups } = operation;
  const input = f.local("i32", rows.input(i32.mul(y, i32.const(window.strides[0]))));
  const output = f.local("i32", rows.output);
  const residual = rows.residual && f.local("i32", rows.residual);
  const packed = f.local("i32", i32.const(weights.ofConvolution(operation)));
  const aStride = window.strides[1] * from.channels * 4;
  const cStride = to.channels * 4;
  const n = to.channels / groups;
  const row = (): void => {
    let first = 0;
    for (const { rows: height, tiles } of splitRows(to.cols, tile.rows)) {
      emitGemm(emitter, matrix, height, {
        tiles: i32.const(tiles),
        n: i32.const(n),
        a: i32.add(input, i32.const(first * aStride)),
        b: packed,
        c: i32.add(output, i32.const(first * cStride)),
        r: residual && i32.add(residual, i32.const(first * cStride)),
      });
      first += height * tiles;
    }
  };
  if (groups === 1) {
    row();
    return;
  }
  const k = (window.rows * window.cols * from.channels) / groups;
  const left = f.local("i32", i32.const(groups));
  f.times(left, () => {
    row();
    f.increase(input, (from.channels / groups) * 4);
    f.increase(output, n * 4);
    f.increase(packed, packedGemmSize(k, n, tile.columns) * 4);
  });
}

/** A convolution of single pixels: all of them are the rows of one matrix. */
function emitPixels(emitter: Emitter, operation: SelectedConvolution, tile: Tile): void {
  const { weights } = emitter;
  const { from, to, groups } = operation;
  const pixels = to.rows * to.cols;
  if (groups > 1) {
    const row = { ...operation, from: { ...from, rows: 1, cols: pixels }, to: { ...to, rows: 1, cols: pixels } };
    emitter.share(1, 1, () =>
      emitMatrixRow(emitter, { operation: row, tile }, i32.const(0), {
        input: () => i32.const(emitter.address(operation.input)),
        output: i32.const(emitter.address(operation.output)),
        residual: undefined,
      }),
    );
    return;
  }
  const k = from.channels;
  const n = to.channels;
  const packed = weights.ofConvolution(operation);
  const splits = splitRows(pixels, tile.rows);
  const panels = Math.ceil(n / tile.columns);
  const byRows = splits.reduce((sum, { tiles }) => sum + tiles, 0) >= MANY_TILES || panels === 1;
  let firstPixel = 0;
  for (const { rows, tiles } of splits) {
    const start = firstPixel;
    /** Computes tiles from `first` on, and panels of columns from `panel` on. */
    const call = (first: Expr<"i32">, count: Expr<"i32">, panel: Expr<"i32">, columns: Expr<"i32">): void => {
      const pixel = i32.add(i32.mul(first, i32.const(rows)), i32.const(start));
      const at = (value: number): Expr<"i32"> =>
        i32.add(addressAt(emitter.address(value), pixel, n * 4), i32.mul(panel, i32.const(tile.columns * 4)));
      emitGemm(emitter, { operation, tile }, rows, {
        tiles: count,
        n: columns,
        a: addressAt(emitter.address(operation.input), pixel, k * 4),
        b: addressAt(packed, panel, packedGemmSize(k, tile.columns, tile.columns) * 4),
        c: at(operation.output),
        r: operation.residual === undefined ? undefined : at(operation.residual),
      });
    };
    if (byRows) {
      const most = Math.max(1, Math.floor(MACS_PER_CALL / (rows * k * n)));
      const each = most === 1 && tiles < FEW_TILES ? Math.ceil(panels / COLUMN_PARTS) : panels;
      const parts = Math.ceil(panels / each);
      if (parts === 1) emitter.share(tiles, most, (first, count) => call(first, count, i32.const(0), i32.const(n)));
      else {
        emitter.share(tiles * parts, 1, (piece) => {
          const panel = i32.mul(i32.rem_u(piece, i32.const(parts)), i32.const(each));
          const left = i32.sub(i32.const(n), i32.mul(panel, i32.const(tile.columns)));
          call(i32.div_u(piece, i32.const(parts)), i32.const(1), panel, min(left, i32.const(each * tile.columns)));
        });
      }
    } else {
      const most = Math.max(1, Math.floor(MACS_PER_CALL / (rows * tiles * k * tile.columns)));
      emitter.share(panels, Math.min(most, Math.ceil(panels / PIECES)), (panel, count) => {
        const left = i32.sub(i32.const(n), i32.mul(panel, i32.const(tile.columns)));
        call(i32.const(0), i32.const(tiles), panel, min(left, i32.mul(count, i32.const(tile.columns))));
      });
    }
    firstPixel += tiles * rows;
  }
}

/** What the matrix kernels take for one call. */
export interface GemmArguments {
  readonly tiles: Expr<"i32">;
  readonly n: Expr<"i32">;
  readonly a: Expr<"i32">;
  readonly b: Expr<"i32">;
  readonly c: Expr<"i32">;
  readonly r: Expr<"i32"> | undefined;
}

/** Calls the matrix kernel whose tile has `rows` rows. */
function emitGemm(
  emitter: Emitter,
  { operation, tile: { columns } }: Matrix,
  rows: number,
  { tiles, n, a, b, c, r }: GemmArguments,
): void {
  const { arithmetic } = emitter;
  const { from, to, window, groups, bounds } = operation;
  const stretch = stretchesOf(operation);
  const variant: GemmVariant = {
    rows,
    columns,
    arithmetic,
    minmax: bounds !== undefined,
    add: r !== undefined,
    window: stretch.window !== undefined,
    ragged: (to.channels / groups) % columns !== 0,
  };
  const kernel = emitter.kernel(gemmName(variant), (module) => gemm(module, variant));
  const aStride = i32.const(window.strides[1] * from.channels * 4);
  const args: AnyExpr[] = [tiles, i32.const(stretch.k), n, a, aStride, b, c, i32.const(to.channels * 4)];
  if (r !== undefined) args.push(r);
  args.push(...boundArguments(bounds), ...(stretch.window ?? []).map(i32.const));
  emitter.f.call(kernel, args);
}

/** The stretches of consecutive values under a window: their length, and if there are several the kernel's `window` arguments. */
export function stretchesOf({ from, window, groups }: Pick<Convolution, "from" | "window" | "groups">): {
  k: number;
  window: readonly number[] | undefined;
} {
  const channels = from.channels / groups;
  const pixel = from.channels * 4;
  if (window.rows * window.cols === 1) return { k: channels, window: undefined };
  // Neighbouring pixels of a window row are one stretch.
  const joined = groups === 1 && window.dilation[1] === 1;
  const k = joined ? window.cols * channels : channels;
  const cols = joined ? 1 : window.cols;
  const colSkip = joined ? 0 : window.dilation[1] * pixel - k * 4;
  const walked = joined ? k * 4 : cols * window.dilation[1] * pixel;
  return { k, window: [window.rows, cols, colSkip, window.dilation[0] * from.cols * pixel - walked] };
}
