/** What the blocks of a convolution's gradient gather, each in a place of its own, and how it is put together: the same sums for any number of threads. */
import type { Blocks, Pieces } from "../../blocks.ts";
import { columnSums, columnSumsName } from "../../../../kernels/training/elementwise.ts";
import { SUM_PIECES, sumPieces } from "../../../../kernels/training/statistics.ts";
import type { Weight } from "../../../../layers/weight.ts";
import type { Expr } from "../../../../wasm/expression.ts";
import { min } from "../../../../wasm/extremes.ts";
import { f32, i32 } from "../../../../wasm/instructions.ts";
import { align } from "../../../plan/arena.ts";
import { addressAt } from "../../../emit/emitter.ts";
import { type PixelBlock, emitReduce, emitReduced, partialBytes } from "../../emit/scaling.ts";
import type { Emitter } from "../../emit/emitter.ts";
import type { Reduction, Wanted } from "../../gradients.ts";
import type { ConvolutionGradient } from "./operation.ts";

/** A thread's share when pieces are added up, in vectors. */
const VECTORS_AT_ONCE = 1024;

/** What the blocks of an operation gather, in its workspace. */
export class Gathered {
  readonly #operation: ConvolutionGradient;
  readonly #blocks: number;
  readonly #pieces: number;
  readonly #reductions: readonly { readonly reduction: Reduction; readonly offset: number }[];
  readonly #bias: number;
  readonly #kernel: number;
  readonly bytes: number;

  /** @param pieces the number of pieces that gather the kernel's gradient; 0 if it is not gathered. */
  constructor(operation: ConvolutionGradient, blocks: number, pieces: number) {
    const { forward, input, kernel, bias } = operation;
    let bytes = 0;
    const take = (size: number): number => {
      bytes += size;
      return bytes - size;
    };
    this.#operation = operation;
    this.#blocks = blocks;
    this.#pieces = kernel === "no" ? 0 : pieces;
    this.#reductions = (input?.reductions ?? []).map((reduction) => ({
      reduction,
      offset: take(blocks * partialBytes(reduction.scaling.channels)),
    }));
    this.#bias = bias === "no" ? 0 : take(blocks * sumBytes(forward.bias));
    this.#kernel = take(this.#pieces * sumBytes(forward.kernel));
    this.bytes = bytes;
  }

  /** The address of a piece's sums of the kernel's gradient, which are set to 0. */
  piece(e: Emitter, piece: Expr<"i32">): Expr<"i32"> {
    const bytes = sumBytes(this.#operation.forward.kernel);
    const sums = e.f.local("i32", addressAt(e.workspace + this.#kernel, piece, bytes));
    e.f.fill(sums, i32.const(bytes));
    return sums;
  }

  /** Adds up the gradient of the output over a block's pixels, if that of the bias is wanted. */
  bias(e: Emitter, gradient: Expr<"i32">, { pixels, block }: Pick<PixelBlock, "pixels" | "block">): void {
    const { bias, forward } = this.#operation;
    if (bias === "no") return;
    const { arithmetic } = e.tiling;
    const kernel = e.kernel(columnSumsName(arithmetic), (module) => columnSums(module, { arithmetic }));
    const bytes = sumBytes(forward.bias);
    const sums = e.f.local("i32", addressAt(e.workspace + this.#bias, block, bytes));
    e.f.fill(sums, i32.const(bytes));
    e.f.call(kernel, [pixels, i32.const(forward.to.channels), gradient, sums, f32.const(1)]);
  }

  /** Gathers what the normalization of the input needs of the input's gradient. */
  reduce(e: Emitter, block: PixelBlock): void {
    for (const { reduction, offset } of this.#reductions)
      emitReduce(e, { reduction, address: e.workspace + offset }, block);
  }

  /** The same for a block without pixels. */
  reduceNothing(e: Emitter, block: Expr<"i32">): void {
    for (const { reduction, offset } of this.#reductions) {
      const bytes = partialBytes(reduction.scaling.channels);
      e.f.fill(addressAt(e.workspace + offset, block, bytes), i32.const(bytes));
    }
  }

  /** Puts all together, once all blocks are done. */
  finish(e: Emitter): void {
    const { forward, kernel, bias } = this.#operation;
    for (const { reduction, offset } of this.#reductions) {
      emitReduced(e, { reduction, address: e.workspace + offset }, this.#blocks);
    }
    if (forward.bias !== undefined) {
      this.#sum(e, forward.bias, bias, { from: e.workspace + this.#bias, pieces: this.#blocks });
    }
    if (this.#pieces > 0) {
      this.#sum(e, forward.kernel, kernel, { from: e.workspace + this.#kernel, pieces: this.#pieces });
    }
  }

  #sum(e: Emitter, weight: Weight, wanted: Wanted, { from, pieces }: { from: number; pieces: number }): void {
    if (wanted === "no") return;
    const kernel = e.kernel(SUM_PIECES, sumPieces);
    const to = e.weights.gradient(weight);
    e.share(Math.ceil(weight.size / 4), VECTORS_AT_ONCE, (first, count) =>
      e.f.call(kernel, [
        count,
        i32.const(pieces),
        addressAt(from, first, 16),
        i32.const(sumBytes(weight)),
        addressAt(to, first, 16),
        i32.const(wanted === "added" ? 1 : 0),
      ]),
    );
  }
}

function sumBytes(weight: Weight | undefined): number {
  return align((weight?.size ?? 0) * 4);
}

/** Runs `body` for the blocks of a piece. */
export function eachBlock(
  e: Emitter,
  { count }: Blocks,
  { blocks }: Pieces,
  piece: Expr<"i32">,
  body: (block: Expr<"i32">) => void,
): void {
  if (blocks === 1) {
    body(piece);
    return;
  }
  const { f } = e;
  const block = f.local("i32", i32.mul(piece, i32.const(blocks)));
  const last = f.local("i32", i32.add(block, i32.const(blocks)));
  f.set(last, min(last, i32.const(count)));
  f.repeat(
    () => {
      body(block);
      f.increase(block, 1);
    },
    i32.lt_s(block, last),
  );
}
