/** Zeros around a picture: a copy into the middle of a larger one, or only the border of one that is already there. */
import { i32 } from "../../wasm/instructions.ts";
import { type Emitter, addressAt, forEach } from "./emitter.ts";
import type { Pad } from "../../lowering/operations.ts";

export function emitPad(emitter: Emitter, operation: Pad): void {
  const { f } = emitter;
  const { top, left, rowBytes, stride } = layout(operation);
  const [from, to] = [emitter.address(operation.input), emitter.address(operation.output) + top * stride + left];
  emitBorder(emitter, operation);
  emitter.share(operation.from.rows, operation.from.rows, (first, count) =>
    forEach(f, first, count, (y) =>
      f.copy(addressAt(to, y, stride), addressAt(from, y, rowBytes), i32.const(rowBytes)),
    ),
  );
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
  emitter.share(1, 1, () => {
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
  });
}

/** The border in numbers: `top` and `bottom` are rows, all else is bytes. */
function layout({ from, pads }: Pad) {
  const [[top, bottom], [leftPixels, rightPixels]] = pads;
  const pixel = from.channels * 4;
  const [left, right, rowBytes] = [leftPixels * pixel, rightPixels * pixel, from.cols * pixel];
  return { top, bottom, left, right, rowBytes, stride: left + rowBytes + right };
}
