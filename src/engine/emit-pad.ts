/** Zeros around a picture: a copy into the middle of a larger one, or only the border of one that is already there. */
import { i32 } from "../wasm/instructions.ts";
import type { Emitter } from "./emitter.ts";
import type { Pad } from "./operations.ts";

export function emitPad(emitter: Emitter, operation: Pad): void {
  const { f } = emitter;
  const { top, left, rowBytes, stride } = layout(operation);
  const { rows } = operation.from;
  emitBorder(emitter, operation);
  const from = f.local("i32", i32.const(emitter.address(operation.input)));
  const to = f.local("i32", i32.const(emitter.address(operation.output) + top * stride + left));
  const y = f.local("i32", i32.const(rows));
  f.times(y, () => {
    f.copy(to, from, i32.const(rowBytes));
    f.increase(from, rowBytes);
    f.increase(to, stride);
  });
}

/** Writes the zeros alone. */
export function emitBorder(emitter: Emitter, operation: Pad): void {
  const { f } = emitter;
  const { top, bottom, left, right, rowBytes, stride } = layout(operation);
  const { rows } = operation.from;
  const start = emitter.address(operation.output);
  const zero = (address: number, bytes: number): void => {
    if (bytes > 0) f.fill(i32.const(address), i32.const(bytes));
  };
  // The right border of a row and the left one of the next lie side by side.
  zero(start, top * stride + left);
  zero(start + (top + rows) * stride - right, right + bottom * stride);
  if (left + right > 0 && rows > 1) {
    const at = f.local("i32", i32.const(start + top * stride + left + rowBytes));
    const y = f.local("i32", i32.const(rows - 1));
    f.times(y, () => {
      f.fill(at, i32.const(left + right));
      f.increase(at, stride);
    });
  }
}

/** All in bytes but `top` and `bottom`, which are rows. */
function layout({ from, pads }: Pad) {
  const [[top, bottom], [leftPixels, rightPixels]] = pads;
  const pixel = from.channels * 4;
  const [left, right, rowBytes] = [leftPixels * pixel, rightPixels * pixel, from.cols * pixel];
  return { top, bottom, left, right, rowBytes, stride: left + rowBytes + right };
}
