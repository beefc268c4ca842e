/** Where in memory every matrix of a training step lies while it is needed, forwards and backwards. */
import { MobileNetV2Error } from "../../core/errors.ts";
import { type LiveBuffer, align, placeBuffers } from "../plan/arena.ts";
import type { Backwards } from "./backward.ts";
import { COEFFICIENTS, coefficientBytes } from "./coefficients.ts";
import { type Lowered, rawOf } from "./lower.ts";
import type { Matrix } from "./matrices.ts";
import { backwardKind, forwardKind, kindOf } from "./operations/table.ts";

/** In bytes from the beginning of the plan's working memory. */
export interface Layout {
  readonly lowered: Lowered;
  readonly backwards: Backwards;
  /** By the numbers of values and gradients. */
  readonly offsets: readonly number[];
  /** For each scaling, that of its first coefficient; the others follow. */
  readonly scalings: readonly number[];
  /** Numbers that are 0. */
  readonly zeros: { readonly offset: number; readonly bytes: number };
  /** Of the first thread; that of the others follows. */
  readonly scratch: { readonly offset: number; readonly bytes: number };
  readonly workspace: number;
  /** The size of all. */
  readonly bytes: number;
}

/** What kernels may read beyond the end of a buffer. */
const SLACK = 64;

/** What WebAssembly can address. */
const MOST_BYTES = 2 ** 32;

/** @throws LimitError if WebAssembly cannot address so much memory. */
export function layOut(lowered: Lowered, backwards: Backwards, threads: number): Layout {
  const matrices: readonly Matrix[] = [...lowered.matrices, ...backwards.gradients];
  const lives = livesOf(lowered, backwards);
  const end = lowered.list.length + 1 + backwards.list.length;
  const needs = [...lowered.list, ...backwards.list].map(
    (operation) => kindOf(operation).needs?.(operation, (number) => matrixOf(number, lowered, backwards)) ?? {},
  );
  const most = (what: "scratchBytes" | "workspaceBytes" | "zeroBytes"): number =>
    Math.max(0, ...needs.map((need) => need[what] ?? 0));
  const zeroBytes = most("zeroBytes");
  const scratchBytes = align(most("scratchBytes") + SLACK);
  const always = (bytes: number): LiveBuffer => ({ bytes, from: -1, to: end });
  const buffers: LiveBuffer[] = [
    ...lives.map(({ from, to }, i): LiveBuffer => {
      const { pixels = 0, channels = 0 } = matrices[i] ?? {};
      return from > to ? { bytes: 0, from: -1, to: -1 } : { bytes: pixels * channels * 4, from, to };
    }),
    ...lowered.scalings.map((scaling) => always(coefficientBytes(scaling) * COEFFICIENTS.length)),
    always(zeroBytes),
    always(scratchBytes * threads),
    always(most("workspaceBytes")),
  ];
  const arena = placeBuffers(buffers);
  const offset = (buffer: number): number => arena.offsets.at(buffer) ?? 0;
  const bytes = arena.bytes + SLACK;
  if (bytes > MOST_BYTES) throw tooLarge(arena.bytes, matrices[lowered.inputs[0] ?? 0]?.shape[0] ?? 0);
  return {
    lowered,
    backwards,
    offsets: arena.offsets.slice(0, matrices.length),
    scalings: arena.offsets.slice(matrices.length, matrices.length + lowered.scalings.length),
    zeros: { offset: offset(-3), bytes: zeroBytes },
    scratch: { offset: offset(-2), bytes: scratchBytes },
    workspace: offset(-1),
    bytes,
  };
}

/** The first and the last moment at which a matrix holds something; none if `from` is greater than `to`. */
export interface Life {
  readonly from: number;
  readonly to: number;
}

/**
 * For every value and gradient. The moments: -1 before the first operation, one for each of the way forwards, one for the loss, one for
 * each operation of the way backwards, and one after the last.
 */
export function livesOf(lowered: Lowered, backwards: Backwards): readonly Life[] {
  const lives = [...lowered.matrices, ...backwards.gradients].map(() => ({ from: Infinity, to: -Infinity }));
  const live = (matrices: readonly number[], at: number): void => {
    for (const matrix of matrices) {
      const life = lives[matrix];
      if (life === undefined) continue;
      life.from = Math.min(life.from, at);
      life.to = Math.max(life.to, at);
    }
  };
  const loss = lowered.list.length;
  live(lowered.inputs, -1);
  for (const [i, operation] of lowered.list.entries()) {
    const kind = forwardKind(operation);
    const reads = kind.reads(operation, (matrix) => rawOf(lowered, matrix)).map((view) => view.of);
    live([...reads, ...kind.writes(operation)], i);
    const drawn = kind.drawn?.(operation);
    if (drawn === undefined) continue;
    live([drawn.matrix], -1);
    live([drawn.matrix], i);
  }
  for (const { matrix, logits } of lowered.outputs) live([matrix, logits ?? matrix], loss);
  for (const { gradient } of backwards.seeds) live([gradient], loss);
  for (const [i, operation] of backwards.list.entries()) {
    const kind = backwardKind(operation);
    live([...kind.reads(operation), ...kind.writes(operation)], loss + 1 + i);
  }
  const wanted = backwards.outputs.filter((gradient) => gradient !== undefined);
  live(wanted, loss + 1 + backwards.list.length);
  return lives;
}

/** The shape of a value or a gradient. */
export function matrixOf(number: number, { matrices }: Lowered, { gradients }: Backwards): Matrix {
  const matrix = matrices[number] ?? gradients[number - matrices.length];
  if (matrix === undefined) throw new Error(`no matrix ${number}`);
  return matrix;
}

export function tooLarge(bytes: number, batch: number, cause?: unknown): MobileNetV2Error {
  return new MobileNetV2Error(
    "LimitError",
    `A training step of this model with a batch of ${batch} needs ${Math.ceil(bytes / 2 ** 20)} MiB of memory, which cannot be ` +
      `had (WebAssembly reaches 4096 MiB). Use a smaller batch or a smaller input size.`,
    { cause },
  );
}
