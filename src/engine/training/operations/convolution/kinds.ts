/** Convolutions in the table of operations. */
import type { BackwardKind, ForwardKind } from "../kind.ts";
import { convolutionNeeds, emitConvolution } from "./forwards.ts";
import type { Convolution, ConvolutionGradient } from "./operation.ts";
import { emitPixelsGradient, pixelsGradientNeeds } from "./pixels-gradient.ts";
import { emitRowsGradient, rowsGradientNeeds } from "./rows-gradient.ts";
import { isRaw } from "../../matrices.ts";

export const convolution: ForwardKind<Convolution, ConvolutionGradient> = {
  reads: ({ input }) => [input],
  writes: ({ output }) => [output],
  weights: ({ kernel, bias }) => (bias === undefined ? [kernel] : [kernel, bias]),
  needs: convolutionNeeds,
  emit: emitConvolution,
  gathering: (operation, statistics) => ({ ...operation, statistics: [...operation.statistics, statistics] }),
  gradient: (forward, tape) => {
    const { input, kernel, bias, by } = forward;
    const from = tape.seen();
    const common = {
      kind: "convolution gradient" as const,
      forward,
      from,
      kernel: tape.want(kernel),
      bias: tape.want(bias),
    };
    const into = (to: number, add?: number): ConvolutionGradient => ({
      ...common,
      input: { to, add, reductions: [] },
    });
    if (!tape.needs(input)) tape.add({ ...common, input: undefined });
    else if (by === "pixels") tape.writeOrAdd(input, into);
    else tape.write(input, (to) => into(to));
  },
};

export const convolutionGradient: BackwardKind<ConvolutionGradient> = {
  reads: ({ forward, from: { view, gradient }, input, kernel }) => [
    gradient,
    ...(isRaw(view) ? [] : [view.of]),
    ...(kernel === "no" ? [] : [forward.input.of]),
    ...(input?.add === undefined ? [] : [input.add]),
    ...(input?.reductions ?? []).map((reduction) => reduction.from.view.of),
  ],
  writes: ({ input }) => (input === undefined ? [] : [input.to]),
  needs: (operation) =>
    operation.forward.by === "pixels" ? pixelsGradientNeeds(operation) : rowsGradientNeeds(operation),
  emit: (e, operation) => {
    if (operation.forward.by === "pixels") emitPixelsGradient(e, operation);
    else emitRowsGradient(e, operation);
  },
  reducing: (operation, reduction, matrix) => {
    const { forward, input } = operation;
    if (forward.by === "window" || input === undefined) return undefined;
    const [written, read] = [matrix(forward.input.of), matrix(reduction.from.view.of)];
    if (written.channels !== read.channels || written.pixels !== read.pixels) return undefined;
    return { ...operation, input: { ...input, reductions: [...input.reductions, reduction] } };
  },
};
