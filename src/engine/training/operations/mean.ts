/** The mean of all pixels of a picture. */
import { SPREAD, columnSums, columnSumsName, spread } from "../../../kernels/training/elementwise.ts";
import { min } from "../../../wasm/extremes.ts";
import { f32, i32 } from "../../../wasm/instructions.ts";
import { addressAt } from "../../emit/emitter.ts";
import { align } from "../../plan/arena.ts";
import { pixelBlocks } from "../blocks.ts";
import type { Emitter } from "../emit/emitter.ts";
import { emitScaled } from "../emit/scaling.ts";
import type { InputGradient } from "../gradients.ts";
import { type Matrix, type View, isRaw } from "../matrices.ts";
import type { BackwardKind, ForwardKind, Needs } from "./kind.ts";

export interface Mean {
  readonly kind: "mean";
  readonly input: View;
  readonly output: number;
  readonly batch: number;
}

export interface MeanGradient extends InputGradient<Mean> {
  readonly kind: "mean gradient";
}

export const mean: ForwardKind<Mean, MeanGradient> = {
  reads: ({ input }) => [input],
  writes: ({ output }) => [output],
  needs: (operation, matrix) => needs(operation, matrix(operation.input.of)),
  emit: emitMean,
  gradient: (forward, tape) => {
    const from = tape.output();
    tape.write(forward.input, (to) => ({ kind: "mean gradient", forward, from, to }));
  },
};

export const meanGradient: BackwardKind<MeanGradient> = {
  reads: ({ from }) => [from],
  writes: ({ to }) => [to],
  emit: emitGradient,
};

/** The pixels of a picture, and those of a block. */
function blocksOf({ batch, input }: Mean, matrix: Matrix): { readonly pixels: number; readonly size: number } {
  const pixels = matrix.pixels / batch;
  return { pixels, size: isRaw(input) ? pixels : pixelBlocks(pixels, matrix.channels).size };
}

function needs(operation: Mean, matrix: Matrix): Needs {
  const scratchBytes = isRaw(operation.input) ? 0 : blocksOf(operation, matrix).size * matrix.channels * 4;
  return { scratchBytes: align(scratchBytes) + align(matrix.channels * 4) };
}

function emitMean(e: Emitter, operation: Mean): void {
  const { f } = e;
  const { input, output, batch } = operation;
  const matrix = e.matrix(input.of);
  const { channels } = matrix;
  const { pixels: total, size } = blocksOf(operation, matrix);
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

function emitGradient(e: Emitter, { forward, from, to }: MeanGradient): void {
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
