/** Zeros around pictures. */
import type { Padding2D } from "../../../core/padding.ts";
import type { Picture } from "../../../lowering/picture.ts";
import { i32 } from "../../../wasm/instructions.ts";
import { addressAt, forEach } from "../../emit/emitter.ts";
import type { Emitter } from "../emit/emitter.ts";
import { emitScale } from "../emit/scaling.ts";
import type { InputGradient } from "../gradients.ts";
import { type View, isRaw } from "../matrices.ts";
import type { BackwardKind, ForwardKind } from "./kind.ts";

export interface Pad {
  readonly kind: "pad";
  readonly input: View;
  readonly output: number;
  readonly batch: number;
  readonly from: Picture;
  readonly pads: Padding2D;
}

export interface PadGradient extends InputGradient<Pad> {
  readonly kind: "pad gradient";
}

export const pad: ForwardKind<Pad, PadGradient> = {
  reads: ({ input }) => [input],
  writes: ({ output }) => [output],
  emit: emitPad,
  gradient: (forward, tape) => {
    const from = tape.output();
    tape.write(forward.input, (to) => ({ kind: "pad gradient", forward, from, to }));
  },
};

export const padGradient: BackwardKind<PadGradient> = {
  reads: ({ from }) => [from],
  writes: ({ to }) => [to],
  emit: emitGradient,
};

/** Rows and distances of a picture inside a larger one, in bytes. */
function padding({ from, pads }: Pad) {
  const [[top, bottom], [left, right]] = pads;
  const pixel = from.channels * 4;
  const stride = (left + from.cols + right) * pixel;
  return {
    rowBytes: from.cols * pixel,
    stride,
    start: top * stride + left * pixel,
    bytes: (top + from.rows + bottom) * stride,
  };
}

function emitPad(e: Emitter, operation: Pad): void {
  const { f } = e;
  const { input, output, batch, from } = operation;
  const { rowBytes, stride, start, bytes } = padding(operation);
  e.share(batch, 1, (picture) => {
    const to = f.local("i32", addressAt(e.address(output), picture, bytes));
    f.fill(to, i32.const(bytes));
    f.increase(to, start);
    const source = f.local("i32", addressAt(e.address(input.of), picture, from.rows * rowBytes));
    forEach(f, i32.const(0), i32.const(from.rows), () => {
      if (isRaw(input)) f.copy(to, source, i32.const(rowBytes));
      else emitScale(e, input, { pixels: i32.const(from.cols), from: source, to });
      f.increase(to, stride);
      f.increase(source, rowBytes);
    });
  });
}

function emitGradient(e: Emitter, { forward, from: gradient, to }: PadGradient): void {
  const { f } = e;
  const { batch, from } = forward;
  const { rowBytes, stride, start, bytes } = padding(forward);
  e.share(batch, 1, (picture) => {
    const source = f.local("i32", addressAt(e.address(gradient) + start, picture, bytes));
    const target = f.local("i32", addressAt(e.address(to), picture, from.rows * rowBytes));
    forEach(f, i32.const(0), i32.const(from.rows), () => {
      f.copy(target, source, i32.const(rowBytes));
      f.increase(source, stride);
      f.increase(target, rowBytes);
    });
  });
}
