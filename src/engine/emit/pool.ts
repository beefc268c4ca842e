/** Pools: the window slides over the input, cut to the part that lies inside. */
import { pool } from "../../kernels/f32/reduce.ts";
import type { Expr } from "../../wasm/expression.ts";
import { max, min } from "../../wasm/extremes.ts";
import type { FunctionBuilder } from "../../wasm/function.ts";
import { f32, i32 } from "../../wasm/instructions.ts";
import { type Emitter, addressAt, forEach } from "./emitter.ts";
import type { Pool } from "../../lowering/operations.ts";

/** The number of pieces that a pool is cut into, if it can be. A single window is cut by channels, into multiples of `CHANNELS`. */
const PIECES = 8;
const CHANNELS = 16;

export function emitPool(emitter: Emitter, { mode, input, output, from, to, window }: Pool): void {
  const { f } = emitter;
  const kernel = emitter.kernel(`pool ${mode}`, (module) => pool(module, { mode }));
  const pixel = from.channels * 4;
  const out = f.local("i32");
  const [[top], [left]] = window.pads;
  const rows = along(f, { size: window.rows, stride: window.strides[0], before: top, length: from.rows });
  const cols = along(f, { size: window.cols, stride: window.strides[1], before: left, length: from.cols });
  /** Gathers `channels` channels, from the one of number `channel` on, under the window that `rows` and `cols` are at. */
  const gather = (place: Expr<"i32">, channel: Expr<"i32">, channels: Expr<"i32">): void => {
    const first = i32.add(i32.mul(rows.from, i32.const(from.cols)), cols.from);
    f.call(kernel, [
      i32.add(place, i32.shl(channel, i32.const(2))),
      i32.add(addressAt(emitter.address(input), first, pixel), i32.shl(channel, i32.const(2))),
      rows.count,
      cols.count,
      channels,
      i32.const(pixel),
      i32.mul(i32.sub(i32.const(from.cols), cols.count), i32.const(pixel)),
      f32.div(f32.const(1), f32.convert_i32_s(i32.mul(rows.count, cols.count))),
    ]);
  };
  if (to.rows * to.cols === 1) {
    const most = Math.ceil(from.channels / PIECES / CHANNELS) * CHANNELS;
    emitter.share(from.channels, most, (channel, count) => {
      rows.cut(i32.const(0));
      cols.cut(i32.const(0));
      gather(i32.const(emitter.address(output)), channel, count);
    });
    return;
  }
  const x = f.local("i32");
  const row = (y: Expr<"i32">): void => {
    f.set(out, addressAt(emitter.address(output), y, to.cols * pixel));
    rows.cut(y);
    f.set(x, i32.const(0));
    f.repeat(
      () => {
        cols.cut(x);
        gather(out, i32.const(0), i32.const(from.channels));
        f.increase(out, pixel);
        f.increase(x, 1);
      },
      i32.lt_s(x, i32.const(to.cols)),
    );
  };
  emitter.share(to.rows, Math.ceil(to.rows / PIECES), (first, count) => forEach(f, first, count, row));
}

interface Along {
  readonly size: number;
  readonly stride: number;
  readonly before: number;
  readonly length: number;
}

/** The window along one axis: `from` is where its part inside the picture starts, `count` how long that is. */
export function along(f: FunctionBuilder, { size, stride, before, length }: Along) {
  const place = f.local("i32");
  const from = f.local("i32");
  const count = f.local("i32");
  return {
    from,
    count,
    /** Sets both for the output of number `index`. */
    cut: (index: Expr<"i32">) => {
      f.set(place, i32.sub(i32.mul(index, i32.const(stride)), i32.const(before)));
      f.set(from, max(place, i32.const(0)));
      f.set(count, i32.sub(min(i32.add(place, i32.const(size)), i32.const(length)), from));
    },
  };
}
