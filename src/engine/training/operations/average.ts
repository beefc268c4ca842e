/** Means over the pixels of windows; padding is left out of them. */
import { pool } from "../../../kernels/f32/reduce.ts";
import { POOL_MEAN_GRADIENT, poolMeanGradient } from "../../../kernels/training/pool.ts";
import type { Picture } from "../../../lowering/picture.ts";
import type { Window } from "../../../lowering/windows.ts";
import type { Expr } from "../../../wasm/expression.ts";
import { f32, i32 } from "../../../wasm/instructions.ts";
import { addressAt, forEach } from "../../emit/emitter.ts";
import { along } from "../../emit/pool.ts";
import type { Emitter } from "../emit/emitter.ts";
import type { InputGradient } from "../gradients.ts";
import type { BackwardKind, ForwardKind } from "./kind.ts";

export interface Average {
  readonly kind: "average";
  readonly input: number;
  readonly output: number;
  readonly batch: number;
  readonly from: Picture;
  readonly to: Picture;
  readonly window: Window;
}

export interface AverageGradient extends InputGradient<Average> {
  readonly kind: "average gradient";
}

export const average: ForwardKind<Average, AverageGradient> = {
  reads: ({ input }, raw) => [raw(input)],
  writes: ({ output }) => [output],
  emit: emitAverage,
  gradient: (forward, tape) => {
    const from = tape.output();
    tape.write(tape.raw(forward.input), (to) => ({ kind: "average gradient", forward, from, to }));
  },
};

export const averageGradient: BackwardKind<AverageGradient> = {
  reads: ({ from }) => [from],
  writes: ({ to }) => [to],
  emit: emitGradient,
};

/** Runs `body` for a row of windows, each cut to its part inside the picture. */
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

function emitAverage(e: Emitter, operation: Average): void {
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

/** Windows may overlap: those of a picture are done one after the other. */
function emitGradient(e: Emitter, { forward, from: gradient, to: target }: AverageGradient): void {
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
