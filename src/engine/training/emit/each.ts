/** Loops over whole matrices, divided among the threads. */
import { add } from "../../../kernels/f32/elementwise.ts";
import { VECTOR } from "../../../kernels/parts.ts";
import type { Expr } from "../../../wasm/expression.ts";
import { min } from "../../../wasm/extremes.ts";
import { i32 } from "../../../wasm/instructions.ts";
import { addressAt } from "../../emit/emitter.ts";
import { type Blocks, pixelBlocks } from "../blocks.ts";
import type { Matrix } from "../matrices.ts";
import type { Emitter } from "./emitter.ts";
import type { PixelBlock } from "./scaling.ts";

/** One call of an elementwise kernel writes about so much. */
const BYTES_PER_CALL = 2 ** 16;

/** Runs `body` for the blocks of a matrix's pixels. */
export function eachBlock(e: Emitter, number: number, body: (block: PixelBlock) => void): Blocks {
  const { f } = e;
  const { pixels: total, channels } = e.matrix(number);
  const blocks = pixelBlocks(total, channels);
  e.share(blocks.count, 1, (block) => {
    const first = f.local("i32", i32.mul(block, i32.const(blocks.size)));
    const pixels = f.local("i32", min(i32.const(blocks.size), i32.sub(i32.const(total), first)));
    body({ pixels, first, block });
  });
  return blocks;
}

/** Runs `body` for some of a matrix's vectors: how many they are, and where they lie behind an address. */
export function eachVector(
  e: Emitter,
  { pixels, channels }: Matrix,
  body: (count: Expr<"i32">, at: (address: number) => Expr<"i32">) => void,
): void {
  e.share(Math.ceil((pixels * channels) / 4), BYTES_PER_CALL / VECTOR, (from, count) =>
    body(count, (address) => addressAt(address, from, VECTOR)),
  );
}

/** Runs `body` for some of a matrix's rows: how many they are, how long each is, and where they lie behind an address. */
export function eachLine(
  e: Emitter,
  { pixels, channels }: Matrix,
  body: (count: Expr<"i32">, length: Expr<"i32">, at: (address: number) => Expr<"i32">) => void,
): void {
  e.share(pixels, Math.max(1, Math.floor(BYTES_PER_CALL / (channels * 4))), (from, count) =>
    body(count, i32.const(channels), (address) => addressAt(address, from, channels * 4)),
  );
}

/** The sum of two matrices in memory. */
export function emitAdd(e: Emitter, a: number, b: number, to: number): void {
  const kernel = e.kernel("add", (module) => add(module, { minmax: false }));
  eachVector(e, e.matrix(to), (count, at) => e.f.call(kernel, [count, ...[a, b, to].map((one) => at(e.address(one)))]));
}
