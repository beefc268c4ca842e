/** Convolutions forwards: block by block the input is normalized and bounded, convolved, and the statistics of the result are gathered. */
import { dwconv, dwconvName } from "../../../../kernels/f32/dwconv.ts";
import { type GemmVariant, gemm, gemmName } from "../../../../kernels/f32/gemm.ts";
import { tileForColumns } from "../../../../kernels/f32/tilings.ts";
import type { Expr, Local } from "../../../../wasm/expression.ts";
import { max, min } from "../../../../wasm/extremes.ts";
import { i32 } from "../../../../wasm/instructions.ts";
import { depthwiseRow } from "../../../select.ts";
import { stretchesOf } from "../../../emit/convolution.ts";
import { addressAt, forEach } from "../../../emit/emitter.ts";
import { splitRows } from "../../../plan/tiles.ts";
import { type RowBlocks, pixelBlocks, rowBlocks } from "../../blocks.ts";
import { emitMoments, emitScaled, emitStatistics, partialBytes } from "../../emit/scaling.ts";
import type { Emitter } from "../../emit/emitter.ts";
import { emitProduct } from "./product.ts";
import { isRaw } from "../../matrices.ts";
import type { Needs } from "../kind.ts";
import type { Convolution } from "./operation.ts";

export function convolutionNeeds(operation: Convolution): Needs {
  const { by, input, from, to, batch, window, statistics } = operation;
  const { size, count } = by === "pixels" ? pixelBlocksOf(operation) : rowBlocks(operation);
  const rows = (size - 1) * window.strides[0] + extent(operation);
  const pixels = by === "pixels" ? size : Math.min(rows, from.rows) * from.cols;
  return {
    scratchBytes: isRaw(input) || batch === 0 ? 0 : pixels * from.channels * 4,
    workspaceBytes: statistics.length === 0 ? 0 : count * partialBytes(to.channels),
    // They stand for rows above and below a picture, backwards too.
    zeroBytes: Math.max(from.cols * from.channels, to.cols * to.channels) * 4,
  };
}

export function emitConvolution(e: Emitter, operation: Convolution): void {
  if (operation.by === "pixels") emitPixels(e, operation);
  else emitRows(e, operation);
}

/** How the pixels of a pointwise convolution are cut. */
export function pixelBlocksOf({ batch, from, to }: Convolution) {
  const pixels = batch * to.rows * to.cols;
  return { pixels, ...pixelBlocks(pixels, from.channels + to.channels) };
}

/** The input rows that a window spans. */
export function extent({ window }: Convolution): number {
  return (window.rows - 1) * window.dilation[0] + 1;
}

function emitPixels(e: Emitter, operation: Convolution): void {
  const { f } = e;
  const { from, to, input, output, statistics } = operation;
  const { pixels: total, size, count } = pixelBlocksOf(operation);
  const [k, n] = [from.channels, to.channels];
  e.share(count, 1, (block) => {
    const first = f.local("i32", i32.mul(block, i32.const(size)));
    const pixels = f.local("i32", min(i32.const(size), i32.sub(i32.const(total), first)));
    const a = emitScaled(e, input, { pixels, first }, e.scratch);
    const c = f.local("i32", addressAt(e.address(output), first, n * 4));
    emitProduct(e, { pixels, total, block: size, k, n, a, b: e.weights.packed(operation), c, add: undefined });
    if (statistics.length > 0) emitMoments(e, { pixels, channels: n, from: c, block });
  });
  emitStatistics(e, statistics, count);
}

/** Where a block of a picture's rows is. */
export interface RowBlock {
  readonly block: Expr<"i32">;
  readonly picture: Local<"i32">;
  /** The block's output rows: the first one, and the one after the last. */
  readonly from: Local<"i32">;
  readonly to: Local<"i32">;
}

/** The picture and the output rows of a block. */
export function rowBlock(e: Emitter, operation: Convolution, blocks: RowBlocks, block: Expr<"i32">): RowBlock {
  const { f } = e;
  const { size, perPicture } = blocks;
  const picture = f.local("i32", i32.div_u(block, i32.const(perPicture)));
  const part = i32.sub(block, i32.mul(picture, i32.const(perPicture)));
  const from = f.local("i32", i32.mul(part, i32.const(size)));
  const to = f.local("i32", min(i32.add(from, i32.const(size)), i32.const(operation.to.rows)));
  return { block, picture, from, to };
}

/** The address at which the picture would begin if all of its rows were in memory as those of the block are: a row lies `row` × bytes further. */
export function inputRows(
  e: Emitter,
  operation: Convolution,
  { picture, from, to }: RowBlock,
  scratch: Expr<"i32">,
): Local<"i32"> {
  const { f } = e;
  const { window, input } = operation;
  const { rows, cols, channels } = operation.from;
  const top = window.pads[0][0];
  const stride = window.strides[0];
  const first = f.local("i32", max(i32.const(0), i32.sub(i32.mul(from, i32.const(stride)), i32.const(top))));
  const last = i32.add(i32.mul(i32.sub(to, i32.const(1)), i32.const(stride)), i32.const(extent(operation) - top));
  const end = f.local("i32", min(i32.const(rows), last));
  const pixels = i32.mul(i32.sub(end, first), i32.const(cols));
  const firstPixel = i32.mul(i32.add(i32.mul(picture, i32.const(rows)), first), i32.const(cols));
  const start = f.local("i32", emitScaled(e, input, { pixels, first: firstPixel }, scratch));
  f.set(start, i32.sub(start, i32.mul(first, i32.const(cols * channels * 4))));
  return start;
}

function emitRows(e: Emitter, operation: Convolution): void {
  const { f } = e;
  const { to, output, by, statistics } = operation;
  const blocks = rowBlocks(operation);
  const { count } = blocks;
  const rowBytes = to.cols * to.channels * 4;
  e.share(count, 1, (index) => {
    const block = rowBlock(e, operation, blocks, index);
    const input = inputRows(e, operation, block, e.scratch);
    const start = f.local(
      "i32",
      addressAt(e.address(output), i32.add(i32.mul(block.picture, i32.const(to.rows)), block.from), rowBytes),
    );
    const row = f.local("i32", start);
    const rows = i32.sub(block.to, block.from);
    forEach(f, block.from, rows, (y) => {
      if (by === "depthwise") emitDepthwiseRow(e, operation, y, input, row);
      else emitWindowRow(e, operation, y, input, row);
      f.increase(row, rowBytes);
    });
    if (statistics.length > 0) {
      const pixels = i32.mul(rows, i32.const(to.cols));
      emitMoments(e, { pixels, channels: to.channels, from: start, block: index });
    }
  });
  emitStatistics(e, statistics, count);
}

/** Where row `row` is, if it lies in the picture; zeros elsewhere. */
export function rowOr(e: Emitter, start: Expr<"i32">, row: Local<"i32">, rows: number, bytes: number): Expr<"i32"> {
  const address = i32.add(start, i32.mul(row, i32.const(bytes)));
  return i32.select(address, i32.const(e.zeros), i32.lt_u(row, i32.const(rows)));
}

function emitDepthwiseRow(
  e: Emitter,
  operation: Convolution,
  y: Expr<"i32">,
  input: Expr<"i32">,
  output: Expr<"i32">,
): void {
  const { f, tiling } = e;
  const { from, window } = operation;
  const variant = { ...depthwiseRow(operation, tiling), minmax: false };
  const kernel = e.kernel(dwconvName(variant), (module) => dwconv(module, variant));
  const top = f.local("i32", i32.sub(i32.mul(y, i32.const(window.strides[0])), i32.const(window.pads[0][0])));
  const rows = Array.from({ length: window.rows }, (_, tap) => {
    const row = f.local("i32", i32.add(top, i32.const(tap * window.dilation[0])));
    return rowOr(e, input, row, from.rows, from.cols * from.channels * 4);
  });
  f.call(kernel, [output, i32.const(e.weights.packed(operation)), ...rows]);
}

function emitWindowRow(
  e: Emitter,
  operation: Convolution,
  y: Expr<"i32">,
  input: Expr<"i32">,
  output: Expr<"i32">,
): void {
  const { f, tiling } = e;
  const { from, to, window } = operation;
  const { rows: most, columns } = tileForColumns(tiling, to.channels);
  const run = stretchesOf({ from, window, groups: 1 });
  const rowBytes = from.cols * from.channels * 4;
  const aStride = window.strides[1] * from.channels * 4;
  const a = f.local("i32", i32.add(input, i32.mul(y, i32.const(window.strides[0] * rowBytes))));
  let first = 0;
  for (const { rows, tiles } of splitRows(to.cols, most)) {
    const variant: GemmVariant = {
      rows,
      columns,
      arithmetic: tiling.arithmetic,
      minmax: false,
      add: false,
      window: run.window !== undefined,
      ragged: to.channels % columns !== 0,
    };
    const kernel = e.kernel(gemmName(variant), (module) => gemm(module, variant));
    f.call(kernel, [
      i32.const(tiles),
      i32.const(run.k),
      i32.const(to.channels),
      i32.add(a, i32.const(first * aStride)),
      i32.const(aStride),
      i32.const(e.weights.packed(operation)),
      i32.add(output, i32.const(first * to.channels * 4)),
      i32.const(to.channels * 4),
      ...(run.window ?? []).map(i32.const),
    ]);
    first += rows * tiles;
  }
}
