/** Weights in the layout of the kernels, folded and packed into the engine's memory once, and again when they have changed. */
import { packAffine, packedAffineSize } from "../../kernels/f32/elementwise.ts";
import { packDwconv, packedDwconvSize } from "../../kernels/f32/dwconv.ts";
import { packGemm, packedGemmSize } from "../../kernels/f32/gemm.ts";
import type { Weight } from "../../layers/weight.ts";
import type { EngineMemory, Region } from "./memory.ts";
import { folded } from "../../lowering/folded.ts";
import type { PerChannel } from "../../lowering/operations.ts";
import { type EngineOperation, type SelectedConvolution, convolutionsOf } from "../operations.ts";
import { Packer } from "./packer.ts";
import type { PackedBytes } from "../integers/operations.ts";

interface Packed {
  readonly address: number;
  readonly size: number;
  readonly weights: readonly Weight[];
  /** The weights' versions when they were packed. */
  versions: readonly number[] | undefined;
  readonly pack: (to: Float32Array, scratch: Region) => void;
}

export class PackedWeights {
  readonly #memory: EngineMemory;
  readonly #packer: Packer;
  readonly #packed = new Map<string, Packed>();
  readonly #ids = new Map<object, number>();

  constructor(memory: EngineMemory) {
    this.#memory = memory;
    this.#packer = new Packer(memory);
  }

  /** Places the weights of all operations. */
  reserve(operations: readonly EngineOperation[]): void {
    for (const operation of operations) {
      for (const convolution of convolutionsOf(operation)) this.ofConvolution(convolution);
      if (operation.kind === "affine") this.ofAffine(operation);
      else if (operation.kind === "integer convolution") {
        this.ofBytes(operation.weights);
        this.ofBytes(operation.outside);
      }
    }
  }

  /** The address of a convolution's weights; for several groups of a matrix kernel they follow one another. */
  ofConvolution(operation: SelectedConvolution): number {
    const { kernel, bias, affines, from, to, window, groups, by } = operation;
    const weights = [kernel, ...(bias === undefined ? [] : [bias]), ...affines.flatMap((affine) => affine.weights)];
    const sources = [kernel, ...affines.map((affine) => affine.source)];
    const taps = window.rows * window.cols;
    if (by.kind === "depthwise") {
      const { channels, vectors } = by.row;
      return this.#place("depthwise", sources, weights, packedDwconvSize(taps, channels), (floats) => {
        const { scale, offset } = folded(operation);
        packDwconv(floats, kernel.values, offset, scale, { taps, channels, vectors });
      });
    }
    const k = (taps * from.channels) / groups;
    const n = to.channels / groups;
    const { columns } = by.tile;
    const size = packedGemmSize(k, n, columns);
    const address = this.#place(`matrix ${columns}`, sources, weights, groups * size, (floats, scratch) => {
      const { scale, offset } = folded(operation);
      if (groups === 1) {
        this.#packer.pack(address, { values: kernel.values, k, n, bias: offset, scale }, columns, scratch);
        return;
      }
      for (let group = 0; group < groups; group++) {
        const first = group * n;
        packGemm(
          floats.subarray(group * size, (group + 1) * size),
          kernel.values,
          offset.subarray(first, first + n),
          scale.subarray(first, first + n),
          { k, n, columns, from: first, stride: to.channels },
        );
      }
    });
    return address;
  }

  ofAffine({ affine, channels }: PerChannel): number {
    return this.#place("affine", [affine.source], affine.weights, packedAffineSize(channels), (floats) =>
      packAffine(floats, affine.scale(), affine.offset()),
    );
  }

  ofBytes({ key, sources, bytes, pack }: PackedBytes): number {
    return this.#place(key, sources, [], Math.ceil(bytes / 4), (floats) =>
      pack(new Uint8Array(floats.buffer, floats.byteOffset, bytes)),
    );
  }

  /** Packs the weights that were never packed or have changed since, and gives their regions. `scratch` is written to. */
  refresh(scratch: Region): readonly Region[] {
    const changed: Region[] = [];
    for (const packed of this.#packed.values()) {
      if (isCurrent(packed)) continue;
      packed.pack(this.#memory.floats.subarray(packed.address / 4, packed.address / 4 + packed.size), scratch);
      packed.versions = packed.weights.map((weight) => weight.version);
      changed.push({ address: packed.address, bytes: packed.size * 4 });
    }
    return changed;
  }

  #place(
    layout: string,
    sources: readonly object[],
    weights: readonly Weight[],
    size: number,
    pack: Packed["pack"],
  ): number {
    const key = [layout, ...sources.map((source) => this.#id(source))].join(" ");
    let packed = this.#packed.get(key);
    if (packed === undefined) {
      packed = { address: this.#memory.reserve(size * 4), size, weights, versions: undefined, pack };
      this.#packed.set(key, packed);
    }
    return packed.address;
  }

  #id(source: object): number {
    const id = this.#ids.get(source) ?? this.#ids.size;
    this.#ids.set(source, id);
    return id;
  }
}

/** Whether the weights are as they were packed. A loop that allocates nothing, as every run asks this for all weights. */
function isCurrent({ weights, versions }: Packed): boolean {
  if (versions === undefined) return false;
  for (let i = 0; i < weights.length; i++) if (weights[i]?.version !== versions[i]) return false;
  return true;
}
