/** What is done to a picture before a model sees it, said in a way that any thread can do it. */
import { valueError } from "../../../core/errors.ts";
import { Tensor } from "../../../core/tensor.ts";
import type { BytesSource } from "../../../platform/contract.ts";
import { type Augmentation, augmentBatch } from "../augmentation/augment.ts";
import { type AugmentationDescription, augmentationOf } from "../augmentation/augmentation-of.ts";
import { type LoadPicture, type LoadPixelsOptions, pixelLoader } from "./load-pixels.ts";

export interface PictureTask {
  /** How pictures are loaded; undefined where only pixels are given. */
  readonly load: LoadPixelsOptions | undefined;
  readonly augmentations: readonly AugmentationDescription[];
  readonly seed: number;
}

/** A picture's place, or its pixels; which picture it is, and in which epoch. */
export interface PictureOrder {
  readonly source: BytesSource | Pixels;
  readonly index: number;
  readonly epoch: number;
}

/** Pixels as they go from thread to thread: [rows, columns, channels]. */
export interface Pixels {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export type PictureWork = (order: PictureOrder) => Promise<Pixels>;

/** @throws ValueError for a task that cannot be done. */
export function pictureWork({ load, augmentations, seed }: PictureTask): PictureWork {
  const loader = load && pixelLoader(load);
  const changes = augmentations.map(augmentationOf);
  return async ({ source, index, epoch }) => {
    const pixels = arePixels(source) ? new Tensor(source.shape, source.data) : await loaded(source, loader);
    return augmentPicture(pixels, changes, { seed, index, epoch });
  };
}

/** One picture under augmentations that look at each picture alone. */
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
