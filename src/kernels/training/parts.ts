/** What the kernels of training share: a walk over a block of pixels, a few at a time, one group of channels after the other. */
import type { Expr, Local } from "../../wasm/expression.ts";
import type { FunctionBuilder } from "../../wasm/function.ts";
import { i32, v128 } from "../../wasm/instructions.ts";
import { VECTOR, storeFirst } from "../parts.ts";

/** The number of pixels that are passed through while a group of channels is in registers. */
const PIXELS = 8;
/** The number of vectors side by side, for engines that can join them. */
const VECTORS = 2;

type I32 = Local<"i32">;

/** Two vectors of channels of some pixels; or one vector, in which fewer than four channels may exist. */
interface Group {
  readonly vectors: number;
  readonly isTail: boolean;
}

/**
 * A block of pixels: matrices [pixels, channels] without gaps, and numbers for each channel. It reads up to 3 floats beyond the ends of
 * what it is given, and writes to the matrices nothing but existing channels.
 */
export class PixelBlock {
  readonly #f: FunctionBuilder;
  readonly #pixels: I32;
  readonly #channels: I32;
  readonly #stride: I32;
  readonly #offset: I32;
  readonly #at: I32;
  readonly #matrices: { readonly start: I32; readonly at: I32 }[] = [];
  #group: Group = { vectors: VECTORS, isTail: false };

  /** The constructor takes the parameters over: `pixels` is changed by the walk. */
  constructor(f: FunctionBuilder, pixels: I32, channels: I32) {
    this.#f = f;
    this.#pixels = pixels;
    this.#channels = channels;
    this.#stride = f.local("i32", i32.shl(channels, i32.const(2)));
    this.#offset = f.local("i32");
    this.#at = f.local("i32");
  }

  /** A pointer to the group's channels of the current pixel; `start` is changed by the walk. */
  matrix(start: I32): I32 {
    const at = this.#f.local("i32");
    this.#matrices.push({ start, at });
    return at;
  }

  vectors(): readonly Local<"v128">[] {
    return Array.from({ length: VECTORS }, () => this.#f.local("v128"));
  }

  /** Runs `body` for every vector of every pixel; `before` and `after` run before and after the pixels of each group. */
  each(
    body: (vector: number) => void,
    { before, afterPixel, after }: { before?: () => void; afterPixel?: () => void; after?: () => void } = {},
  ): void {
    const f = this.#f;
    const group = (pixels: number, made: Group): void => {
      this.#group = made;
      before?.();
      for (const { start, at } of this.#matrices) f.set(at, i32.add(start, this.#offset));
      for (let pixel = 0; pixel < pixels; pixel++) {
        for (let vector = 0; vector < made.vectors; vector++) body(vector);
        afterPixel?.();
        if (pixel < pixels - 1) for (const { at } of this.#matrices) f.increase(at, this.#stride);
      }
      after?.();
    };
    const some = (pixels: number): void => {
      const left = f.local("i32", i32.shr_u(this.#channels, i32.const(Math.log2(4 * VECTORS))));
      f.set(this.#offset, i32.const(0));
      f.times(left, () => {
        group(pixels, { vectors: VECTORS, isTail: false });
        f.increase(this.#offset, VECTORS * VECTOR);
      });
      f.if(i32.and(this.#channels, i32.const(4)), () => {
        group(pixels, { vectors: 1, isTail: false });
        f.increase(this.#offset, VECTOR);
      });
      f.if(i32.and(this.#channels, i32.const(3)), () => group(pixels, { vectors: 1, isTail: true }));
      const skip = pixels === 1 ? this.#stride : i32.mul(this.#stride, i32.const(pixels));
      for (const { start } of this.#matrices) f.increase(start, skip);
    };
    const rounds = f.local("i32", i32.shr_u(this.#pixels, i32.const(Math.log2(PIXELS))));
    f.times(rounds, () => some(PIXELS));
    f.set(this.#pixels, i32.and(this.#pixels, i32.const(PIXELS - 1)));
    f.times(this.#pixels, () => some(1));
  }

  /** Loads the numbers of the group's channels. */
  load(vectors: readonly Local<"v128">[], start: Expr<"i32">): void {
    this.#f.set(this.#at, i32.add(start, this.#offset));
    for (const [v, vector] of vectors.slice(0, this.#group.vectors).entries()) {
      this.#f.set(vector, v128.load(this.#at, v * VECTOR));
    }
  }

  /** Stores the numbers of the group's channels as whole vectors. */
  save(vectors: readonly Local<"v128">[], start: Expr<"i32">): void {
    this.#f.set(this.#at, i32.add(start, this.#offset));
    for (const [v, vector] of vectors.slice(0, this.#group.vectors).entries()) {
      this.#f.store(v128.store(this.#at, vector, v * VECTOR));
    }
  }

  /** Stores the channels of one pixel. */
  store(vectors: readonly Local<"v128">[], to: I32): void {
    const f = this.#f;
    const stored = vectors.slice(0, this.#group.vectors);
    if (this.#group.isTail) storeFirst(f, f.local("i32", to), stored, i32.and(this.#channels, i32.const(3)));
    else for (const [v, vector] of stored.entries()) f.store(v128.store(to, vector, v * VECTOR));
  }
}

/** One of the vectors of a group. */
export function vectorAt(vectors: readonly Local<"v128">[], index: number): Local<"v128"> {
  const vector = vectors[index];
  if (vector === undefined) throw new Error(`no vector ${index}`);
  return vector;
}

/** Adds `count` integer parameters (addresses and counts), to be destructured. */
export function parameters<N extends keyof Tuples>(f: FunctionBuilder, count: N): Tuples[N];
export function parameters(f: FunctionBuilder, count: number): readonly I32[] {
  return Array.from({ length: count }, () => f.param("i32"));
}

interface Tuples {
  readonly 4: readonly [I32, I32, I32, I32];
  readonly 5: readonly [I32, I32, I32, I32, I32];
  readonly 6: readonly [I32, I32, I32, I32, I32, I32];
  readonly 7: readonly [I32, I32, I32, I32, I32, I32, I32];
  readonly 9: readonly [I32, I32, I32, I32, I32, I32, I32, I32, I32];
}
