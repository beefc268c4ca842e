/** Dropout: products with numbers that the host has drawn. */
import { MULTIPLY, multiply } from "../../../kernels/training/elementwise.ts";
import { streamOf } from "../../../layers/gradients.ts";
import type { Dropout } from "../../../layers/regularization/dropout.ts";
import { eachVector } from "../emit/each.ts";
import type { Emitter } from "../emit/emitter.ts";
import type { InputGradient } from "../gradients.ts";
import { type View, isRaw } from "../matrices.ts";
import type { BackwardKind, ForwardKind } from "./kind.ts";
import { emitSum } from "./sum.ts";

export interface Mask {
  readonly kind: "mask";
  readonly input: View;
  /** The number of the matrix that is drawn. */
  readonly mask: number;
  readonly output: number;
  readonly layer: Dropout;
  /** The number of the program's step. */
  readonly step: number;
}

export interface MaskGradient extends InputGradient<Mask> {
  readonly kind: "mask gradient";
}

export const mask: ForwardKind<Mask, MaskGradient> = {
  reads: ({ input }) => [input],
  drawn: ({ mask: matrix, layer, step }) => ({
    matrix,
    draw: (shape, { seed }) => layer.mask(shape, streamOf(seed, step)),
  }),
  writes: ({ output }) => [output],
  emit: emitMask,
  gradient: (forward, tape) => {
    const from = tape.output();
    tape.write(forward.input, (to) => ({ kind: "mask gradient", forward, from, to }));
  },
};

export const maskGradient: BackwardKind<MaskGradient> = {
  reads: ({ forward, from }) => [from, forward.mask],
  writes: ({ to }) => [to],
  emit: (e, { forward, from, to }) => emitProduct(e, from, forward.mask, to),
};

function emitMask(e: Emitter, { input, mask: drawn, output }: Mask): void {
  if (isRaw(input)) {
    emitProduct(e, input.of, drawn, output);
    return;
  }
  emitSum(e, { inputs: [input], output });
  e.barrier();
  emitProduct(e, output, drawn, output);
}

function emitProduct(e: Emitter, a: number, b: number, to: number): void {
  const kernel = e.kernel(MULTIPLY, multiply);
  eachVector(e, e.matrix(to), (count, at) => e.f.call(kernel, [count, ...[a, b, to].map((one) => at(e.address(one)))]));
}
