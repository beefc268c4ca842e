/** How pictures are changed at random while a model learns: what is drawn depends on seed, epoch and picture, and on nothing else. */
import { valueError } from "../../../core/errors.ts";
import { fnv1a32, unitAt } from "../../../core/random.ts";
import { formatShape } from "../../../core/shape.ts";
import { Tensor } from "../../../core/tensor.ts";
import { type Batch, samplesIn } from "../batch.ts";

/** The `i`-th number in [0, 1) of those that belong to a picture, an epoch and an augmentation. */
export type Draws = (i: number) => number;

/** A change of pictures, made with options of its own: `randomFlip()`, `randomRotation(0.1)`. */
export interface Augmentation {
  readonly name: string;
  /** What it was made with, where another thread can make it from that (`augmentationOf`); else undefined. */
  readonly arguments?: readonly unknown[] | undefined;
  /** Looks at each picture alone. */
  readonly isPerPicture?: boolean | undefined;
  /** The batch changed; `drawsOf` is asked with the place of a sample in it. */
  readonly apply: (batch: Batch, drawsOf: (sample: number) => Draws) => Batch;
}

/** Where in the training a batch is. */
export interface Moment {
  readonly seed: number;
  readonly epoch: number;
}

/** One augmentation after the other. @throws ValueError for a batch that has no pictures [samples, rows, columns, channels]. */
export function augmentBatch(batch: Batch, augmentations: readonly Augmentation[], { seed, epoch }: Moment): Batch {
  return augmentations.reduce((changed, augmentation, position) => {
    const drawsOf = (sample: number): Draws => {
      const index = batch.indices?.[sample] ?? sample;
      const stream = fnv1a32(`${seed}/${epoch}/${index}/${position}/${augmentation.name}`);
      return (i) => unitAt(stream, i);
    };
    return augmentation.apply(changed, drawsOf);
  }, batch);
}

/** A picture in float32: [rows, columns, channels]. */
export interface Picture {
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
  readonly data: Float32Array;
}

/** An augmentation that looks at each picture alone. All of them must get the same shape. `given` is for the package's own. */
export function perPicture(
  name: string,
  change: (picture: Picture, draws: Draws) => Picture,
  given?: readonly unknown[],
): Augmentation {
  return {
    name,
    arguments: given,
    isPerPicture: true,
    apply(batch, drawsOf) {
      const [samples, rows, columns, channels, ...more] = batch.x.shape;
      if (
        samples === undefined ||
        rows === undefined ||
        columns === undefined ||
        channels === undefined ||
        more.length
      ) {
        throw valueError(
          `${name} changes pictures [samples, rows, columns, channels]. Received: shape=${formatShape(batch.x.shape)}`,
        );
      }
      const { data } = batch.x.toFloat32();
      const size = rows * columns * channels;
      const changed = Array.from({ length: samplesIn(batch) }, (_, sample) => {
        const picture = { rows, columns, channels, data: data.subarray(sample * size, (sample + 1) * size) };
        return change(picture, drawsOf(sample));
      });
      return { ...batch, x: together(changed) };
    },
  };
}

function together(pictures: readonly Picture[]): Tensor<Float32Array> {
  const { rows = 0, columns = 0, channels = 0 } = pictures[0] ?? {};
  const size = rows * columns * channels;
  const data = new Float32Array(pictures.length * size);
  for (const [sample, picture] of pictures.entries()) data.set(picture.data, sample * size);
  return new Tensor([pictures.length, rows, columns, channels], data);
}
