/** Weights in the engine's memory: as they are, in the layouts of the kernels, and their gradients. */
import { packDwconv, packedDwconvSize } from "../../kernels/dwconv.ts";
import { packGemm, packedGemmSize } from "../../kernels/gemm.ts";
import type { Tiling } from "../../kernels/table.ts";
import type { Weight } from "../../layers/weight.ts";
import type { EngineMemory } from "../memory.ts";
import type { Convolution } from "./operations.ts";
import { tileOfColumns } from "./tiles.ts";

interface Copy {
  readonly address: number;
  readonly floats: number;
  readonly weights: readonly Weight[];
  /** The weights' versions when it was made. */
  versions: readonly number[] | undefined;
  readonly write: (to: Float32Array) => void;
}

export class TrainingWeights {
  readonly #memory: EngineMemory;
  readonly #tiling: Tiling;
  readonly #copies = new Map<string, Copy>();
  readonly #gradients = new Map<Weight, number>();
  readonly #ids = new Map<Weight, number>();

  constructor(memory: EngineMemory, tiling: Tiling) {
    this.#memory = memory;
    this.#tiling = tiling;
  }

  /** The address of a weight's values. */
  values(weight: Weight): number {
    return this.#copy("values", [weight], weight.size, (to) => to.set(weight.values)).address;
  }

  /** The address of so many times the same number. */
  filled(value: number, floats: number): number {
    return this.#copy(`${floats} times ${value}`, [], floats, (to) => to.fill(value)).address;
  }

  /** The address of a weight's gradient. */
  gradient(weight: Weight): number {
    const address = this.#gradients.get(weight) ?? this.#memory.reserve(weight.size * 4);
    this.#gradients.set(weight, address);
    return address;
  }

  /** The address of a convolution's weights, packed for its kernel. */
  packed({ by, kernel, bias, from, to, window }: Convolution): number {
    const weights = bias === undefined ? [kernel] : [kernel, bias];
    const taps = window.rows * window.cols;
    const summands = (): ArrayLike<number> => bias?.values ?? [];
    if (by === "depthwise") {
      const { channels } = from;
      const options = { taps, channels, vectors: this.#tiling.depthwiseVectors };
      return this.#copy("depthwise", weights, packedDwconvSize(taps, channels), (packed) =>
        packDwconv(packed, kernel.values, summands(), [], options),
      ).address;
    }
    const k = taps * from.channels;
    const { columns } = tileOfColumns(this.#tiling, to.channels);
    return this.#copy("matrix", weights, packedGemmSize(k, to.channels, columns), (packed) =>
      packGemm(packed, kernel.values, summands(), [], { k, n: to.channels, columns }),
    ).address;
  }

  /** The address of a convolution's weights, packed for the product of its output's gradient with them. */
  transposed({ kernel, from, to, window }: Convolution): number {
    const [k, n] = [to.channels, window.rows * window.cols * from.channels];
    const { columns } = tileOfColumns(this.#tiling, n);
    return this.#copy("transposed", [kernel], packedGemmSize(k, n, columns), (packed) => {
      const turned = new Float32Array(k * n);
      for (let i = 0; i < n; i++) for (let j = 0; j < k; j++) turned[j * n + i] = kernel.values[i * k + j] ?? NaN;
      packGemm(packed, turned, [], [], { k, n, columns });
    }).address;
  }

  /** The address of a depthwise convolution's weights for the gradient of its input: some of the window's rows, all turned around. */
  turned({ kernel, from, window }: Convolution, rows: readonly number[]): number {
    const [{ channels }, taps] = [from, rows.length * window.cols];
    const options = { taps, channels, vectors: this.#tiling.depthwiseVectors };
    return this.#copy(`turned ${rows.join()}`, [kernel], packedDwconvSize(taps, channels), (packed) => {
      const turned = rows.toReversed().flatMap((row) =>
        Array.from({ length: window.cols }, (_, i) => {
          const tap = row * window.cols + window.cols - 1 - i;
          return [...kernel.values.subarray(tap * channels, (tap + 1) * channels)];
        }),
      );
      packDwconv(packed, Float32Array.from(turned.flat()), [], [], options);
    }).address;
  }

  /** Brings all copies up to date. */
  refresh(): void {
    const { floats } = this.#memory;
    for (const copy of this.#copies.values()) {
      if (isCurrent(copy)) continue;
      copy.write(floats.subarray(copy.address / 4, copy.address / 4 + copy.floats));
      copy.versions = copy.weights.map((weight) => weight.version);
    }
  }

  /** Assigns what a run has made of a weight's copy. */
  assign(weight: Weight): void {
    const copy = this.#copies.get(this.#key("values", [weight]));
    if (copy === undefined) return;
    weight.assign(this.#memory.floats.slice(copy.address / 4, copy.address / 4 + weight.size));
    copy.versions = [weight.version];
  }

  #copy(layout: string, weights: readonly Weight[], floats: number, write: Copy["write"]): Copy {
    const key = this.#key(layout, weights);
    const copy = this.#copies.get(key) ?? {
      address: this.#memory.reserve(floats * 4),
      floats,
      weights,
      versions: undefined,
      write,
    };
    this.#copies.set(key, copy);
    return copy;
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

function isCurrent({ weights, versions }: Copy): boolean {
  return versions !== undefined && weights.every((weight, i) => weight.version === versions[i]);
}
