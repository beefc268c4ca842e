/** Calls of the integer kernels. */
import {
  dequantize,
  dequantizeName,
  fill,
  fillName,
  mean,
  meanName,
  quantize,
  quantizeName,
} from "../../kernels/i8-convert.ts";
import { i8Dwconv, i8DwconvName, i8DwconvScratch } from "../../kernels/i8-dwconv.ts";
import { type I8GemmVariant, PANEL, groupsOf, i8Gemm, i8GemmName, i8PanelBytes } from "../../kernels/i8-gemm.ts";
import { ACTIVATION_BYTES, STORED_ZERO } from "../../kernels/i8-parts.ts";
import { MOST_I8_ROWS, SINGLE_ROW_PANELS } from "../../kernels/i8-table.ts";
import type { AnyExpr, Expr } from "../../wasm/expression.ts";
import { f32, i32 } from "../../wasm/instructions.ts";
import { splitRows } from "../tiles.ts";
import { type Emitter, addressAt, forEach } from "../emitter.ts";
import { DEPTHWISE_PIECES, depthwiseVariant, matrixOf, windowOf } from "./kernels.ts";
import type {
  Dequantize,
  IntegerConvolution,
  IntegerMean,
  IntegerOperation,
  IntegerPad,
  Quantize,
} from "./operations.ts";

/** Multiply-adds of one call of a kernel, about: engines swap in optimized code from one call to the next. */
const MACS_PER_CALL = 2 ** 20;
/** Numbers of one call of a conversion, about. */
const NUMBERS_PER_CALL = 2 ** 14;
/** From so many tiles of rows on, these are shared between threads; panels of columns are before. */
const MANY_TILES = 32;
/** The least number of pieces that a convolution is cut into, where it can be. */
const PIECES = 8;
const EIGHT = 8;

export function emitIntegers(emitter: Emitter, operation: IntegerOperation): void {
  switch (operation.kind) {
    case "quantize":
      emitQuantize(emitter, operation);
      return;
    case "dequantize":
      emitDequantize(emitter, operation);
      return;
    case "integer pad":
      emitPad(emitter, operation);
      return;
    case "integer mean":
      emitMean(emitter, operation);
      return;
    case "integer convolution":
      emitConvolution(emitter, operation);
  }
}

function emitConvolution(emitter: Emitter, operation: IntegerConvolution): void {
  const { window } = operation;
  if (operation.depthwise) emitDepthwise(emitter, operation);
  else if (window.rows * window.cols === 1 && window.strides.every((stride) => stride === 1))
    emitPixels(emitter, operation);
  else emitRows(emitter, operation);
}

function emitDepthwise(emitter: Emitter, operation: IntegerConvolution): void {
  const { f } = emitter;
  const { from, to, window, mode, padding } = operation;
  const variant = depthwiseVariant(operation);
  const { rows, stride } = variant;
  const kernel = emitter.kernel(i8DwconvName(variant), (module) => i8Dwconv(module, variant));
  const weights = i32.const(emitter.weights.ofIntegerConvolution(operation));
  const outside = i32.const(emitter.weights.paddingOf(operation));
  const inputRow = from.cols * from.channels * ACTIVATION_BYTES[mode];
  const outputRow = to.cols * to.channels * resultBytes(operation);
  const padded = window.pads[0].some((pixels) => pixels > 0);
  const calls = Math.ceil(to.rows / rows);
  const most = Math.ceil(calls / DEPTHWISE_PIECES);
  emitter.share(calls, most, (first, count) => {
    const scratch = f.local(
      "i32",
      addressAt(emitter.scratch, i32.div_s(first, i32.const(most)), i8DwconvScratch(variant)),
    );
    forEach(f, first, count, (call) => {
      // The last call of an odd number of rows does one again.
      const y = f.local("i32", i32.mul(call, i32.const(rows)));
      if (to.rows % rows > 0) f.if(i32.gt_s(y, i32.const(to.rows - rows)), () => f.set(y, i32.const(to.rows - rows)));
      const top = f.local("i32", i32.sub(i32.mul(y, i32.const(stride)), i32.const(window.pads[0][0])));
      const inputs = [0, 1, 2, 3].map((tap) => {
        if (rows === 1 && tap === 3) return outside;
        const row = i32.add(top, i32.const(tap));
        const address = addressAt(emitter.address(operation.input), row, inputRow);
        return padded ? i32.select(address, outside, i32.lt_u(row, i32.const(from.rows))) : address;
      });
      const output = addressAt(emitter.address(operation.output), y, outputRow);
      f.call(kernel, [
        output,
        i32.const(outputRow),
        weights,
        ...inputs,
        scratch,
        i32.const(padding + STORED_ZERO[mode]),
      ]);
    });
  });
}

/** A convolution of single pixels: all of them are the rows of one matrix. */
function emitPixels(emitter: Emitter, operation: IntegerConvolution): void {
  const { mode, from, to, residual } = operation;
  const pixels = to.rows * to.cols;
  const [k, n] = [from.channels, to.channels];
  const packed = emitter.weights.ofIntegerConvolution(operation);
  const panelBytes = i8PanelBytes(matrixOf(operation));
  const splits = splitRows(pixels, MOST_I8_ROWS[mode]);
  const tilesInAll = splits.reduce((sum, { tiles }) => sum + tiles, 0);
  const panels = Math.ceil(n / PANEL);
  let firstPixel = 0;
  for (const { rows, tiles } of splits) {
    const start = firstPixel;
    /** Tiles from `tile` on, columns from `panel` on. */
    const call = (
      tile: Expr<"i32">,
      count: Expr<"i32">,
      { panel, columns, wide = 1 }: { panel: Expr<"i32">; columns: Expr<"i32">; wide?: number },
    ): void => {
      const pixel = i32.add(i32.mul(tile, i32.const(rows)), i32.const(start));
      const at = (value: number, bytes: number): Expr<"i32"> =>
        i32.add(addressAt(emitter.address(value), pixel, n * bytes), i32.mul(panel, i32.const(PANEL * bytes)));
      emitGemm(
        emitter,
        operation,
        { rows, panels: wide },
        {
          tiles: count,
          n: columns,
          a: addressAt(emitter.address(operation.input), pixel, k * ACTIVATION_BYTES[mode]),
          b: addressAt(packed, panel, panelBytes),
          c: at(operation.output, resultBytes(operation)),
          r: residual && at(residual.value, ACTIVATION_BYTES[mode]),
        },
      );
    };
    if (tilesInAll >= MANY_TILES || panels === 1) {
      const most = Math.max(1, Math.floor(MACS_PER_CALL / (rows * k * n)));
      const all = { panel: i32.const(0), columns: i32.const(n) };
      emitter.share(tiles, most, (tile, count) => call(tile, count, all));
    } else {
      /** Groups of so many panels side by side, from `first` to the panel before `end`. */
      const columns = (first: number, end: number, wide: number): void => {
        const groups = Math.ceil((end - first) / wide);
        const most = Math.max(1, Math.floor(MACS_PER_CALL / (rows * tiles * k * wide * PANEL)));
        if (groups === 0) return;
        emitter.share(groups, Math.min(most, Math.ceil(groups / PIECES)), (group, count) => {
          const panel = i32.add(i32.mul(group, i32.const(wide)), i32.const(first));
          const left = i32.sub(i32.const(n), i32.mul(panel, i32.const(PANEL)));
          call(i32.const(0), i32.const(tiles), {
            panel,
            columns: min(left, i32.mul(count, i32.const(wide * PANEL))),
            wide,
          });
        });
      };
      // A single row has as many sums in flight as a tile of rows when several panels are side by side.
      const whole = rows === 1 ? Math.floor(n / (PANEL * SINGLE_ROW_PANELS)) * SINGLE_ROW_PANELS : 0;
      columns(0, whole, SINGLE_ROW_PANELS);
      columns(whole, panels, 1);
    }
    firstPixel += tiles * rows;
  }
}

/** A convolution with a window: each row of its output is a matrix. */
function emitRows(emitter: Emitter, operation: IntegerConvolution): void {
  const { f } = emitter;
  const { mode, from, to, window, residual } = operation;
  const pixel = from.channels * ACTIVATION_BYTES[mode];
  const result = to.channels * resultBytes(operation);
  const added = to.channels * ACTIVATION_BYTES[mode];
  const packed = i32.const(emitter.weights.ofIntegerConvolution(operation));
  emitter.share(to.rows, Math.ceil(to.rows / PIECES), (first, count) =>
    forEach(f, first, count, (y) => {
      const input = f.local(
        "i32",
        addressAt(emitter.address(operation.input), y, window.strides[0] * from.cols * pixel),
      );
      const output = f.local("i32", addressAt(emitter.address(operation.output), y, to.cols * result));
      const r = residual && f.local("i32", addressAt(emitter.address(residual.value), y, to.cols * added));
      let x = 0;
      for (const { rows, tiles } of splitRows(to.cols, MOST_I8_ROWS[mode])) {
        emitGemm(
          emitter,
          operation,
          { rows, panels: 1 },
          {
            tiles: i32.const(tiles),
            n: i32.const(to.channels),
            a: i32.add(input, i32.const(x * window.strides[1] * pixel)),
            b: packed,
            c: i32.add(output, i32.const(x * result)),
            r: r && i32.add(r, i32.const(x * added)),
          },
        );
        x += rows * tiles;
      }
    }),
  );
}

interface GemmArguments {
  readonly tiles: Expr<"i32">;
  readonly n: Expr<"i32">;
  readonly a: Expr<"i32">;
  readonly b: Expr<"i32">;
  readonly c: Expr<"i32">;
  readonly r: Expr<"i32"> | undefined;
}

/** Calls the matrix kernel whose tile has so many rows and panels. */
function emitGemm(
  emitter: Emitter,
  operation: IntegerConvolution,
  tile: { readonly rows: number; readonly panels: number },
  { tiles, n, a, b, c, r }: GemmArguments,
): void {
  const { mode, from, to } = operation;
  const window = windowOf(operation);
  const matrix = matrixOf(operation);
  const variant: I8GemmVariant = {
    mode,
    output: operation.results,
    ...tile,
    add: r !== undefined,
    window: window !== undefined,
  };
  const kernel = emitter.kernel(i8GemmName(variant), (module) => i8Gemm(module, variant));
  const aStride = operation.window.strides[1] * from.channels * ACTIVATION_BYTES[mode];
  const args: AnyExpr[] = [tiles, i32.const(groupsOf(mode, matrix.k)), n, a, i32.const(aStride)];
  args.push(b, i32.const(i8PanelBytes(matrix)), c, i32.const(to.channels * resultBytes(operation)));
  if (r !== undefined) args.push(r, i32.const(to.channels * ACTIVATION_BYTES[mode]));
  emitter.f.call(kernel, [...args, ...(window ?? []).map(i32.const)]);
}

function emitQuantize(emitter: Emitter, operation: Quantize): void {
  const { f } = emitter;
  const { mode, factor, offset, size, padded, input, output } = operation;
  const kernel = emitter.kernel(quantizeName(mode), (module) => quantize(module, mode));
  const numbers = [factor, offset].map(f32.const);
  if (padded !== undefined) {
    const row = padded.from.cols * padded.from.channels;
    emitSurrounded(emitter, { ...padded, mode, output }, (y, to) =>
      f.call(kernel, [i32.const(row), addressAt(emitter.address(input), y, row * 4), to, ...numbers]),
    );
    return;
  }
  emitter.share(Math.ceil(size / EIGHT), NUMBERS_PER_CALL / EIGHT, (first, count) =>
    f.call(kernel, [
      i32.mul(count, i32.const(EIGHT)),
      addressAt(emitter.address(input), first, EIGHT * 4),
      addressAt(emitter.address(output), first, EIGHT * ACTIVATION_BYTES[mode]),
      ...numbers,
    ]),
  );
}

function emitDequantize(emitter: Emitter, { mode, scale, offset, size, input, output }: Dequantize): void {
  const { f } = emitter;
  const kernel = emitter.kernel(dequantizeName(mode), (module) => dequantize(module, mode));
  emitter.share(Math.ceil(size / EIGHT), NUMBERS_PER_CALL / EIGHT, (first, count) =>
    f.call(kernel, [
      i32.mul(count, i32.const(EIGHT)),
      addressAt(emitter.address(input), first, EIGHT * ACTIVATION_BYTES[mode]),
      addressAt(emitter.address(output), first, EIGHT * 4),
      f32.const(scale),
      f32.const(offset),
    ]),
  );
}

function emitPad(emitter: Emitter, operation: IntegerPad): void {
  const { from, mode, input } = operation;
  const row = from.cols * from.channels * ACTIVATION_BYTES[mode];
  emitSurrounded(emitter, operation, (y, to) =>
    emitter.f.copy(to, addressAt(emitter.address(input), y, row), i32.const(row)),
  );
}

/** Writes a picture and what is around it, a row a piece; `inside` writes row `y` of the picture itself. */
function emitSurrounded(
  emitter: Emitter,
  { from, pads, padding, mode, output }: Pick<IntegerPad, "from" | "pads" | "padding" | "mode" | "output">,
  inside: (y: Expr<"i32">, to: Expr<"i32">) => void,
): void {
  const { f } = emitter;
  const [[top, bottom], [left, right]] = pads;
  const rows = top + from.rows + bottom;
  const pixel = from.channels * ACTIVATION_BYTES[mode];
  const stride = (left + from.cols + right) * pixel;
  const kernel = emitter.kernel(fillName(mode), (module) => fill(module, mode));
  const surround = (to: Expr<"i32">, pixels: number): void => {
    if (pixels > 0) f.call(kernel, [to, i32.const(pixels * from.channels), i32.const(padding + STORED_ZERO[mode])]);
  };
  emitter.share(rows, Math.ceil(rows / PIECES), (first, count) =>
    forEach(f, first, count, (row) => {
      const to = f.local("i32", addressAt(emitter.address(output), row, stride));
      const y = f.local("i32", i32.sub(row, i32.const(top)));
      f.if(
        i32.lt_u(y, i32.const(from.rows)),
        () => {
          surround(to, left);
          inside(y, i32.add(to, i32.const(left * pixel)));
          surround(i32.add(to, i32.const((left + from.cols) * pixel)), right);
        },
        () => surround(to, left + from.cols + right),
      );
    }),
  );
}

function emitMean(emitter: Emitter, { mode, from, start, factor, results, input, output }: IntegerMean): void {
  const variant = { mode, output: results };
  const kernel = emitter.kernel(meanName(variant), (module) => mean(module, variant));
  const numbers = [from.rows * from.cols, from.channels, emitter.address(input), emitter.address(output), start];
  emitter.share(1, 1, () => emitter.f.call(kernel, [...numbers.map(i32.const), f32.const(factor)]));
}

function resultBytes({ results, mode }: IntegerConvolution): number {
  return results === "f32" ? 4 : ACTIVATION_BYTES[mode];
}

function min(a: Expr<"i32">, b: Expr<"i32">): Expr<"i32"> {
  return i32.select(a, b, i32.lt_s(a, b));
}
