/** Weights in the engine's memory: as they are, in the layouts of the kernels, and their gradients. */
import { packedDwconvSize } from "../../kernels/f32/dwconv.ts";
import { packedGemmSize } from "../../kernels/f32/gemm.ts";
import { type Tiling, tileForColumns } from "../../kernels/f32/tilings.ts";
import {
  packDepthwise,
  packDepthwiseName,
  packTransposed,
  packTransposedName,
  packWeights,
  packWeightsName,
} from "../../kernels/training/pack.ts";
import type { Weight } from "../../layers/weight.ts";
import type { Callable, FunctionBuilder } from "../../wasm/function.ts";
import { i32 } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";
import type { EngineMemory } from "../memory/memory.ts";
import type { Picture } from "../../lowering/picture.ts";
import type { Window } from "../../lowering/windows.ts";

/** How a convolution is computed. */
export type ConvolutionKernel =
  /** A matrix product, pixel by pixel. */
  | "pixels"
  | "depthwise"
  /** Any window, over an input that has its zeros around it. */
  | "window";

/** A convolution's weights, and what their layouts depend on. */
export interface ConvolutionWeights {
  readonly by: ConvolutionKernel;
  readonly kernel: Weight;
  readonly bias: Weight | undefined;
  readonly from: Picture;
  readonly to: Picture;
  readonly window: Window;
}

/** Something in memory that is made of weights. */
class Made {
  readonly address: number;
  readonly weights: readonly Weight[];
  /** The weights' versions when it was made. */
  #versions: readonly number[] | undefined;

  constructor(address: number, weights: readonly Weight[]) {
    this.address = address;
    this.weights = weights;
  }

  get isCurrent(): boolean {
    return this.#versions !== undefined && this.weights.every((weight, i) => weight.version === this.#versions?.[i]);
  }

  setCurrent(): void {
    this.#versions = this.weights.map((weight) => weight.version);
  }
}

/** Numbers that JavaScript puts into memory. */
interface Copy {
  readonly made: Made;
  readonly floats: number;
  readonly write: (to: Float32Array) => void;
}

/** What is needed to write a call of a kernel. */
interface Calls {
  readonly f: FunctionBuilder;
  kernel(name: string, make: (module: ModuleBuilder) => Callable): Callable;
}

/** A kernel's layout of weights that are in memory. */
export interface Packing {
  readonly made: Made;
  /** Writes the call that packs. */
  readonly emit: (e: Calls) => void;
}

export class TrainingWeights {
  readonly #memory: EngineMemory;
  readonly #tiling: Tiling;
  readonly #copies = new Map<string, Copy>();
  readonly #packings = new Map<string, Packing>();
  readonly #gradients = new Map<Weight, number>();
  readonly #ids = new Map<Weight, number>();

  constructor(memory: EngineMemory, tiling: Tiling) {
    this.#memory = memory;
    this.#tiling = tiling;
  }

  /** All packings that have been asked for. */
  get packings(): readonly Packing[] {
    return [...this.#packings.values()];
  }

  /** The address of a weight's values. */
  values(weight: Weight): number {
    return this.#copy("values", [weight], weight.size, (to) => to.set(weight.values));
  }

  /** The address of a number, repeated so many times. */
  filled(value: number, floats: number): number {
    return this.#copy(`${floats} times ${value}`, [], floats, (to) => to.fill(value));
  }

  /** The address of a weight's gradient. */
  gradient(weight: Weight): number {
    const address = this.#gradients.get(weight) ?? this.#memory.reserve(weight.size * 4);
    this.#gradients.set(weight, address);
    return address;
  }

  /** The address of a convolution's weights, packed for its kernel. */
  packed(convolution: ConvolutionWeights): number {
    const { by, kernel, bias, from, to, window } = convolution;
    const weights = bias === undefined ? [kernel] : [kernel, bias];
    const taps = window.rows * window.cols;
    if (by === "depthwise") {
      return this.#depthwise(
        convolution,
        weights,
        Array.from({ length: taps }, (_, tap) => tap),
      );
    }
    const [k, n] = [taps * from.channels, to.channels];
    const { columns } = tileForColumns(this.#tiling, n);
    const variant = { columns, bias: bias !== undefined };
    return this.#packing("matrix", weights, packedGemmSize(k, n, columns), (e, address) => {
      const pack = e.kernel(packWeightsName(variant), (module) => packWeights(module, variant));
      e.f.call(
        pack,
        [address, this.values(kernel), k, n, ...(bias === undefined ? [] : [this.values(bias)])].map(i32.const),
      );
    });
  }

  /** The address of a convolution's weights, packed for the product of its output's gradient with them. */
  transposed({ kernel, from, to, window }: ConvolutionWeights): number {
    const [k, n] = [to.channels, window.rows * window.cols * from.channels];
    const { columns } = tileForColumns(this.#tiling, n);
    return this.#packing("transposed", [kernel], packedGemmSize(k, n, columns), (e, address) => {
      const pack = e.kernel(packTransposedName({ columns }), (module) => packTransposed(module, { columns }));
      e.f.call(pack, [address, this.values(kernel), k, n].map(i32.const));
    });
  }

  /** The address of a depthwise convolution's weights for the gradient of its input: some of the window's rows, turned around in both directions. */
  turned(convolution: ConvolutionWeights, rows: readonly number[]): number {
    const { kernel, window } = convolution;
    const taps = rows.flatMap((row) => Array.from({ length: window.cols }, (_, col) => row * window.cols + col));
    return this.#depthwise(convolution, [kernel], taps.toReversed());
  }

  #depthwise({ from: { channels } }: ConvolutionWeights, weights: readonly Weight[], taps: readonly number[]): number {
    const [kernel, bias] = weights;
    const variant = { taps, channels, vectors: this.#tiling.depthwiseVectors, bias: bias !== undefined };
    return this.#packing(taps.join("."), weights, packedDwconvSize(taps.length, channels), (e, address) => {
      const pack = e.kernel(packDepthwiseName(variant), (module) => packDepthwise(module, variant));
      const given = [kernel, bias].filter((weight) => weight !== undefined);
      e.f.call(pack, [address, ...given.map((weight) => this.values(weight))].map(i32.const));
    });
  }

  /** Copies weights that were assigned to since they were copied last. */
  refresh(): void {
    const { floats } = this.#memory;
    for (const { made, floats: length, write } of this.#copies.values()) {
      if (made.isCurrent) continue;
      write(floats.subarray(made.address / 4, made.address / 4 + length));
      made.setCurrent();
    }
  }

  /** Assigns to a weight what a run has written over its copy. */
  assign(weight: Weight): void {
    const made = this.#copies.get(this.#key("values", [weight]))?.made;
    if (made === undefined) return;
    weight.assign(this.#memory.floats.slice(made.address / 4, made.address / 4 + weight.size));
    made.setCurrent();
  }

  #copy(layout: string, weights: readonly Weight[], floats: number, write: Copy["write"]): number {
    const key = this.#key(layout, weights);
    const copy = this.#copies.get(key) ?? { made: this.#made(floats, weights), floats, write };
    this.#copies.set(key, copy);
    return copy.made.address;
  }

  #packing(
    layout: string,
    weights: readonly Weight[],
    floats: number,
    emit: (e: Calls, address: number) => void,
  ): number {
    const key = this.#key(layout, weights);
    const known = this.#packings.get(key);
    if (known !== undefined) return known.made.address;
    const made = this.#made(floats, weights);
    for (const weight of weights) this.values(weight);
    this.#packings.set(key, { made, emit: (e) => emit(e, made.address) });
    return made.address;
  }

  #made(floats: number, weights: readonly Weight[]): Made {
    return new Made(this.#memory.reserve(floats * 4), weights);
  }

  #key(layout: string, weights: readonly Weight[]): string {
    const ids = weights.map((weight) => {
      const id = this.#ids.get(weight) ?? this.#ids.size;
      this.#ids.set(weight, id);
      return id;
    });
    return [layout, ...ids].join(" ");
  }
}
