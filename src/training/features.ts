/** What the frozen part of a model makes of all samples, computed once. */
import { print } from "#platform";
import { sizeOf } from "../core/shape.ts";
import { Tensor, type TensorData } from "../core/tensor.ts";
import { ProgressBar } from "./progress-bar.ts";
import { type Samples, type Source, countOf, emptyLike } from "./samples.ts";
import { arraySource } from "./sources.ts";

export interface FeatureOptions {
  /** The most that is kept, in bytes. */
  readonly maxBytes: number;
  readonly seed: () => number;
  readonly verbose: 0 | 1 | 2;
  /** Whose samples they are: `training` or `validation`. */
  readonly what: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * The source with features in place of inputs; undefined where they would take more than `maxBytes`. Goes through the samples once,
 * in an order that does not change; each pass over the features has an order of its own, where the samples had.
 */
export async function featureSource(
  source: Source,
  features: (samples: Samples) => Promise<readonly Tensor[]>,
  { maxBytes, seed, verbose, what, signal }: FeatureOptions,
): Promise<Source | undefined> {
  const kept = new Rows(source.size);
  const indices: number[] = [];
  let bar: ProgressBar | undefined;
  let batchSize = 0;
  let steps = 0;
  for await (const samples of source.plain()) {
    signal?.throwIfAborted();
    const made = { ...samples, x: await features(samples) };
    if (steps === 0) {
      batchSize = countOf(samples);
      const bytes = (source.size ?? 0) * bytesOfOne(made);
      if (bytes > maxBytes) return undefined;
      if (verbose !== 0) {
        const count = made.x.reduce((sum, { size }) => sum + size, 0) / Math.max(1, batchSize);
        print(`Features of the frozen part are computed once: ${count} numbers for each of the ${what} samples.\n`);
      }
      bar = new ProgressBar(source.steps, verbose);
    }
    kept.add(made);
    if (kept.bytes > maxBytes) return undefined;
    if (samples.indices !== undefined) for (const index of samples.indices) indices.push(index);
    bar?.update(++steps, {});
  }
  bar?.finish(steps, {});
  const samples = kept.samples();
  const count = countOf(samples);
  const order = indices.length === count ? sortedOrder(indices) : undefined;
  const shuffle = source.shuffles ?? order !== undefined;
  return arraySource(samples, { batchSize: Math.max(1, batchSize), shuffle, seed, order });
}

/** The places of numbers from the smallest on; undefined where they are sorted already. */
function sortedOrder(numbers: readonly number[]): Uint32Array | undefined {
  if (numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0))) return undefined;
  const places = Uint32Array.from(numbers, (_, i) => i);
  return places.toSorted((a, b) => (numbers[a] ?? 0) - (numbers[b] ?? 0));
}

function tensorsOf({ x, y, sampleWeight }: Samples): readonly Tensor[] {
  return [...x, ...y, ...(sampleWeight === undefined ? [] : [sampleWeight])];
}

function bytesOfOne(samples: Samples): number {
  const count = Math.max(1, countOf(samples));
  return tensorsOf(samples).reduce((sum, { data }) => sum + data.byteLength, 0) / count;
}

/** Samples put one after the other. */
class Rows {
  readonly #most: number | undefined;
  #columns: Column[] = [];
  #form: Samples | undefined;

  /** `most` samples come, where that is known. */
  constructor(most: number | undefined) {
    this.#most = most;
  }

  get bytes(): number {
    return this.#columns.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  add(samples: Samples): void {
    const tensors = tensorsOf(samples);
    this.#form ??= samples;
    if (this.#columns.length === 0) this.#columns = tensors.map((tensor) => new Column(tensor, this.#most));
    for (const [i, column] of this.#columns.entries()) {
      const tensor = tensors[i];
      if (tensor !== undefined) column.add(tensor);
    }
  }

  samples(): Samples {
    const columns = this.#columns.map((column) => column.tensor());
    const inputs = this.#form?.x.length ?? 0;
    const targets = this.#form?.y.length ?? 0;
    return {
      x: columns.slice(0, inputs),
      y: columns.slice(inputs, inputs + targets),
      sampleWeight: columns[inputs + targets],
      indices: undefined,
    };
  }
}

/** An array that grows where nobody knows how long it will be. */
class Column {
  readonly #shape: readonly number[];
  #data: TensorData;
  #length = 0;

  constructor({ shape, data }: Tensor, most: number | undefined) {
    this.#shape = shape.slice(1);
    this.#data = emptyLike(data, (most ?? shape[0] ?? 0) * sizeOf(this.#shape));
  }

  get bytes(): number {
    return this.#length * this.#data.BYTES_PER_ELEMENT;
  }

  add({ data }: Tensor): void {
    if (this.#length + data.length > this.#data.length) {
      const longer = emptyLike(this.#data, Math.max(this.#length + data.length, this.#data.length * 2));
      longer.set(this.#data.subarray(0, this.#length));
      this.#data = longer;
    }
    this.#data.set(data, this.#length);
    this.#length += data.length;
  }

  tensor(): Tensor {
    const size = sizeOf(this.#shape);
    return new Tensor([size === 0 ? 0 : this.#length / size, ...this.#shape], this.#data.subarray(0, this.#length));
  }
}
