/**
 * Pointwise convolutions backwards: block by block the gradient of the output follows from that of the normalized values, the input is
 * normalized again, and from both come the gradients of weights, bias and input.
 */
import { gemmTn, gemmTnName } from "../../../../kernels/training/gemm.ts";
import type { Expr } from "../../../../wasm/expression.ts";
import { min } from "../../../../wasm/extremes.ts";
import { i32 } from "../../../../wasm/instructions.ts";
import { align } from "../../../plan/arena.ts";
import { addressAt } from "../../../emit/emitter.ts";
import { type Pieces, piecesOf, pixelBlocks } from "../../blocks.ts";
import { Gathered, eachBlock } from "./gathered.ts";
import { emitProduct } from "./product.ts";
import { emitScaled, emitThrough } from "../../emit/scaling.ts";
import type { Emitter } from "../../emit/emitter.ts";
import { isRaw } from "../../matrices.ts";
import type { Needs } from "../kind.ts";
import type { ConvolutionGradient } from "./operation.ts";

/** Fewer pieces do not divide well between threads: then each part of the weights is summed over all pixels, which must be in memory. */
const LEAST_PIECES = 8;
/** A part of the weights whose sums, with some pixels of input and gradient, stay in the cache. */
const PART = { rows: 96, columns: 128, pixels: 256 };

interface Cut {
  readonly pixels: number;
  readonly size: number;
  readonly count: number;
  readonly pieces: Pieces;
  /** Whether the weights are cut into parts, each summed over all pixels. */
  readonly byParts: boolean;
  /** The bytes of output gradients and inputs, of a block or of all, that are not in memory as they are. */
  readonly gradientBytes: number;
  readonly inputBytes: number;
}

function cut({ forward, from, kernel }: ConvolutionGradient): Cut {
  const { batch, to, input } = forward;
  const [k, n] = [forward.from.channels, to.channels];
  const pixels = batch * to.rows * to.cols;
  const { size, count } = pixelBlocks(pixels, 2 * (k + n));
  const wanted = kernel !== "no";
  const inPieces = piecesOf(count, k * n * 4);
  const byParts = wanted && inPieces.count < Math.min(LEAST_PIECES, count);
  const pieces = wanted && !byParts ? inPieces : { count, blocks: 1 };
  const stored = byParts ? pixels : size;
  return {
    pixels,
    size,
    count,
    pieces,
    byParts,
    gradientBytes: isRaw(from.view) ? 0 : align(stored * n * 4),
    inputBytes: isRaw(input) || !wanted ? 0 : align(stored * k * 4),
  };
}

function gatheredOf(operation: ConvolutionGradient, { count, pieces, byParts }: Cut): Gathered {
  return new Gathered(operation, count, byParts ? 0 : pieces.count);
}

export function pixelsGradientNeeds(operation: ConvolutionGradient): Needs {
  const made = cut(operation);
  const gathered = gatheredOf(operation, made);
  const bytes = made.gradientBytes + made.inputBytes;
  return {
    scratchBytes: made.byParts ? 0 : bytes,
    workspaceBytes: gathered.bytes + (made.byParts ? bytes : 0),
  };
}

export function emitPixelsGradient(e: Emitter, operation: ConvolutionGradient): void {
  const { f } = e;
  const { forward, from, input, kernel } = operation;
  const [k, n] = [forward.from.channels, forward.to.channels];
  const made = cut(operation);
  const { pixels: total, size, count, pieces, byParts, gradientBytes } = made;
  const gathered = gatheredOf(operation, made);
  const stored = e.workspace + gathered.bytes;
  const place = (first: Expr<"i32">, channels: number, offset: number): Expr<"i32"> =>
    byParts ? addressAt(stored + offset, first, channels * 4) : i32.add(e.scratch, i32.const(offset));

  const one = (block: Expr<"i32">, sums: Expr<"i32"> | undefined): void => {
    const first = f.local("i32", i32.mul(block, i32.const(size)));
    const pixels = f.local("i32", min(i32.const(size), i32.sub(i32.const(total), first)));
    const run = { pixels, first, block };
    const gradient = f.local("i32", emitThrough(e, from, run, place(first, n, 0)));
    gathered.bias(e, gradient, run);
    if (input !== undefined) {
      const at = (address: number): Expr<"i32"> => addressAt(address, first, k * 4);
      emitProduct(e, {
        pixels,
        total,
        block: size,
        k: n,
        n: k,
        a: gradient,
        b: e.weights.transposed(forward),
        c: at(e.address(input.to)),
        add: input.add === undefined ? undefined : at(e.address(input.add)),
      });
      gathered.reduce(e, run);
    }
    if (kernel === "no") return;
    const values = emitScaled(e, forward.input, run, place(first, k, gradientBytes));
    if (sums !== undefined) emitWeights(e, { pixels, k, n }, [values, k], [gradient, n], [sums, n]);
  };

  e.share(pieces.count, 1, (piece) => {
    const sums = kernel === "no" || byParts ? undefined : gathered.piece(e, piece);
    eachBlock(e, { size, count }, pieces, piece, (block) => one(block, sums));
  });
  e.barrier();
  if (byParts) {
    emitParts(e, operation, total, {
      gradient: isRaw(from.view) ? e.address(from.gradient) : stored,
      input: isRaw(forward.input) ? e.address(forward.input.of) : stored + gradientBytes,
    });
  }
  gathered.finish(e);
}

/** An address, and the number of floats from a row of its matrix to the next. */
type Rows = readonly [Expr<"i32">, number];

/** Adds input × gradient of each pixel to the sums. */
export function emitWeights(
  e: Emitter,
  { pixels, k, n }: { pixels: Expr<"i32">; k: Expr<"i32"> | number; n: Expr<"i32"> | number },
  ...matrices: readonly [input: Rows, gradient: Rows, sums: Rows]
): void {
  const { tiling } = e;
  const [, , [, columns]] = matrices;
  const variant = { ...tiling, ragged: columns % tiling.narrow.columns !== 0 };
  const kernel = e.kernel(gemmTnName(variant), (module) => gemmTn(module, variant));
  const number = (value: Expr<"i32"> | number): Expr<"i32"> => (typeof value === "number" ? i32.const(value) : value);
  e.f.call(kernel, [
    pixels,
    number(k),
    number(n),
    ...matrices.flatMap(([address, floats]) => [address, i32.const(floats * 4)]),
  ]);
}

/** Finds the gradient of each part of the weights by itself, over all pixels. */
function emitParts(
  e: Emitter,
  { forward, kernel }: ConvolutionGradient,
  total: number,
  addresses: { readonly gradient: number; readonly input: number },
): void {
  const { f } = e;
  const [k, n] = [forward.from.channels, forward.to.channels];
  const sums = e.weights.gradient(forward.kernel);
  const across = Math.ceil(n / PART.columns);
  e.share(Math.ceil(k / PART.rows) * across, 1, (part) => {
    const down = f.local("i32", i32.div_u(part, i32.const(across)));
    const row = f.local("i32", i32.mul(down, i32.const(PART.rows)));
    const column = f.local("i32", i32.mul(i32.sub(part, i32.mul(down, i32.const(across))), i32.const(PART.columns)));
    const rows = f.local("i32", min(i32.const(PART.rows), i32.sub(i32.const(k), row)));
    const columns = f.local("i32", min(i32.const(PART.columns), i32.sub(i32.const(n), column)));
    const at = (address: number, floats: Expr<"i32">): Expr<"i32"> =>
      i32.add(i32.const(address), i32.shl(floats, i32.const(2)));
    const own = f.local("i32", at(sums, i32.add(i32.mul(row, i32.const(n)), column)));
    if (kernel === "first") {
      const [line, left] = [f.local("i32", own), f.local("i32", rows)];
      f.times(left, () => {
        f.fill(line, i32.shl(columns, i32.const(2)));
        f.increase(line, n * 4);
      });
    }
    const first = f.local("i32", i32.const(0));
    f.repeat(
      () => {
        const pixels = min(i32.const(PART.pixels), i32.sub(i32.const(total), first));
        const input = at(addresses.input, i32.add(i32.mul(first, i32.const(k)), row));
        const gradient = at(addresses.gradient, i32.add(i32.mul(first, i32.const(n)), column));
        emitWeights(e, { pixels, k: rows, n: columns }, [input, k], [gradient, n], [own, n]);
        f.increase(first, PART.pixels);
      },
      i32.lt_s(first, i32.const(total)),
    );
  });
}
