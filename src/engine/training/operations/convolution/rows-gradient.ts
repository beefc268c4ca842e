/** Convolutions with windows backwards, in blocks of rows: depthwise ones, and those that are products with the runs under a window. */
import { dwconv, dwconvName } from "../../../../kernels/f32/dwconv.ts";
import { dwconvWeights, dwconvWeightsName } from "../../../../kernels/training/dwconv.ts";
import { ADD_RUNS, addRuns } from "../../../../kernels/training/elementwise.ts";
import type { Expr, Local } from "../../../../wasm/expression.ts";
import { max, min } from "../../../../wasm/extremes.ts";
import { i32 } from "../../../../wasm/instructions.ts";
import { align } from "../../../plan/arena.ts";
import { depthwiseRow } from "../../../select.ts";
import { addressAt, forEach } from "../../../emit/emitter.ts";
import { type Pieces, type RowBlocks, piecesOf, rowBlocks } from "../../blocks.ts";
import { type RowBlock, extent, inputRows, rowBlock, rowOr } from "./forwards.ts";
import { Gathered, eachBlock } from "./gathered.ts";
import { emitWeights } from "./pixels-gradient.ts";
import { emitProduct } from "./product.ts";
import { emitThrough } from "../../emit/scaling.ts";
import type { Emitter } from "../../emit/emitter.ts";
import { isRaw } from "../../matrices.ts";
import type { Needs } from "../kind.ts";
import type { Convolution, ConvolutionGradient } from "./operation.ts";

interface Cut {
  readonly blocks: RowBlocks;
  readonly pieces: Pieces;
  readonly gathered: Gathered;
  /** The bytes of a block's output gradients, inputs and runs under a row's windows, if they are not in memory as they are. */
  readonly gradientBytes: number;
  readonly inputBytes: number;
  readonly runBytes: number;
}

function cut(operation: ConvolutionGradient): Cut {
  const { forward, from, kernel, input } = operation;
  const { to, window, by } = forward;
  const blocks = rowBlocks(forward, 2);
  const pieces = kernel === "no" ? { count: blocks.count, blocks: 1 } : piecesOf(blocks.count, forward.kernel.size * 4);
  const rows = Math.min(to.rows, by === "depthwise" ? blocks.size + extent(forward) + 1 : blocks.size);
  const inputs = Math.min(forward.from.rows, (blocks.size - 1) * window.strides[0] + extent(forward));
  return {
    blocks,
    pieces,
    gathered: new Gathered(operation, blocks.count, pieces.count),
    gradientBytes: isRaw(from.view) ? 0 : align(rows * to.cols * to.channels * 4),
    inputBytes: isRaw(forward.input) ? 0 : align(inputs * forward.from.cols * forward.from.channels * 4),
    runBytes: by === "window" && input !== undefined ? runBytes(forward) : 0,
  };
}

/** The bytes of all runs under the windows of a row of outputs. */
function runBytes({ to, from, window }: Convolution): number {
  return align(to.cols * window.rows * window.cols * from.channels * 4);
}

export function rowsGradientNeeds(operation: ConvolutionGradient): Needs {
  const { gradientBytes, inputBytes, gathered, runBytes: runs } = cut(operation);
  return { scratchBytes: gradientBytes + inputBytes + runs, workspaceBytes: gathered.bytes };
}

export function emitRowsGradient(e: Emitter, operation: ConvolutionGradient): void {
  const { forward, kernel } = operation;
  const made = cut(operation);
  const { blocks, pieces, gathered } = made;
  e.share(pieces.count, 1, (piece) => {
    const sums = kernel === "no" ? undefined : gathered.piece(e, piece);
    eachBlock(e, blocks, pieces, piece, (index) => {
      const block = rowBlock(e, forward, blocks, index);
      if (forward.by === "depthwise") emitDepthwise(e, operation, made, block, sums);
      else emitWindows(e, operation, made, block, sums);
    });
  });
  if (forward.by === "window" && operation.input !== undefined) emitWindowsInput(e, operation, made);
  e.barrier();
  gathered.finish(e);
}

/** The gradient of some output rows: the address at which the picture's would begin if all of its rows were there. */
function gradientRows(
  e: Emitter,
  { from, forward }: ConvolutionGradient,
  picture: Expr<"i32">,
  { first, end }: { first: Local<"i32">; end: Local<"i32"> },
): Local<"i32"> {
  const { f } = e;
  const { rows, cols, channels } = forward.to;
  const row = i32.add(i32.mul(picture, i32.const(rows)), first);
  const pixels = f.local("i32", i32.mul(i32.sub(end, first), i32.const(cols)));
  const run = { pixels, first: i32.mul(row, i32.const(cols)) };
  const start = f.local("i32", emitThrough(e, from, run, e.scratch));
  f.set(start, i32.sub(start, i32.mul(first, i32.const(cols * channels * 4))));
  return start;
}

function emitDepthwise(
  e: Emitter,
  operation: ConvolutionGradient,
  { gathered, gradientBytes }: Cut,
  block: RowBlock,
  sums: Expr<"i32"> | undefined,
): void {
  const { f, tiling } = e;
  const { forward, input } = operation;
  const { from, to, window } = forward;
  const [top] = window.pads[0];
  const [stride] = window.strides;
  const inBytes = from.cols * from.channels * 4;
  const outBytes = to.cols * to.channels * 4;
  // The input rows that belong to the block: every row of the picture belongs to one block.
  const isLast = i32.eq(block.to, i32.const(to.rows));
  const ownEnd = min(i32.mul(block.to, i32.const(stride)), i32.const(from.rows));
  const ownFrom = f.local("i32", min(i32.mul(block.from, i32.const(stride)), i32.const(from.rows)));
  const ownTo = f.local("i32", i32.select(i32.const(from.rows), ownEnd, isLast));
  // The output rows whose windows reach into them.
  const before = i32.sub(ownFrom, i32.const(extent(forward) - 1 - top));
  const first = f.local("i32", i32.div_s(i32.add(before, i32.const(stride - 1)), i32.const(stride)));
  f.set(first, max(i32.const(0), min(block.from, first)));
  const end = f.local("i32", i32.add(i32.div_s(i32.add(ownTo, i32.const(top - 1)), i32.const(stride)), i32.const(1)));
  f.set(end, min(i32.const(to.rows), max(block.to, end)));
  const gradient = gradientRows(e, operation, block.picture, { first, end });
  const own = f.local("i32", i32.add(gradient, i32.mul(block.from, i32.const(outBytes))));
  const pixels = i32.mul(i32.sub(block.to, block.from), i32.const(to.cols));
  gathered.bias(e, own, { pixels, block: block.block });

  if (sums !== undefined) {
    const values = inputRows(e, forward, block, i32.add(e.scratch, i32.const(gradientBytes)));
    const shape = depthwiseRow(forward, tiling);
    const kernel = e.kernel(dwconvWeightsName(shape), (module) => dwconvWeights(module, shape));
    forEach(f, block.from, i32.sub(block.to, block.from), (y) => {
      const start = f.local("i32", i32.sub(i32.mul(y, i32.const(stride)), i32.const(top)));
      const rows = Array.from({ length: window.rows }, (_, tap) => {
        const row = f.local("i32", i32.add(start, i32.const(tap * window.dilation[0])));
        return rowOr(e, values, row, from.rows, inBytes);
      });
      f.call(kernel, [sums, i32.add(gradient, i32.mul(y, i32.const(outBytes))), ...rows]);
    });
  }
  if (input === undefined) return;
  const firstRow = f.local("i32", i32.add(i32.mul(block.picture, i32.const(from.rows)), ownFrom));
  const rows = f.local("i32", i32.sub(ownTo, ownFrom));
  const seen = (): void => {
    const target = f.local("i32", addressAt(e.address(input.to), firstRow, inBytes));
    forEach(f, ownFrom, rows, (row) => {
      emitDepthwiseInputRow(e, forward, { row, gradient, target });
      f.increase(target, inBytes);
    });
    const run = { pixels: i32.mul(rows, i32.const(from.cols)), first: i32.mul(firstRow, i32.const(from.cols)) };
    gathered.reduce(e, { ...run, block: block.block });
  };
  // Rows of outputs that see nothing but padding have no input rows.
  f.if(i32.gt_s(rows, i32.const(0)), seen, () => gathered.reduceNothing(e, block.block));
}

/** The gradient of an input row. If strides leave rows out, it depends on the row which of the window's rows have seen it. */
function emitDepthwiseInputRow(
  e: Emitter,
  forward: Convolution,
  { row, gradient, target }: { row: Local<"i32">; gradient: Local<"i32">; target: Local<"i32"> },
): void {
  const { f, tiling } = e;
  const { from, to, window } = forward;
  const [top] = window.pads[0];
  const [stride] = window.strides;
  const [dilation] = window.dilation;
  const place = f.local("i32", i32.add(row, i32.const(top)));
  for (let rest = 0; rest < stride; rest++) {
    const seen = Array.from({ length: window.rows }, (_, tap) => tap).filter(
      (tap) => (rest - tap * dilation) % stride === 0,
    );
    const emit = (): void => {
      if (seen.length === 0) {
        f.fill(target, i32.const(from.cols * from.channels * 4));
        return;
      }
      const variant = {
        kernelRows: seen.length,
        kernelCols: window.cols,
        stride: 1,
        dilation: window.dilation[1],
        inputCols: to.cols,
        outputCols: from.cols,
        spread: window.strides[1],
        channels: from.channels,
        padLeft: (window.cols - 1) * window.dilation[1] - window.pads[1][0],
        vectors: tiling.depthwiseVectors,
        arithmetic: tiling.arithmetic,
        minmax: false,
      };
      const kernel = e.kernel(dwconvName(variant), (module) => dwconv(module, variant));
      const rows = seen.toReversed().map((tap) => {
        const y = f.local("i32", i32.div_s(i32.sub(place, i32.const(tap * dilation)), i32.const(stride)));
        return rowOr(e, gradient, y, to.rows, to.cols * to.channels * 4);
      });
      f.call(kernel, [target, i32.const(e.weights.turned(forward, seen)), ...rows]);
    };
    if (stride === 1) emit();
    else f.if(i32.eq(i32.rem_u(place, i32.const(stride)), i32.const(rest)), emit);
  }
}

/** The runs of neighbouring values under a window: their length, and where each starts. */
function runsOf({ from, window }: Convolution): { length: number; starts: readonly number[] } {
  const joined = window.dilation[1] === 1;
  const columns = joined ? 1 : window.cols;
  const length = joined ? window.cols * from.channels : from.channels;
  const starts = Array.from({ length: window.rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return (row * window.dilation[0] * from.cols + column * window.dilation[1]) * from.channels * 4;
  });
  return { length, starts };
}

function emitWindows(
  e: Emitter,
  operation: ConvolutionGradient,
  { gathered }: Cut,
  block: RowBlock,
  sums: Expr<"i32"> | undefined,
): void {
  const { f } = e;
  const { forward } = operation;
  const { from, to, window, input } = forward;
  const n = to.channels;
  const gradient = gradientRows(e, operation, block.picture, { first: block.from, end: block.to });
  const rows = i32.sub(block.to, block.from);
  const start = f.local("i32", i32.add(gradient, i32.mul(block.from, i32.const(to.cols * n * 4))));
  gathered.bias(e, start, { pixels: i32.mul(rows, i32.const(to.cols)), block: block.block });
  if (sums === undefined) return;
  const rowBytes = from.cols * from.channels * 4;
  const picture = f.local("i32", addressAt(e.address(input.of), block.picture, from.rows * rowBytes));
  const { length, starts } = runsOf(forward);
  forEach(f, block.from, rows, (y) => {
    const values = f.local("i32", i32.add(picture, i32.mul(y, i32.const(window.strides[0] * rowBytes))));
    for (const [i, offset] of starts.entries()) {
      emitWeights(
        e,
        { pixels: i32.const(to.cols), k: length, n },
        [i32.add(values, i32.const(offset)), window.strides[1] * from.channels],
        [start, n],
        [i32.add(sums, i32.const(i * length * n * 4)), n],
      );
    }
    f.increase(start, to.cols * n * 4);
  });
}

/** Windows overlap: the rows of a picture are done one after the other. */
function emitWindowsInput(e: Emitter, operation: ConvolutionGradient, { gradientBytes, inputBytes }: Cut): void {
  const { f } = e;
  const { forward, input } = operation;
  if (input === undefined) return;
  const { from, to, window, batch } = forward;
  const rowBytes = from.cols * from.channels * 4;
  const { length, starts } = runsOf(forward);
  const k = length * starts.length;
  const kernel = e.kernel(ADD_RUNS, addRuns);
  e.share(batch, 1, (picture) => {
    const target = f.local("i32", addressAt(e.address(input.to), picture, from.rows * rowBytes));
    f.fill(target, i32.const(from.rows * rowBytes));
    const own = f.local("i32", picture);
    forEach(f, i32.const(0), i32.const(to.rows), (y) => {
      const end = f.local("i32", i32.add(y, i32.const(1)));
      const gradient = gradientRows(e, operation, own, { first: y, end });
      const runs = i32.add(e.scratch, i32.const(gradientBytes + inputBytes));
      emitProduct(e, {
        pixels: i32.const(to.cols),
        total: to.cols,
        block: to.cols,
        k: to.channels,
        n: k,
        a: i32.add(gradient, i32.mul(y, i32.const(to.cols * to.channels * 4))),
        b: e.weights.transposed(forward),
        c: runs,
        add: undefined,
      });
      for (const [i, offset] of starts.entries()) {
        f.call(kernel, [
          i32.const(to.cols),
          i32.const(length),
          i32.add(runs, i32.const(i * length * 4)),
          i32.const(k * 4),
          i32.add(target, i32.const(offset)),
          i32.const(window.strides[1] * from.channels * 4),
        ]);
      }
      f.increase(target, window.strides[0] * rowBytes);
    });
  });
}
