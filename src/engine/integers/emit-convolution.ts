/** Calls of the integer convolution kernels: the pixels of a picture in register tiles, or row by row. */
import { i8Dwconv, i8DwconvName, i8DwconvScratch } from "../../kernels/i8/dwconv.ts";
import { type I8GemmVariant, PANEL, groupsOf, i8Gemm, i8GemmName, i8PanelBytes } from "../../kernels/i8/gemm.ts";
import { ACTIVATION_BYTES, STORED_ZERO } from "../../kernels/i8/parts.ts";
import type { AnyExpr, Expr } from "../../wasm/expression.ts";
import { min } from "../../wasm/extremes.ts";
import { i32 } from "../../wasm/instructions.ts";
import type { GemmArguments } from "../emit/convolution.ts";
import { type Emitter, addressAt, forEach } from "../emit/emitter.ts";
import { DEPTHWISE_PIECES, depthwiseVariant, matrixOf, windowOf } from "./kernels.ts";
import type { IntegerConvolution } from "./operations.ts";
import { PIECES, type Part, type Share, matrixScratch, partsOf, pixelShares } from "./shares.ts";

export function emitIntegerConvolution(emitter: Emitter, operation: IntegerConvolution): void {
  if (operation.by === "depthwise") emitDepthwise(emitter, operation);
  else if (operation.by === "pixels") for (const share of pixelShares(operation)) emitShare(emitter, operation, share);
  else emitRows(emitter, operation);
}

function emitDepthwise(emitter: Emitter, operation: IntegerConvolution): void {
  const { f } = emitter;
  const { from, to, window, mode, padding } = operation;
  const variant = depthwiseVariant(operation);
  const { rows, stride } = variant;
  const kernel = emitter.kernel(i8DwconvName(variant), (module) => i8Dwconv(module, variant));
  const weights = i32.const(emitter.weights.ofBytes(operation.weights));
  const outside = i32.const(emitter.weights.ofBytes(operation.outside));
  const stored = i32.const(padding + STORED_ZERO[mode]);
  const inputRow = from.cols * from.channels * ACTIVATION_BYTES[mode];
  const outputRow = to.cols * to.channels * resultBytes(operation);
  const padded = window.pads[0].some((pixels) => pixels > 0);
  const calls = Math.ceil(to.rows / rows);
  const most = Math.ceil(calls / DEPTHWISE_PIECES);
  emitter.share(calls, most, (first, count) => {
    const piece = i32.div_s(first, i32.const(most));
    const scratch = f.local("i32", addressAt(emitter.scratch, piece, i8DwconvScratch(variant)));
    forEach(f, first, count, (call) => {
      // If the number of rows is odd, the last call computes one of them again.
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
      f.call(kernel, [output, i32.const(outputRow), weights, ...inputs, scratch, stored]);
    });
  });
}

/** A convolution of single pixels: all of them are the rows of one matrix, here a part of it. */
function emitShare(emitter: Emitter, operation: IntegerConvolution, share: Share): void {
  const { mode, from, to, residual } = operation;
  const { rows, panels, firstPixel, tiles, firstPanel, allPanels, by, total, most, firstPiece } = share;
  const [k, n] = [from.channels, to.channels];
  const packed = emitter.weights.ofBytes(operation.weights);
  const panelBytes = i8PanelBytes(matrixOf(operation));
  const columnsFrom = (panel: Expr<"i32">): Expr<"i32"> => i32.sub(i32.const(n), i32.mul(panel, i32.const(PANEL)));
  emitter.share(total, most, (first, count) => {
    const pixel =
      by === "rows" ? i32.add(i32.mul(first, i32.const(rows)), i32.const(firstPixel)) : i32.const(firstPixel);
    const panel =
      by === "rows" ? i32.const(firstPanel) : i32.add(i32.mul(first, i32.const(panels)), i32.const(firstPanel));
    const columns =
      by === "rows"
        ? i32.const(Math.min(n - firstPanel * PANEL, allPanels * PANEL))
        : min(columnsFrom(panel), i32.mul(count, i32.const(panels * PANEL)));
    const at = (value: number, bytes: number): Expr<"i32"> =>
      i32.add(addressAt(emitter.address(value), pixel, n * bytes), i32.mul(panel, i32.const(PANEL * bytes)));
    const piece = i32.add(i32.div_s(first, i32.const(most)), i32.const(firstPiece));
    emitGemm(emitter, operation, share, {
      tiles: by === "rows" ? count : i32.const(tiles),
      n: columns,
      a: addressAt(emitter.address(operation.input), pixel, k * ACTIVATION_BYTES[mode]),
      b: addressAt(packed, panel, panelBytes),
      c: at(operation.output, resultBytes(operation)),
      r: residual && at(residual.value, ACTIVATION_BYTES[mode]),
      scratch: addressAt(emitter.scratch, piece, matrixScratch(operation)),
    });
  });
}

/** A convolution with a window: each row of its output is a matrix. */
function emitRows(emitter: Emitter, operation: IntegerConvolution): void {
  const { f } = emitter;
  const { mode, from, to, window, residual } = operation;
  const pixel = from.channels * ACTIVATION_BYTES[mode];
  const result = resultBytes(operation);
  const added = ACTIVATION_BYTES[mode];
  const packed = emitter.weights.ofBytes(operation.weights);
  const panelBytes = i8PanelBytes(matrixOf(operation));
  const inputRow = window.strides[0] * from.cols * pixel;
  const outputRow = to.cols * to.channels;
  const most = Math.ceil(to.rows / PIECES);
  emitter.share(to.rows, most, (first, count) => {
    const piece = i32.div_s(first, i32.const(most));
    const scratch = f.local("i32", addressAt(emitter.scratch, piece, matrixScratch(operation)));
    forEach(f, first, count, (y) => {
      const input = f.local("i32", addressAt(emitter.address(operation.input), y, inputRow));
      const output = f.local("i32", addressAt(emitter.address(operation.output), y, outputRow * result));
      const r = residual && f.local("i32", addressAt(emitter.address(residual.value), y, outputRow * added));
      for (const part of partsOf(operation, to.cols)) {
        const { firstPixel, tiles, firstPanel, allPanels } = part;
        const place = firstPixel * to.channels + firstPanel * PANEL;
        emitGemm(emitter, operation, part, {
          tiles: i32.const(tiles),
          n: i32.const(Math.min(to.channels - firstPanel * PANEL, allPanels * PANEL)),
          a: i32.add(input, i32.const(firstPixel * window.strides[1] * pixel)),
          b: i32.const(packed + firstPanel * panelBytes),
          c: i32.add(output, i32.const(place * result)),
          r: r && i32.add(r, i32.const(place * added)),
          scratch,
        });
      }
    });
  });
}

interface IntegerGemmArguments extends GemmArguments {
  readonly scratch: Expr<"i32">;
}

/** Calls the matrix kernel whose tile has `rows` rows and `panels` panels. */
function emitGemm(
  emitter: Emitter,
  operation: IntegerConvolution,
  { rows, panels }: Pick<Part, "rows" | "panels">,
  { tiles, n, a, b, c, r, scratch }: IntegerGemmArguments,
): void {
  const { mode, wide, from, to, results: output } = operation;
  const window = windowOf(operation);
  const matrix = matrixOf(operation);
  const add = r !== undefined;
  const variant: I8GemmVariant = { mode, wide, output, rows, panels, add, window: window !== undefined };
  const kernel = emitter.kernel(i8GemmName(variant), (module) => i8Gemm(module, variant));
  const aStride = operation.window.strides[1] * from.channels * ACTIVATION_BYTES[mode];
  const args: AnyExpr[] = [tiles, i32.const(groupsOf(mode, matrix.k)), n, a, i32.const(aStride)];
  args.push(b, i32.const(i8PanelBytes(matrix)), c, i32.const(to.channels * resultBytes(operation)));
  if (r !== undefined) args.push(r, i32.const(to.channels * ACTIVATION_BYTES[mode]));
  args.push(...(window ?? []).map(i32.const));
  if (wide) args.push(scratch);
  emitter.f.call(kernel, args);
}

function resultBytes({ results, mode }: IntegerConvolution): number {
  return results === "f32" ? 4 : ACTIVATION_BYTES[mode];
}
