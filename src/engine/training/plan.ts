/** Where in memory every matrix lies while it is needed, forwards and backwards. */
import { MobileNetV2Error } from "../../core/errors.ts";
import { type Block, align, placeBlocks } from "../plan/arena.ts";
import type { Backward, Backwards } from "./gradients.ts";
import { writes } from "./gradients.ts";
import type { Forward, Lowered, Matrix, Scaling, View } from "./operations.ts";
import { isRaw, viewsOf } from "./operations.ts";

/** What a scaling consists of, a number for each channel. */
export const COEFFICIENTS = [
  /** Of the scaling: value × factor + summand. */
  "factor",
  "summand",
  /** Of what is normalized: its mean, and 1 / its deviation. */
  "mean",
  "deviation",
  /** Of its gradient: gradient × factor + value × `ofValue` + `constant`. */
  "ofValue",
  "constant",
] as const;

export type Coefficient = (typeof COEFFICIENTS)[number];

/** What operations need beside their matrices. */
export interface Needs {
  /** Of every thread. */
  readonly scratchBytes: number;
  /** For the operation as a whole. */
  readonly workspaceBytes: number;
}

export interface Layout {
  readonly lowered: Lowered;
  readonly backwards: Backwards;
  /** By the numbers of values and gradients, in bytes. */
  readonly offsets: readonly number[];
  /** Of the first coefficient of each scaling; the others follow, each in its own cache lines. */
  readonly scalings: readonly number[];
  /** Numbers that are 0. */
  readonly zeros: { readonly offset: number; readonly bytes: number };
  readonly scratch: { readonly offset: number; readonly bytes: number };
  readonly workspace: number;
  readonly bytes: number;
}

/** What kernels may read beyond the end of a buffer. */
const SLACK = 64;

/** What WebAssembly can address. */
const MOST_BYTES = 2 ** 32;

export interface LayoutOptions {
  readonly threads: number;
  readonly needs: (operation: Forward | Backward) => Needs;
  readonly zeroBytes: number;
}

/** @throws LimitError where WebAssembly cannot address so much memory. */
export function layOut(lowered: Lowered, backwards: Backwards, { threads, needs, zeroBytes }: LayoutOptions): Layout {
  const matrices: readonly Matrix[] = [...lowered.matrices, ...backwards.gradients];
  const lives = matrices.map(() => ({ from: Infinity, to: -Infinity }));
  const live = (matrix: number, at: number): void => {
    const life = lives[matrix];
    if (life === undefined) return;
    life.from = Math.min(life.from, at);
    life.to = Math.max(life.to, at);
  };
  const between = lowered.list.length;
  const end = between + 1 + backwards.list.length;
  for (const input of lowered.inputs) live(input, -1);
  for (const [i, operation] of lowered.list.entries()) {
    for (const { of } of viewsOf(operation, lowered.raw)) live(of, i);
    if (operation.kind !== "statistics") live(operation.output, i);
    // Drawn before all others.
    if (operation.kind === "mask") live(operation.mask, -1);
    if (operation.kind === "mask") live(operation.mask, i);
  }
  for (const { matrix, logits } of lowered.outputs) for (const read of [matrix, logits ?? matrix]) live(read, between);
  for (const { gradient } of backwards.seeds) live(gradient, between);
  for (const [i, operation] of backwards.list.entries()) {
    for (const matrix of [...reads(operation), ...writes(operation)]) live(matrix, between + 1 + i);
  }
  for (const gradient of backwards.outputs) if (gradient !== undefined) live(gradient, end);

  const all = [...lowered.list, ...backwards.list].map(needs);
  const scratchBytes = align(Math.max(0, ...all.map((need) => need.scratchBytes)) + SLACK);
  const workspaceBytes = Math.max(0, ...all.map((need) => need.workspaceBytes));
  const always = (bytes: number): Block => ({ bytes, from: -1, to: end });
  const blocks: Block[] = [
    ...lives.map(({ from, to }, i): Block => {
      const { pixels = 0, channels = 0 } = matrices[i] ?? {};
      return from > to ? { bytes: 0, from: -1, to: -1 } : { bytes: pixels * channels * 4, from, to };
    }),
    ...lowered.scalings.map((scaling) => always(coefficientBytes(scaling) * COEFFICIENTS.length)),
    always(zeroBytes),
    always(scratchBytes * threads),
    always(workspaceBytes),
  ];
  const arena = placeBlocks(blocks);
  const offset = (block: number): number => arena.offsets.at(block) ?? 0;
  if (arena.bytes + SLACK > MOST_BYTES) throw tooLarge(arena.bytes, matrices[lowered.inputs[0] ?? 0]?.shape[0] ?? 0);
  return {
    lowered,
    backwards,
    offsets: arena.offsets.slice(0, matrices.length),
    scalings: arena.offsets.slice(matrices.length, matrices.length + lowered.scalings.length),
    zeros: { offset: offset(-3), bytes: zeroBytes },
    scratch: { offset: offset(-2), bytes: scratchBytes },
    workspace: offset(-1),
    bytes: arena.bytes + SLACK,
  };
}

/** The bytes of one coefficient of all channels. */
export function coefficientBytes({ channels }: Scaling): number {
  return align(channels * 4);
}

export function tooLarge(bytes: number, batch: number, cause?: unknown): MobileNetV2Error {
  return new MobileNetV2Error(
    "LimitError",
    `A training step of this model with a batch of ${batch} needs ${Math.ceil(bytes / 2 ** 20)} MiB of memory, which cannot be ` +
      `had (WebAssembly reaches 4096 MiB). Use a smaller batch or a smaller input size.`,
    { cause },
  );
}

/** The values and gradients that an operation reads. */
function reads(operation: Backward): readonly number[] {
  const through = (view: View): readonly number[] => (isRaw(view) ? [] : [view.of]);
  switch (operation.kind) {
    case "convolution gradient": {
      const { from, forward, input } = operation;
      const values = [...through(from.view), ...(input?.reductions ?? []).map((reduction) => reduction.from.view.of)];
      if (operation.kernel !== "no") values.push(forward.input.of);
      return [from.gradient, ...values, ...(input?.add === undefined ? [] : [input.add])];
    }
    case "reduction":
    case "through":
      return [operation.from.gradient, operation.from.view.of];
    case "addition":
      return operation.inputs;
    case "activation gradient": {
      const { by, input, output } = operation.forward;
      return [operation.from, by === "softmax" ? output : input];
    }
    case "largest gradient":
      return [operation.from, operation.forward.input.of, operation.forward.output];
    case "mask gradient":
      return [operation.from, operation.forward.mask];
    case "host gradient":
      return [operation.from, ...operation.forward.inputs];
    default:
      return [operation.from];
  }
}
