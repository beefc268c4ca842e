/** What the kernels of training share: a walk over a block of pixels, a few at a time, a vector of channels after the other. */
import type { Expr, Local } from "../../wasm/expression.ts";
import type { FunctionBuilder } from "../../wasm/function.ts";
import { i32, v128 } from "../../wasm/instructions.ts";
import { VECTOR, storeFirst } from "../parts.ts";

/** Pixels whose numbers pass while a vector of channels is in registers. */
const PIXELS = 8;
/** Vectors side by side, to be joined by engines that can. */
const VECTORS = 2;

type I32 = Local<"i32">;

/** Two vectors of channels of some pixels; or one, of which less than four channels may exist. */
interface Group {
  readonly vectors: number;
  readonly isTail: boolean;
}

/**
 * A block of pixels: matrices [pixels, channels] without gaps, and numbers for each channel. Reads up to 3 floats beyond the ends of what
 * it is given, and of the matrices writes nothing but what exists.
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

  /** `pixels` is used up. */
  constructor(f: FunctionBuilder, pixels: I32, channels: I32) {
    this.#f = f;
    this.#pixels = pixels;
    this.#channels = channels;
    this.#stride = f.local("i32", i32.shl(channels, i32.const(2)));
    this.#offset = f.local("i32");
    this.#at = f.local("i32");
  }

  /** A pointer to the group's channels of the pixel at hand; `start` is used up. */
  matrix(start: I32): I32 {
    const at = this.#f.local("i32");
    this.#matrices.push({ start, at });
    return at;
  }

  vectors(): readonly Local<"v128">[] {
    return Array.from({ length: VECTORS }, () => this.#f.local("v128"));
  }

  /** Runs `body` for every vector of every pixel; `before` and `after` come around the pixels of a group. */
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

  /** Loads numbers of the group's channels. */
  load(vectors: readonly Local<"v128">[], start: Expr<"i32">): void {
    this.#f.set(this.#at, i32.add(start, this.#offset));
    for (const [v, vector] of vectors.slice(0, this.#group.vectors).entries()) {
      this.#f.set(vector, v128.load(this.#at, v * VECTOR));
    }
  }

  /** Stores numbers of the group's channels, whole vectors. */
  save(vectors: readonly Local<"v128">[], start: Expr<"i32">): void {
    this.#f.set(this.#at, i32.add(start, this.#offset));
    for (const [v, vector] of vectors.slice(0, this.#group.vectors).entries()) {
      this.#f.store(v128.store(this.#at, vector, v * VECTOR));
    }
  }

  /** Stores a pixel's numbers. */
  store(vectors: readonly Local<"v128">[], to: I32): void {
    const f = this.#f;
    const stored = vectors.slice(0, this.#group.vectors);
    if (this.#group.isTail) storeFirst(f, f.local("i32", to), stored, i32.and(this.#channels, i32.const(3)));
    else for (const [v, vector] of stored.entries()) f.store(v128.store(to, vector, v * VECTOR));
  }
}

/** One of a group's vectors. */
export function vectorAt(vectors: readonly Local<"v128">[], index: number): Local<"v128"> {
  const vector = vectors[index];
  if (vector === undefined) throw new Error(`no vector ${index}`);
  return vector;
}

/** So many parameters, addresses and counts, to be taken apart. */
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
