/** Random augmentation of pictures, whose random numbers depend on nothing but the seed, the epoch and the picture. */
import { valueError } from "../../../core/errors.ts";
import { frozen } from "../../../core/frozen.ts";
import { FUNCTION, LIST, TEXT, check } from "../../../core/kinds.ts";
import { fnv1a32, unitAt } from "../../../core/random.ts";
import { formatShape } from "../../../core/shape.ts";
import { Tensor } from "../../../core/tensor.ts";
import { type Batch, samplesIn } from "../batch.ts";

/** A sequence of random numbers in [0, 1), by their index `i`, that belongs to one picture, epoch and augmentation. */
export type Draws = (i: number) => number;

/** A random change of pictures, such as `randomFlip()` or `randomRotation(0.1)`. */
export interface Augmentation {
  /** The name of the function that made it; with the seed, it determines the random numbers. */
  readonly name: string;
  /** The arguments it was made with, if another thread can make it again from them; else undefined. */
  readonly arguments?: readonly unknown[] | undefined;
  /** Whether each picture is changed independently of the others in its batch. */
  readonly isPerPicture?: boolean | undefined;
  /** Returns the changed batch. `drawsOf` gives the random numbers of a sample, by its index in the batch. */
  readonly apply: (batch: Batch, drawsOf: (sample: number) => Draws) => Batch;
}

/** The seed and the epoch, counted from 0, that random numbers depend on. */
export interface Moment {
  readonly seed: number;
  readonly epoch: number;
}

/** Applies augmentations in their order. @throws ValueError if the batch has no pictures [samples, rows, columns, channels]. */
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

/** A picture in float32. */
export interface Picture {
  /** The height, in pixels. */
  readonly rows: number;
  /** The width, in pixels. */
  readonly columns: number;
  readonly channels: number;
  /** The values, [rows, columns, channels], channels last. */
  readonly data: Float32Array;
}

/**
 * An augmentation of your own that changes each picture on its own, by a function that takes a picture and its random numbers. All pictures of
 * a batch must come out in the same shape. The argument `given` is for the package's own augmentations.
 */
export function perPicture(
  name: string,
  change: (picture: Picture, draws: Draws) => Picture,
  given?: readonly unknown[],
): Augmentation {
  check("perPicture()", "name", name, TEXT);
  check("perPicture()", "change", change, FUNCTION);
  if (given !== undefined) check("perPicture()", "given", given, LIST);
  return {
    name,
    arguments: frozen(given),
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
