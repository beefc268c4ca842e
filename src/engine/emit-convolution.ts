/** Calls of the convolution kernels: the rows of a picture in register tiles, or row by row through the depthwise kernel. */
import { dwconv, dwconvName } from "../kernels/dwconv.ts";
import { type GemmVariant, gemm, gemmName, packedGemmSize } from "../kernels/gemm.ts";
import { COLUMNS, MOST_ROWS } from "../kernels/table.ts";
import type { AnyExpr, Expr, Local } from "../wasm/expression.ts";
import { i32 } from "../wasm/instructions.ts";
import { type Emitter, boundArguments } from "./emitter.ts";
import type { Convolution } from "./operations.ts";
import { isDepthwise } from "./plan.ts";

/** Multiply-adds of one call of a kernel, about: engines swap in optimized code from one call to the next. */
const MACS_PER_CALL = 2 ** 19;

export function emitConvolution(emitter: Emitter, operation: Convolution): void {
  if (isDepthwise(operation)) emitDepthwise(emitter, operation);
  else emitMatrix(emitter, operation);
}

function emitDepthwise(emitter: Emitter, operation: Convolution): void {
  const { f, arithmetic, weights } = emitter;
  const { from, to, window, bounds } = operation;
  const variant = {
    kernelRows: window.rows,
    kernelCols: window.cols,
    stride: window.strides[1],
    dilation: window.dilation[1],
    inputCols: from.cols,
    outputCols: to.cols,
    padLeft: window.pads[1][0],
    channels: from.channels,
    arithmetic,
    minmax: bounds !== undefined,
  };
  const kernel = emitter.kernel(dwconvName(variant), (module) => dwconv(module, variant));
  const packed = i32.const(weights.ofConvolution(operation));
  const rowBytes = from.cols * from.channels * 4;
  const input = emitter.address(operation.input);
  const output = f.local("i32", i32.const(emitter.address(operation.output)));
  const first = f.local("i32", i32.const(-window.pads[0][0]));
  const padded = window.pads[0].some((zeros) => zeros > 0);
  const row = (tap: number): Expr<"i32"> => {
    const y = i32.add(first, i32.const(tap * window.dilation[0]));
    const address = i32.add(i32.mul(y, i32.const(rowBytes)), i32.const(input));
    return padded ? i32.select(address, i32.const(emitter.zeros), i32.lt_u(y, i32.const(from.rows))) : address;
  };
  const left = f.local("i32", i32.const(to.rows));
  f.times(left, () => {
    const rows = Array.from({ length: window.rows }, (_, tap) => row(tap));
    f.call(kernel, [output, packed, ...boundArguments(bounds), ...rows]);
    f.increase(output, to.cols * to.channels * 4);
    f.increase(first, window.strides[0]);
  });
}

function emitMatrix(emitter: Emitter, operation: Convolution): void {
  const { f, weights } = emitter;
  const { from, to, window, groups, residual } = operation;
  const pixel = from.channels * 4;
  const outPixel = to.channels * 4;
  const whole = window.rows * window.cols === 1 && window.strides.every((stride) => stride === 1);
  const k = (window.rows * window.cols * from.channels) / groups;
  const n = to.channels / groups;
  const input = f.local("i32", i32.const(emitter.address(operation.input)));
  const output = f.local("i32", i32.const(emitter.address(operation.output)));
  const added = residual === undefined ? undefined : f.local("i32", i32.const(emitter.address(residual)));
  const packed = f.local("i32", i32.const(weights.ofConvolution(operation)));
  const pointers: Pointers = { input, output, added, packed };
  // All pixels are the rows of one matrix, or those of each row of the picture are.
  const group = (): void => {
    if (whole) emitRows(emitter, operation, to.rows * to.cols, pointers);
    else {
      const left = f.local("i32", i32.const(to.rows));
      f.times(left, () => {
        emitRows(emitter, operation, to.cols, pointers);
        f.increase(input, window.strides[0] * from.cols * pixel - to.cols * window.strides[1] * pixel);
      });
    }
  };
  if (groups === 1) group();
  else {
    const left = f.local("i32", i32.const(groups));
    const pixels = to.rows * to.cols;
    const inputBytes = whole ? pixels * pixel : to.rows * window.strides[0] * from.cols * pixel;
    f.times(left, () => {
      group();
      f.increase(input, (from.channels / groups) * 4 - inputBytes);
      f.increase(output, n * 4 - pixels * outPixel);
      f.increase(packed, packedGemmSize(k, n, COLUMNS) * 4);
    });
  }
}

/** They move with the rows. */
interface Pointers {
  readonly input: Local<"i32">;
  readonly output: Local<"i32">;
  readonly added: Local<"i32"> | undefined;
  readonly packed: Local<"i32">;
}

/** `pixels` rows of the matrix, in tiles. */
function emitRows(emitter: Emitter, operation: Convolution, pixels: number, pointers: Pointers): void {
  const { f, arithmetic } = emitter;
  const { from, to, window, groups, bounds } = operation;
  const { input, output, added, packed } = pointers;
  const aStride = window.strides[1] * from.channels * 4;
  const cStride = to.channels * 4;
  const channels = from.channels / groups;
  const n = to.channels / groups;
  const run = runs(operation);
  for (const { rows, tiles } of splitRows(pixels, MOST_ROWS[arithmetic])) {
    const variant: GemmVariant = {
      rows,
      columns: COLUMNS,
      arithmetic,
      minmax: bounds !== undefined,
      add: added !== undefined,
      window: run.window !== undefined,
    };
    const kernel = emitter.kernel(gemmName(variant), (module) => gemm(module, variant));
    const tileMacs = rows * window.rows * window.cols * channels * n;
    const most = Math.min(tiles, Math.max(1, Math.floor(MACS_PER_CALL / tileMacs)));
    const call = (count: Expr<"i32">): void => {
      const args: AnyExpr[] = [count, i32.const(run.k), i32.const(n), input, i32.const(aStride)];
      args.push(packed, output, i32.const(cStride));
      if (added !== undefined) args.push(added);
      args.push(...boundArguments(bounds), ...(run.window ?? []).map(i32.const));
      f.call(kernel, args);
    };
    const move = (count: number): void => {
      f.increase(input, count * rows * aStride);
      for (const pointer of [output, added]) if (pointer !== undefined) f.increase(pointer, count * rows * cStride);
    };
    const calls = Math.floor(tiles / most);
    const left = f.local("i32", i32.const(calls));
    f.times(left, () => {
      call(i32.const(most));
      move(most);
    });
    const rest = tiles - calls * most;
    if (rest > 0) {
      call(i32.const(rest));
      move(rest);
    }
  }
}

/** The runs of consecutive values under a window: their length, and for more than one the kernel's `window` arguments. */
function runs({ from, window, groups }: Convolution): { k: number; window: readonly number[] | undefined } {
  const channels = from.channels / groups;
  const pixel = from.channels * 4;
  if (window.rows * window.cols === 1) return { k: channels, window: undefined };
  // Neighbouring pixels of a window row are one run.
  const joined = groups === 1 && window.dilation[1] === 1;
  const k = joined ? window.cols * channels : channels;
  const cols = joined ? 1 : window.cols;
  const colSkip = joined ? 0 : window.dilation[1] * pixel - k * 4;
  const walked = joined ? k * 4 : cols * window.dilation[1] * pixel;
  return { k, window: [window.rows, cols, colSkip, window.dilation[0] * from.cols * pixel - walked] };
}

/** So many rows as tiles of nearly equal height, at most `most`: no thin one is left over. */
export function splitRows(rows: number, most: number): readonly { readonly rows: number; readonly tiles: number }[] {
  const tiles = Math.ceil(rows / most);
  const low = Math.floor(rows / tiles);
  const high = rows - low * tiles;
  return [
    { rows: low + 1, tiles: high },
    { rows: low, tiles: tiles - high },
  ].filter((split) => split.tiles > 0);
}
