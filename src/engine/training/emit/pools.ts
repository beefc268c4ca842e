/** Pools over the pixels of whole pictures or of windows, forwards and backwards. */
import { pool } from "../../../kernels/f32/reduce.ts";
import { SPREAD, columnSums, columnSumsName, spread } from "../../../kernels/training/elementwise.ts";
import {
  POOL_MAX_GRADIENT,
  POOL_MEAN_GRADIENT,
  poolMaxGradient,
  poolMeanGradient,
} from "../../../kernels/training/pool.ts";
import type { Expr } from "../../../wasm/expression.ts";
import { min } from "../../../wasm/extremes.ts";
import { f32, i32 } from "../../../wasm/instructions.ts";
import { align } from "../../plan/arena.ts";
import { along } from "../../emit/pool.ts";
import { addressAt, forEach } from "../../emit/emitter.ts";
import { pixelBlocks } from "../blocks.ts";
import { emitScaled } from "./scaling.ts";
import type { Emitter } from "./emitter.ts";
import type { AverageGradient, LargestGradient, MeanGradient } from "../gradients.ts";
import { type Average, type Largest, type Matrix, type Mean, isRaw } from "../operations.ts";
import type { Needs } from "../plan.ts";
import type { Picture } from "../../../lowering/picture.ts";

/** The pixels of a picture whose mean is taken, in blocks. */
function meanBlocks({ batch, input }: Mean, matrix: Matrix): { readonly pixels: number; readonly size: number } {
  const pixels = matrix.pixels / batch;
  return { pixels, size: isRaw(input) ? pixels : pixelBlocks(pixels, matrix.channels).size };
}

export function meanNeeds(operation: Mean, matrix: Matrix): Needs {
  const scratchBytes = isRaw(operation.input) ? 0 : meanBlocks(operation, matrix).size * matrix.channels * 4;
  return { scratchBytes: align(scratchBytes) + align(matrix.channels * 4), workspaceBytes: 0 };
}

export function emitMean(e: Emitter, operation: Mean): void {
  const { f } = e;
  const { input, output, batch } = operation;
  const matrix = e.matrix(input.of);
  const { channels } = matrix;
  const { pixels: total, size } = meanBlocks(operation, matrix);
  const { arithmetic } = e.tiling;
  const kernel = e.kernel(columnSumsName(arithmetic), (module) => columnSums(module, { arithmetic }));
  // Whole vectors are written.
  const bytes = i32.const(align(channels * 4));
  e.share(batch, 1, (picture) => {
    f.fill(e.scratch, bytes);
    const done = f.local("i32", i32.const(0));
    f.repeat(
      () => {
        const pixels = f.local("i32", min(i32.const(size), i32.sub(i32.const(total), done)));
        const first = i32.add(i32.mul(picture, i32.const(total)), done);
        const values = emitScaled(e, input, { pixels, first }, i32.add(e.scratch, bytes));
        f.call(kernel, [pixels, i32.const(channels), values, e.scratch, f32.const(1 / total)]);
        f.increase(done, size);
      },
      i32.lt_s(done, i32.const(total)),
    );
    f.copy(addressAt(e.address(output), picture, channels * 4), e.scratch, i32.const(channels * 4));
  });
}

export function emitMeanGradient(e: Emitter, { forward, from, to }: MeanGradient): void {
  const { pixels, channels } = e.matrix(to);
  const each = pixels / forward.batch;
  const kernel = e.kernel(SPREAD, spread);
  e.share(forward.batch, 1, (picture) =>
    e.f.call(kernel, [
      i32.const(each),
      i32.const(channels),
      addressAt(e.address(from), picture, channels * 4),
      addressAt(e.address(to), picture, each * channels * 4),
      f32.const(1 / each),
    ]),
  );
}

/** A whole picture's values, and a number for each channel. */
export function largestNeeds({ input, batch }: Largest, { pixels, channels }: Matrix): Needs {
  const picture = isRaw(input) ? 0 : (pixels / batch) * channels * 4;
  return { scratchBytes: align(channels * 4) + align(picture), workspaceBytes: 0 };
}

/** The address of a picture's values. */
function pictureOf(
  e: Emitter,
  { input, batch }: Largest,
  picture: Expr<"i32">,
): { values: Expr<"i32">; pixels: number } {
  const { pixels, channels } = e.matrix(input.of);
  const each = pixels / batch;
  const run = { pixels: i32.const(each), first: i32.mul(picture, i32.const(each)) };
  return { values: emitScaled(e, input, run, i32.add(e.scratch, i32.const(align(channels * 4)))), pixels: each };
}

export function emitLargest(e: Emitter, operation: Largest): void {
  const { input, output, batch } = operation;
  const { channels } = e.matrix(input.of);
  const kernel = e.kernel("pool max", (module) => pool(module, { mode: "max" }));
  e.share(batch, 1, (picture) => {
    const { values, pixels } = pictureOf(e, operation, picture);
    const to = addressAt(e.address(output), picture, channels * 4);
    const counts = [1, pixels, channels, channels * 4, 0].map(i32.const);
    e.f.call(kernel, [to, values, ...counts, f32.const(1)]);
  });
}

export function emitLargestGradient(e: Emitter, { forward, from, to }: LargestGradient): void {
  const { channels } = e.matrix(to);
  const kernel = e.kernel(POOL_MAX_GRADIENT, poolMaxGradient);
  e.share(forward.batch, 1, (picture) => {
    const { values, pixels } = pictureOf(e, forward, picture);
    const numbers = [forward.output, from].map((one) => addressAt(e.address(one), picture, channels * 4));
    const target = addressAt(e.address(to), picture, pixels * channels * 4);
    e.f.call(kernel, [i32.const(pixels), i32.const(channels), values, target, ...numbers, e.scratch]);
  });
}

/** Runs `body` for a row of windows: each cut to its part inside the picture. */
function eachWindow(
  e: Emitter,
  { from, to, window }: Average,
  y: Expr<"i32">,
  body: (
    part: {
      readonly rows: Expr<"i32">;
      readonly cols: Expr<"i32">;
      readonly rowSkip: Expr<"i32">;
      readonly scale: Expr<"f32">;
    },
    /** The number of the part's first pixel in its picture, and of the window. */
    first: Expr<"i32">,
    place: Expr<"i32">,
  ) => void,
): void {
  const { f } = e;
  const [[top], [left]] = window.pads;
  const rows = along(f, { size: window.rows, stride: window.strides[0], before: top, length: from.rows });
  const cols = along(f, { size: window.cols, stride: window.strides[1], before: left, length: from.cols });
  rows.cut(y);
  forEach(f, i32.const(0), i32.const(to.cols), (x) => {
    cols.cut(x);
    const rowSkip = i32.mul(i32.sub(i32.const(from.cols), cols.count), i32.const(from.channels * 4));
    const scale = f32.div(f32.const(1), f32.convert_i32_s(i32.mul(rows.count, cols.count)));
    body(
      { rows: rows.count, cols: cols.count, rowSkip, scale },
      i32.add(i32.mul(rows.from, i32.const(from.cols)), cols.from),
      i32.add(i32.mul(y, i32.const(to.cols)), x),
    );
  });
}

function bytesOf({ rows, cols, channels }: Picture): number {
  return rows * cols * channels * 4;
}

/** The address of a pixel of a picture. */
function pixelAt(
  address: number,
  picture: Expr<"i32">,
  bytes: number,
  pixel: Expr<"i32">,
  channels: number,
): Expr<"i32"> {
  return i32.add(addressAt(address, picture, bytes), i32.mul(pixel, i32.const(channels * 4)));
}

export function emitAverage(e: Emitter, operation: Average): void {
  const { input, output, batch, from, to } = operation;
  const { channels } = from;
  const [inBytes, outBytes] = [bytesOf(from), bytesOf(to)];
  const kernel = e.kernel("pool mean", (module) => pool(module, { mode: "mean" }));
  e.share(batch * to.rows, 1, (row) => {
    const picture = e.f.local("i32", i32.div_u(row, i32.const(to.rows)));
    const y = e.f.local("i32", i32.sub(row, i32.mul(picture, i32.const(to.rows))));
    eachWindow(e, operation, y, ({ rows, cols, rowSkip, scale }, first, place) =>
      e.f.call(kernel, [
        pixelAt(e.address(output), picture, outBytes, place, channels),
        pixelAt(e.address(input), picture, inBytes, first, channels),
        rows,
        cols,
        i32.const(channels),
        i32.const(channels * 4),
        rowSkip,
        scale,
      ]),
    );
  });
}

/** Windows may overlap: every picture's one after the other. */
export function emitAverageGradient(e: Emitter, { forward, from: gradient, to: target }: AverageGradient): void {
  const { batch, from, to } = forward;
  const { channels } = from;
  const [inBytes, outBytes] = [bytesOf(from), bytesOf(to)];
  const kernel = e.kernel(POOL_MEAN_GRADIENT, poolMeanGradient);
  e.share(batch, 1, (picture) => {
    e.f.fill(addressAt(e.address(target), picture, inBytes), i32.const(inBytes));
    forEach(e.f, i32.const(0), i32.const(to.rows), (y) =>
      eachWindow(e, forward, y, ({ rows, cols, rowSkip, scale }, first, place) =>
        e.f.call(kernel, [
          pixelAt(e.address(target), picture, inBytes, first, channels),
          pixelAt(e.address(gradient), picture, outBytes, place, channels),
          rows,
          cols,
          i32.const(channels),
          rowSkip,
          scale,
        ]),
      ),
    );
  });
}
