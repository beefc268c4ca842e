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
} from "../../kernels/i8/convert.ts";
import { ACTIVATION_BYTES, STORED_ZERO } from "../../kernels/i8/parts.ts";
import type { Expr } from "../../wasm/expression.ts";
import { f32, i32 } from "../../wasm/instructions.ts";
import { type Emitter, addressAt, forEach } from "../emit/emitter.ts";
import { emitIntegerConvolution } from "./emit-convolution.ts";
import type { Dequantize, IntegerMean, IntegerOperation, IntegerPad, Quantize } from "./operations.ts";
import { PIECES } from "./shares.ts";

/** About the number of numbers that one call of a conversion takes. */
const NUMBERS_PER_CALL = 2 ** 14;
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
      emitIntegerConvolution(emitter, operation);
  }
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

/** Writes a picture and what is around it, row by row; `inside` writes row `y` of the picture itself. */
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
