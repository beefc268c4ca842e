/**
 * Depthwise convolution of one output row, with the shape of the row in the code. For each tile of outputs along the row it goes through
 * all channels, one or two vectors at a time, with the weights of the window in registers. Positions left and right of the picture are
 * skipped, not read.
 */
import type { Expr, Local } from "../../wasm/expression.ts";
import type { FunctionBuilder } from "../../wasm/function.ts";
import { i32, v128 } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import { type Arithmetic, Clamp, VECTOR, multiplyAdd, storeFirst } from "../parts.ts";

/** The shape of one row of a depthwise convolution, and how it is computed. */
export interface DwconvRow {
  readonly kernelRows: number;
  readonly kernelCols: number;
  readonly stride: number;
  readonly dilation: number;
  /** The number of pixels in an input row and in an output row. */
  readonly inputCols: number;
  readonly outputCols: number;
  /** The number of zeros before the first input pixel; those after the last one follow from the other lengths. */
  readonly padLeft: number;
  readonly channels: number;
  /** The number of vectors of channels side by side: 1, or 2 if the engine joins them. */
  readonly vectors: number;
  readonly arithmetic: Arithmetic;
}

/** A variant of `dwconv`. */
export interface DwconvVariant extends DwconvRow {
  /** The distance between neighbouring input pixels, with nothing in between, for the gradient of a convolution with that stride. Default: 1. */
  readonly spread?: number;
  /** Whether the results are clamped. */
  readonly minmax: boolean;
}

export function dwconvName(variant: DwconvVariant): string {
  return `f32_dwconv${variant.minmax ? "_minmax" : ""}_${dwconvRowName(variant, variant.spread)}`;
}

/** The end of the names of kernels that have such a row in their code. */
export function dwconvRowName(row: DwconvRow, spread = 1): string {
  const { kernelRows, kernelCols, stride, dilation, inputCols, outputCols, padLeft, channels, vectors, arithmetic } =
    row;
  const window = `${kernelRows}x${kernelCols}s${stride}${dilation > 1 ? `d${dilation}` : ""}${spread > 1 ? `u${spread}` : ""}`;
  const lanes = vectors > 1 ? `c${4 * vectors}` : "";
  return `${window}${lanes}_${inputCols}p${padLeft}to${outputCols}x${channels}__${arithmetic}`;
}

/** The least number of outputs in a tile. With 9 weights and one input, 4 outputs fill 14 of the 15 vector registers that V8 has on x64. */
const TILE = 4;
/** The weights of windows with more taps are read from memory where they are used. */
const TAPS_IN_REGISTERS = 9;

/**
 * The kernel for one output row. Parameters: `output`; `weights` (packed by `packDwconv`); `low` and `high` if `minmax`; the address of
 * each of the window's input rows.
 */
export function dwconv(module: ModuleBuilder, variant: DwconvVariant): FunctionBuilder {
  const { kernelRows } = variant;
  const f = module.function(dwconvName(variant));
  const output = f.param("i32");
  const weights = f.param("i32");
  const bounds = variant.minmax ? ([f.param("f32"), f.param("f32")] as const) : undefined;
  const rows = Array.from({ length: kernelRows }, () => f.param("i32"));
  const clamp = bounds && new Clamp(f, ...bounds);
  new Row(f, variant, { output, weights, rows, clamp }).emit();
  return f;
}

/** Groups of equally many neighbouring channels. */
interface ChannelGroups {
  readonly first: number;
  /** The number of channels in one group. */
  readonly channels: number;
  readonly count: number;
}

/** Divides the channels into groups: as many of `vectors` vectors as possible, then of one vector, then one of the remaining channels. */
export function channelGroups(channels: number, vectors: number): readonly ChannelGroups[] {
  const groups: ChannelGroups[] = [];
  let first = 0;
  for (const lanes of new Set([vectors * 4, 4, channels % 4])) {
    const count = lanes === 0 ? 0 : Math.floor((channels - first) / lanes);
    if (count > 0) groups.push({ first, channels: lanes, count });
    first += count * lanes;
  }
  return groups;
}

interface Pointers {
  readonly output: Local<"i32">;
  readonly weights: Local<"i32">;
  readonly rows: readonly Local<"i32">[];
  readonly clamp: Clamp | undefined;
}

/** A group of channels in vectors, of which only the first `lanes` channels exist. */
interface Group {
  readonly vectors: number;
  readonly lanes: number;
}

/** Emits the code for one row. */
class Row {
  readonly #f: FunctionBuilder;
  readonly #variant: DwconvVariant;
  readonly #spread: number;
  /** The number of outputs side by side. */
  readonly #width: number;
  readonly #given: Pointers;
  readonly #taps: readonly (readonly Local<"v128">[])[];
  readonly #sums: readonly (readonly Local<"v128">[])[];
  readonly #values: readonly Local<"v128">[];
  /** Pointers that move through the channels. */
  readonly #out: Local<"i32">;
  readonly #weights: Local<"i32">;
  readonly #inputs: readonly Local<"i32">[];

  constructor(f: FunctionBuilder, variant: DwconvVariant, given: Pointers) {
    const taps = variant.kernelRows * variant.kernelCols;
    this.#f = f;
    this.#variant = variant;
    this.#spread = variant.spread ?? 1;
    this.#width = this.#spread * Math.ceil(TILE / this.#spread);
    this.#given = given;
    const locals = (): Local<"v128">[] => Array.from({ length: variant.vectors }, () => f.local("v128"));
    this.#taps = taps <= TAPS_IN_REGISTERS ? Array.from({ length: taps }, locals) : [];
    this.#sums = Array.from({ length: this.#width }, locals);
    this.#values = locals();
    this.#out = f.local("i32");
    this.#weights = f.local("i32");
    this.#inputs = given.rows.map(() => f.local("i32"));
  }

  emit(): void {
    const f = this.#f;
    const { outputCols, stride, channels } = this.#variant;
    const width = this.#width;
    const interiors = Array.from({ length: Math.floor(outputCols / width) }, (_, i) => this.#isInterior(i * width));
    for (let x = 0; x < outputCols;) {
      let tiles = 0;
      while (interiors[x / width + tiles] === true) tiles++;
      if (tiles > 1) {
        const left = f.local("i32", i32.const(tiles));
        const first = x;
        f.times(left, () => {
          this.#channels(first, width);
          f.increase(this.#given.output, width * channels * 4);
          for (const row of this.#given.rows) f.increase(row, ((width * stride) / this.#spread) * channels * 4);
        });
        // The pointers have moved by `tiles` tiles, so what follows counts from there.
        x += tiles * width;
        this.#moved += tiles * width;
      } else {
        const rest = Math.min(width, outputCols - x);
        this.#channels(x, rest);
        x += rest;
      }
    }
  }

  /** Emits all channels of `width` outputs from output `x` on. */
  #channels(x: number, width: number): void {
    const f = this.#f;
    const { channels, vectors: most } = this.#variant;
    const { output, weights, rows } = this.#given;
    const walking = [this.#out, this.#weights, ...this.#inputs];
    for (const [i, start] of [output, weights, ...rows].entries()) f.set(walking[i] ?? start, start);
    for (const { channels: lanes, count } of channelGroups(channels, most)) {
      const vectors = Math.ceil(lanes / 4);
      const left = f.local("i32", i32.const(count));
      f.times(left, () => {
        for (const [tap, locals] of this.#taps.entries()) {
          for (const [v, local] of locals.slice(0, vectors).entries()) f.set(local, this.#weight(tap, v, vectors));
        }
        this.#tile(x, width, { vectors, lanes });
        f.increase(this.#weights, (this.#variant.kernelRows * this.#variant.kernelCols + 1) * vectors * VECTOR);
        for (const pointer of [this.#out, ...this.#inputs]) f.increase(pointer, lanes * 4);
      });
    }
  }

  /** Loads a vector of the weights of a tap from memory; tap -1 is the bias. */
  #weight(tap: number, vector: number, vectors: number): Expr<"v128"> {
    return v128.load(this.#weights, ((tap + 1) * vectors + vector) * VECTOR);
  }

  /** The number of output pixels by which the given pointers are ahead of the start of the row. */
  #moved = 0;

  /** The input column under a tap. It is not a whole number if the tap lies between two columns, where there is nothing. */
  #column(x: number, tap: number): number {
    return (x * this.#variant.stride + tap * this.#variant.dilation - this.#variant.padLeft) / this.#spread;
  }

  #isInterior(x: number): boolean {
    return (
      this.#column(x, 0) >= 0 &&
      this.#column(x + this.#width - 1, this.#variant.kernelCols - 1) < this.#variant.inputCols
    );
  }

  /** Emits one group of channels of `width` outputs from output `x` on. */
  #tile(x: number, width: number, { vectors, lanes }: Group): void {
    const f = this.#f;
    const moved = this.#moved;
    const { kernelCols, inputCols, channels, stride, arithmetic } = this.#variant;
    const pixel = channels * 4;
    const sums = this.#sums.slice(0, width).map((locals) => locals.slice(0, vectors));
    const values = this.#values.slice(0, vectors);
    for (const sum of sums) for (const [v, local] of sum.entries()) f.set(local, this.#weight(-1, v, vectors));
    const first = Math.max(0, Math.ceil(this.#column(x, 0)));
    const last = Math.min(inputCols - 1, this.#column(x + width - 1, kernelCols - 1));
    for (const [r, input] of this.#inputs.entries()) {
      for (let column = first; column <= last; column++) {
        const uses = sums.flatMap((sum, t) => {
          for (let tap = 0; tap < kernelCols; tap++) if (this.#column(x + t, tap) === column) return [{ sum, tap }];
          return [];
        });
        if (uses.length === 0) continue;
        for (const [v, value] of values.entries()) {
          f.set(value, v128.load(input, (column - (moved * stride) / this.#spread) * pixel + v * VECTOR));
        }
        for (const { sum, tap } of uses) {
          const index = r * kernelCols + tap;
          for (const [v, local] of sum.entries()) {
            const weight = this.#taps[index]?.[v] ?? this.#weight(index, v, vectors);
            f.set(local, multiplyAdd(arithmetic, values[v] ?? local, weight, local));
          }
        }
      }
    }
    const { clamp } = this.#given;
    if (clamp) for (const sum of sums) for (const local of sum) f.set(local, clamp.apply(local));
    for (const [t, sum] of sums.entries()) {
      const offset = (x + t - moved) * pixel;
      if (lanes === 4 * vectors) {
        for (const [v, local] of sum.entries()) f.store(v128.store(this.#out, local, offset + v * VECTOR));
      } else {
        const address = f.local("i32", i32.add(this.#out, i32.const(offset)));
        storeFirst(f, address, sum, i32.const(lanes));
      }
    }
  }
}

/** The number of floats that `packDwconv` writes. */
export function packedDwconvSize(taps: number, channels: number): number {
  return Math.ceil(channels / 4) * 4 * (taps + 1);
}

/**
 * Packs weights [taps, channels] for `dwconv`: for each group of channels first the bias, then the taps, padded with zeros. `scale`, one
 * number per channel, is multiplied into the weights.
 */
export function packDwconv(
  to: Float32Array,
  weights: Float32Array,
  bias: ArrayLike<number>,
  scale: ArrayLike<number>,
  { taps, channels, vectors }: { taps: number; channels: number; vectors: number },
): void {
  let at = 0;
  for (const groups of channelGroups(channels, vectors)) {
    const lanes = Math.ceil(groups.channels / 4) * 4;
    const end = groups.first + groups.count * groups.channels;
    for (let first = groups.first; first < end; first += groups.channels) {
      for (let c = first; c < first + lanes; c++) to[at++] = c < channels ? (bias[c] ?? 0) : 0;
      for (let tap = 0; tap < taps; tap++) {
        for (let c = first; c < first + lanes; c++) {
          to[at++] = c < channels ? (weights[tap * channels + c] ?? 0) * (scale[c] ?? 1) : 0;
        }
      }
    }
  }
}
