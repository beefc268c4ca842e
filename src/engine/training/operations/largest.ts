/** The largest of all pixels of a picture. */
import { pool } from "../../../kernels/f32/reduce.ts";
import { POOL_MAX_GRADIENT, poolMaxGradient } from "../../../kernels/training/pool.ts";
import type { Expr } from "../../../wasm/expression.ts";
import { f32, i32 } from "../../../wasm/instructions.ts";
import { addressAt } from "../../emit/emitter.ts";
import { align } from "../../plan/arena.ts";
import type { Emitter } from "../emit/emitter.ts";
import { emitScaled } from "../emit/scaling.ts";
import type { InputGradient } from "../gradients.ts";
import { type Matrix, type View, isRaw } from "../matrices.ts";
import type { BackwardKind, ForwardKind, Needs } from "./kind.ts";

export interface Largest {
  readonly kind: "largest";
  readonly input: View;
  readonly output: number;
  readonly batch: number;
}

export interface LargestGradient extends InputGradient<Largest> {
  readonly kind: "largest gradient";
}

export const largest: ForwardKind<Largest, LargestGradient> = {
  reads: ({ input }) => [input],
  writes: ({ output }) => [output],
  needs: (operation, matrix) => needs(operation, matrix(operation.input.of)),
  emit: emitLargest,
  gradient: (forward, tape) => {
    const from = tape.output();
    tape.write(forward.input, (to) => ({ kind: "largest gradient", forward, from, to }));
  },
};

export const largestGradient: BackwardKind<LargestGradient> = {
  reads: ({ forward, from }) => [from, forward.input.of, forward.output],
  writes: ({ to }) => [to],
  needs: ({ forward }, matrix) => needs(forward, matrix(forward.input.of)),
  emit: emitGradient,
};

/** The memory for a whole picture's values, and for a number for each channel. */
function needs({ input, batch }: Largest, { pixels, channels }: Matrix): Needs {
  const picture = isRaw(input) ? 0 : (pixels / batch) * channels * 4;
  return { scratchBytes: align(channels * 4) + align(picture) };
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

function emitLargest(e: Emitter, operation: Largest): void {
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

function emitGradient(e: Emitter, { forward, from, to }: LargestGradient): void {
  const { channels } = e.matrix(to);
  const kernel = e.kernel(POOL_MAX_GRADIENT, poolMaxGradient);
  e.share(forward.batch, 1, (picture) => {
    const { values, pixels } = pictureOf(e, forward, picture);
    const numbers = [forward.output, from].map((one) => addressAt(e.address(one), picture, channels * 4));
    const target = addressAt(e.address(to), picture, pixels * channels * 4);
    e.f.call(kernel, [i32.const(pixels), i32.const(channels), values, target, ...numbers, e.scratch]);
  });
}
