/**
 * Integer depthwise convolution with 3 × 3 windows, of one or two output rows. Four input rows are woven (interleaved) into one, so that 32
 * bits hold the pixels of one channel that lie above one another. A tile of outputs then slides along the woven row, four channels at a
 * time, while the weights of the window stay in registers. Two output rows share a woven row: their windows are three of its four rows
 * each.
 */
import type { Expr, Local } from "../../wasm/expression.ts";
import type { FunctionBuilder } from "../../wasm/function.ts";
import { f32x4, i16x8, i32, i8x16, v128 } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import { ACTIVATION_BYTES, type IntegerMode, Results, dotAdd, startsFor, truncate } from "./parts.ts";
import { VECTOR, storeFirst } from "../parts.ts";

/** A variant of `i8Dwconv`. */
export interface I8DwconvVariant {
  readonly mode: IntegerMode;
  readonly output: "integers" | "f32";
  readonly stride: 1 | 2;
  /** The number of output rows per call; 2 only with stride 1. */
  readonly rows: 1 | 2;
  /** The number of pixels in an input row and in an output row. */
  readonly inputCols: number;
  readonly outputCols: number;
  /** The number of padding pixels before the first pixel of an input row: 0 or 1. Those after the last one follow from the other lengths. */
  readonly padLeft: number;
  readonly channels: number;
  /** Whether the code is written so that V8 can join pairs of vectors to 256 bits, in groups of eight channels. Only for integer output. */
  readonly wide: boolean;
}

export function i8DwconvName(variant: I8DwconvVariant): string {
  const { mode, wide, output, stride, rows, inputCols, outputCols, padLeft, channels } = variant;
  return `${mode}${wide ? "_wide" : ""}_dwconv${rows}_s${stride}_${inputCols}p${padLeft}to${outputCols}x${channels}__to_${output}`;
}

const TAPS = 3;
/** The number of outputs in a tile along a row. Two rows of them, six weights and one input fill the 15 vector registers that V8 has on x64. */
const TILE = 4;
/** The number of channels in a vector of sums. */
const LANES = 4;
/** The number of rows that are woven. */
const WOVEN = 4;

/** The number of vectors for four channels of a woven pixel: one of bytes with all four rows, or two of 16-bit numbers with two rows each. */
function vectorsOf(mode: IntegerMode): number {
  return mode === "i16" ? 2 : 1;
}

/** The number of channels that are woven at once: one vector of each row. */
function blockOf(mode: IntegerMode): number {
  return VECTOR / ACTIVATION_BYTES[mode];
}

/** The number of bytes of a woven pixel. */
function wovenBytes(mode: IntegerMode): number {
  return (blockOf(mode) / LANES) * vectorsOf(mode) * VECTOR;
}

/** The number of vectors of sums for one pixel of a group. */
function widthOf({ wide }: Pick<I8DwconvVariant, "wide">): number {
  return wide ? 2 : 1;
}

/** The number of channels in a group. */
function groupOf(variant: Pick<I8DwconvVariant, "wide">): number {
  return LANES * widthOf(variant);
}

/** The number of bytes of scratch memory that a call needs: for the woven row and, if `wide`, for the sums of a tile. */
export function i8DwconvScratch(variant: I8DwconvVariant): number {
  return wovenCols(variant) * wovenBytes(variant.mode) + (variant.wide ? variant.rows * TILE * 2 * VECTOR : 0);
}

function wovenCols({ outputCols, stride }: I8DwconvVariant): number {
  return (outputCols - 1) * stride + TAPS;
}

/**
 * The kernel for one or two output rows. Parameters: `output`; `outputStride` (the bytes to the second row); `weights` (packed by
 * `packI8Dwconv`); the addresses of four input rows (those of the window or of both windows; a fourth one that no window has can be any
 * address); `scratch`; `padding` (the stored value of the pixels left and right of the picture).
 *
 * It reads up to 16 bytes beyond a row.
 */
export function i8Dwconv(module: ModuleBuilder, variant: I8DwconvVariant): FunctionBuilder {
  return new Dwconv(module.function(i8DwconvName(variant)), variant).emit();
}

class Dwconv {
  readonly #f: FunctionBuilder;
  readonly #variant: I8DwconvVariant;
  readonly #output: Local<"i32">;
  readonly #outputStride: Local<"i32">;
  readonly #weights: Local<"i32">;
  readonly #rows: readonly Local<"i32">[];
  readonly #scratch: Local<"i32">;
  readonly #padding: Local<"i32">;
  readonly #results: Results | undefined;
  readonly #bytes: number;

  constructor(f: FunctionBuilder, variant: I8DwconvVariant) {
    this.#f = f;
    this.#variant = variant;
    this.#output = f.param("i32");
    this.#outputStride = f.param("i32");
    this.#weights = f.param("i32");
    this.#rows = Array.from({ length: WOVEN }, () => f.param("i32"));
    this.#scratch = f.param("i32");
    this.#padding = f.param("i32");
    const { mode, output } = variant;
    this.#results = output === "f32" ? undefined : new Results(f, mode);
    this.#bytes = output === "f32" ? 4 : ACTIVATION_BYTES[mode];
  }

  emit(): FunctionBuilder {
    const f = this.#f;
    const { mode, channels } = this.#variant;
    this.#weaveSides();
    const block = blockOf(mode);
    const group = groupOf(this.#variant);
    const groups = f.local("i32");
    const woven = f.local("i32");
    const blockGroups = (count: number): void => {
      f.set(woven, this.#scratch);
      f.set(groups, i32.const(count));
      f.times(groups, () => {
        this.#group(woven, group);
        f.increase(woven, widthOf(this.#variant) * vectorsOf(mode) * VECTOR);
      });
    };
    const blocks = f.local("i32", i32.const(Math.floor(channels / block)));
    f.times(blocks, () => {
      this.#weave();
      blockGroups(block / group);
    });
    const rest = channels % block;
    if (rest > 0) {
      this.#weave();
      blockGroups(Math.floor(rest / group));
      if (rest % group > 0) this.#group(woven, rest % group);
    }
    return f;
  }

  /** Fills the pixels left and right of the picture, which are the same for all channels. */
  #weaveSides(): void {
    const f = this.#f;
    const { mode, padLeft, inputCols } = this.#variant;
    const pixel = wovenBytes(mode);
    const side = f.local("v128", mode === "i16" ? i16x8.splat(this.#padding) : i8x16.splat(this.#padding));
    for (let x = 0; x < wovenCols(this.#variant); x++) {
      if (x >= padLeft && x < padLeft + inputCols) continue;
      for (let at = 0; at < pixel; at += VECTOR) f.store(v128.store(this.#scratch, side, x * pixel + at));
    }
  }

  /** Weaves one block of channels of the four rows, and moves on to the next block. */
  #weave(): void {
    const f = this.#f;
    const { mode, inputCols, channels, padLeft } = this.#variant;
    const pixel = channels * ACTIVATION_BYTES[mode];
    const to = f.local("i32", i32.add(this.#scratch, i32.const(padLeft * wovenBytes(mode))));
    const inputs = this.#rows.map((row) => f.local("i32", row));
    const loaded = inputs.map(() => f.local("v128"));
    const count = Math.min(inputCols, wovenCols(this.#variant) - padLeft);
    const one = (offset: number): void => {
      for (const [i, input] of inputs.entries()) f.set(loaded[i] ?? this.#local(), v128.load(input, offset * pixel));
      for (const [i, vector] of weave(f, mode, loaded).entries()) {
        f.store(v128.store(to, vector, offset * wovenBytes(mode) + i * VECTOR));
      }
    };
    const many = (width: number): void => {
      for (let offset = 0; offset < width; offset++) one(offset);
      for (const input of inputs) f.increase(input, width * pixel);
      f.increase(to, width * wovenBytes(mode));
    };
    const left = f.local("i32", i32.const(Math.floor(count / 2)));
    f.times(left, () => many(2));
    if (count % 2 > 0) many(1);
    for (const row of this.#rows) f.increase(row, VECTOR);
  }

  #local(): Local<"v128"> {
    return this.#f.local("v128");
  }

  /** Computes one group of channels along the woven row, of which `lanes` channels exist. Weights and output move on to the next group. */
  #group(woven: Local<"i32">, lanes: number): void {
    const f = this.#f;
    const { mode, rows, outputCols, stride, channels } = this.#variant;
    const taps = Array.from({ length: rows * TAPS * vectorsOf(mode) * widthOf(this.#variant) }, () => this.#local());
    // Weights that do not stay in registers are read where they are used.
    const kept = mode === "i16" ? [] : taps;
    for (const [i, tap] of kept.entries()) f.set(tap, this.#loadTap(i));
    const from = f.local("i32", woven);
    const to = f.local("i32", this.#output);
    const tile = (width: number): void => this.#tile(from, to, { width, lanes, kept });
    const left = f.local("i32", i32.const(Math.floor(outputCols / TILE)));
    f.times(left, () => {
      tile(TILE);
      f.increase(from, TILE * stride * wovenBytes(mode));
      f.increase(to, TILE * channels * this.#bytes);
    });
    if (outputCols % TILE > 0) tile(outputCols % TILE);
    f.increase(this.#weights, groupBytes(this.#variant));
    f.increase(this.#output, groupOf(this.#variant) * this.#bytes);
  }

  #loadTap(index: number): Expr<"v128"> {
    const first = widthOf(this.#variant) * VECTOR;
    return this.#variant.mode === "i16"
      ? v128.load8x8_s(this.#weights, first + (index * VECTOR) / 2)
      : v128.load(this.#weights, first + index * VECTOR);
  }

  #tile(
    from: Local<"i32">,
    to: Local<"i32">,
    { width, lanes, kept }: { readonly width: number; readonly lanes: number; readonly kept: readonly Local<"v128">[] },
  ): void {
    const f = this.#f;
    const { mode, rows, stride } = this.#variant;
    const vectors = vectorsOf(mode);
    const parts = Array.from({ length: widthOf(this.#variant) }, (_, part) => part);
    // For each output row and pixel, the vectors of the group.
    const sums = Array.from({ length: rows }, () =>
      Array.from({ length: width }, () => parts.map(() => this.#local())),
    );
    const starts = sums[0]?.[0] ?? [];
    for (const [part, start] of starts.entries()) f.set(start, v128.load(this.#weights, part * VECTOR));
    for (const pixel of sums.flat()) {
      if (pixel !== starts) for (const [part, sum] of pixel.entries()) f.set(sum, starts[part] ?? sum);
    }
    const values = parts.map(() => this.#local());
    for (let x = 0; x < (width - 1) * stride + TAPS; x++) {
      for (let v = 0; v < vectors; v++) {
        for (const [part, value] of values.entries()) {
          f.set(value, v128.load(from, x * wovenBytes(mode) + (part * vectors + v) * VECTOR));
        }
        for (const [r, row] of sums.entries()) {
          for (const [i, pixel] of row.entries()) {
            const tap = x - i * stride;
            if (tap < 0 || tap >= TAPS) continue;
            for (const [part, sum] of pixel.entries()) {
              const index = ((r * TAPS + tap) * vectors + v) * parts.length + part;
              f.set(sum, dotAdd(mode, kept[index] ?? this.#loadTap(index), values[part] ?? sum, sum));
            }
          }
        }
      }
    }
    const factors = groupBytes(this.#variant) - parts.length * VECTOR;
    for (const [part, value] of values.entries()) f.set(value, v128.load(this.#weights, factors + part * VECTOR));
    for (const pixel of sums.flat()) {
      for (const [part, sum] of pixel.entries()) {
        const y = f32x4.mul(f32x4.convert_i32x4_s(sum), values[part] ?? sum);
        f.set(sum, this.#results === undefined ? y : truncate(mode, y));
      }
    }
    if (this.#variant.wide) {
      // V8 joins vectors only if it finds them stored next to each other.
      const place = wovenCols(this.#variant) * wovenBytes(mode);
      const all = sums.flat(2);
      for (const [i, sum] of all.entries()) f.store(v128.store(this.#scratch, sum, place + i * VECTOR));
      for (const [i, sum] of all.entries()) f.set(sum, v128.load(this.#scratch, place + i * VECTOR));
    }
    const at = f.local("i32", to);
    for (const [r, row] of sums.entries()) {
      if (r > 0) f.increase(at, this.#outputStride);
      this.#storeRow(at, row, lanes);
    }
  }

  #storeRow(to: Local<"i32">, row: readonly (readonly Local<"v128">[])[], lanes: number): void {
    const f = this.#f;
    const pixel = this.#variant.channels * this.#bytes;
    const results = this.#results;
    if (results === undefined) {
      for (const [i, [sum]] of row.entries()) {
        if (sum === undefined) continue;
        if (lanes === LANES) f.store(v128.store(to, sum, i * pixel));
        else storeFirst(f, f.local("i32", i32.add(to, i32.const(i * pixel))), [sum], i32.const(lanes));
      }
    } else if (!this.#variant.wide) {
      results.storeGroups(to, pixel, row.flat(), lanes);
    } else {
      const eights = row.map(([low, high], i) => ({
        address: to,
        offset: i * pixel,
        eight: i16x8.narrow_i32x4_s(low ?? this.#local(), high ?? this.#local()),
      }));
      if (lanes === 2 * LANES) {
        for (let i = 0; i < eights.length; i += 2) results.store(eights.slice(i, i + 2));
      } else {
        for (const { offset, eight } of eights) {
          results.storeFirst(f.local("i32", i32.add(to, i32.const(offset))), eight, i32.const(lanes));
        }
      }
    }
  }
}

/** Weaves four rows, so that every 32-bit lane is a single channel: each four channels become one vector of bytes, or two of 16-bit numbers. */
function weave(f: FunctionBuilder, mode: IntegerMode, rows: readonly Expr<"v128">[]): readonly Expr<"v128">[] {
  const [r0, r1, r2, r3] = rows;
  if (r0 === undefined || r1 === undefined || r2 === undefined || r3 === undefined) throw new RangeError("four rows");
  const size = ACTIVATION_BYTES[mode];
  const pairs = [
    [interleave(r0, r1, size, 0), interleave(r2, r3, size, 0)],
    [interleave(r0, r1, size, 1), interleave(r2, r3, size, 1)],
  ] as const;
  if (mode === "i16") return pairs.flat();
  return pairs.flatMap(([above, below]) => {
    const [a, b] = [f.local("v128", above), f.local("v128", below)];
    return [interleave(a, b, 2, 0), interleave(a, b, 2, 1)];
  });
}

/** Alternates the numbers of `size` bytes from the lower (0) or upper (1) half of `a` and `b`. */
function interleave(a: Expr<"v128">, b: Expr<"v128">, size: number, half: 0 | 1): Expr<"v128"> {
  const lanes = Array.from({ length: VECTOR }, (_, i) => {
    const number = Math.floor(i / (2 * size));
    const second = Math.floor(i / size) % 2;
    return second * VECTOR + (half * VECTOR) / 2 + number * size + (i % size);
  });
  return i8x16.shuffle(a, b, lanes);
}

/** The number of bytes of a group's packed weights. */
function groupBytes(variant: Pick<I8DwconvVariant, "mode" | "rows" | "wide">): number {
  const { mode, rows } = variant;
  const vector = mode === "i16" ? VECTOR / 2 : VECTOR;
  return (VECTOR + rows * TAPS * vectorsOf(mode) * vector + VECTOR) * widthOf(variant);
}

/** The number of bytes that `packI8Dwconv` writes. */
export function packedI8DwconvSize(variant: I8DwconvVariant): number {
  return Math.ceil(variant.channels / groupOf(variant)) * groupBytes(variant);
}

/**
 * Packs weights [3, 3, channels] for `i8Dwconv`. For each group of four (or eight) channels: the starts of the sums (int32); for each
 * output row and column of the window, the weights of the rows, moved down by one row for the second output row; the factors (float32).
 * Padded with zeros.
 */
export function packI8Dwconv(
  to: Uint8Array,
  variant: I8DwconvVariant,
  { weights, starts, factors }: { weights: Int8Array; starts: Int32Array; factors: Float32Array },
): void {
  const { mode, rows, channels } = variant;
  const view = new DataView(to.buffer, to.byteOffset, to.byteLength);
  const perVector = WOVEN / vectorsOf(mode);
  const own = startsFor(mode, starts, weights);
  let at = 0;
  for (let group = 0; group < channels; group += groupOf(variant)) {
    const lanes = Array.from({ length: groupOf(variant) }, (_, lane) => group + lane);
    for (const c of lanes) view.setInt32((at += 4) - 4, own[c] ?? 0, true);
    for (let row = 0; row < rows; row++) {
      for (let col = 0; col < TAPS; col++) {
        for (let first = 0; first < WOVEN; first += perVector) {
          for (const c of lanes) {
            for (let woven = first; woven < first + perVector; woven++) {
              const tap = woven - row;
              to[at++] = tap >= 0 && tap < TAPS && c < channels ? (weights[(tap * TAPS + col) * channels + c] ?? 0) : 0;
            }
          }
        }
      }
    }
    for (const c of lanes) view.setFloat32((at += 4) - 4, factors[c] ?? 0, true);
  }
}
