/** `mobilenet-v2/data`: data sets of pictures, their augmentation, and how they are split. */
export type { BytesSource, FilesSource } from "../platform/contract.ts";
export type { FillMode, FillOptions } from "../training/data/augmentation/affine.ts";
export { type Augmentation, type Draws, type Picture, perPicture } from "../training/data/augmentation/augment.ts";
export type { Batch } from "../training/data/batch.ts";
export {
  type AugmentOptions,
  type Batches,
  type CacheOptions,
  Dataset,
  type DatasetFacts,
  type MapOptions,
} from "../training/data/dataset.ts";
export {
  type ImageDatasetFromDirectoryOptions,
  imageDatasetFromDirectory,
} from "../training/data/pictures/image-dataset-from-directory.ts";
export {
  ImageDataset,
  type ImageDatasetInit,
  type ImageDatasetOptions,
  type Unreadable,
} from "../training/data/pictures/image-dataset.ts";
export type { Factor } from "../training/data/augmentation/factors.ts";
export type { LabelMode } from "../training/data/pictures/label-mode.ts";
export { type LoadPicture, type LoadPixelsOptions, pixelLoader } from "../training/data/pictures/load-pixels.ts";
/** @internal What the threads that load pictures import. */
export { pictureWork } from "../training/data/pictures/picture-work.ts";
export { mixUp } from "../training/data/augmentation/mix-up.ts";
export {
  type ValueRangeOptions,
  randomBrightness,
  randomContrast,
} from "../training/data/augmentation/random-color.ts";
export {
  type RandomResizedCropOptions,
  randomCrop,
  randomResizedCrop,
} from "../training/data/augmentation/random-crop.ts";
export {
  type FlipMode,
  randomFlip,
  randomRotation,
  randomTranslation,
  randomZoom,
} from "../training/data/augmentation/random-geometry.ts";
export { balancedClassWeight } from "../training/data/class-weight.ts";
export { type Split, stratifiedFolds, stratifiedSplit } from "../training/data/stratified-split.ts";
export type { BatchTuple, TrainingBatch, TrainingDataset, Values } from "../training/data/samples.ts";
