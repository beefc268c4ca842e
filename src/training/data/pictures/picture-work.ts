/** The loading and augmentation of a picture, described so that any thread can do it. */
import { valueError } from "../../../core/errors.ts";
import { Tensor } from "../../../core/tensor.ts";
import type { BytesSource } from "../../../platform/contract.ts";
import { type Augmentation, augmentBatch } from "../augmentation/augment.ts";
import { type AugmentationDescription, augmentationOf } from "../augmentation/augmentation-of.ts";
import { type LoadPicture, type LoadPixelsOptions, pixelLoader } from "./load-pixels.ts";

/** What to do with every picture of a data set. */
export interface PictureTask {
  /** How to load pictures; undefined if all orders have pixels. */
  readonly load: LoadPixelsOptions | undefined;
  /** The augmentations, in the order of their application. */
  readonly augmentations: readonly AugmentationDescription[];
  /** The seed of the augmentations. */
  readonly seed: number;
}

/** One picture to do a task for. */
export interface PictureOrder {
  /** The source to read the picture from, or its pixels. */
  readonly source: BytesSource | Pixels;
  /** The index of the picture in the data set, which its random numbers depend on. */
  readonly index: number;
  /** The epoch, counted from 0, which its random numbers depend on. */
  readonly epoch: number;
}

/** The pixels of a picture, as they are sent between threads. */
export interface Pixels {
  /** The shape, [rows, columns, channels]. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A function that loads and augments one picture. */
export type PictureWork = (order: PictureOrder) => Promise<Pixels>;

/** Makes the function that does a task; threads call it in place of the data set. @throws ValueError if the task is invalid. */
export function pictureWork({ load, augmentations, seed }: PictureTask): PictureWork {
  const loader = load && pixelLoader(load);
  const changes = augmentations.map(augmentationOf);
  return async ({ source, index, epoch }) => {
    const pixels = arePixels(source) ? new Tensor(source.shape, source.data) : await loaded(source, loader);
    return augmentPicture(pixels, changes, { seed, index, epoch });
  };
}

/** Applies augmentations to a single picture [rows, columns, channels]. */
export function augmentPicture(
  pixels: Tensor<Float32Array>,
  changes: readonly Augmentation[],
  { seed, index, epoch }: { readonly seed: number; readonly index: number; readonly epoch: number },
): Tensor<Float32Array> {
  if (changes.length === 0) return pixels;
  const one = { x: pixels.reshape([1, ...pixels.shape]), indices: Int32Array.of(index) };
  const { x } = augmentBatch(one, changes, { seed, epoch });
  return x.toFloat32().reshape(x.shape.slice(1));
}

function arePixels(source: PictureOrder["source"]): source is Pixels {
  return typeof source === "object" && "shape" in source;
}

function loaded(source: BytesSource, loader: LoadPicture | undefined): Promise<Tensor<Float32Array>> {
  if (loader === undefined) throw valueError("The task does not say how pictures are loaded.");
  return loader(source);
}
