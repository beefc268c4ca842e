/** How pictures are changed at random while a model learns, by names. */
import type { Augmentation } from "../../training/data/augmentation/augment.ts";
import { randomBrightness, randomContrast } from "../../training/data/augmentation/random-color.ts";
import { randomResizedCrop } from "../../training/data/augmentation/random-crop.ts";
import { randomFlip, randomRotation, randomZoom } from "../../training/data/augmentation/random-geometry.ts";

/** The augmentations by name, for pictures [size, size, 3]. */
const AUGMENTATIONS = {
  flip: () => randomFlip("horizontal"),
  rotation: () => randomRotation(0.03),
  zoom: () => randomZoom(0.1),
  crop: (size) => randomResizedCrop(size, size, { scale: [0.7, 1], ratio: [0.85, 1.18] }),
  brightness: () => randomBrightness(0.1),
  contrast: () => randomContrast(0.1),
} as const satisfies Readonly<Record<string, (size: number) => Augmentation>>;

/** The name of an augmentation: a random change of pictures. */
export type AugmentationName = keyof typeof AUGMENTATIONS;

export const AUGMENTATION_NAMES: readonly string[] = Object.keys(AUGMENTATIONS);

/** The augmentations of those names, for pictures of [size, size, 3]. */
export function augmentationsOf(names: readonly AugmentationName[], size: number): readonly Augmentation[] {
  return names.map((name) => AUGMENTATIONS[name](size));
}

export function isAugmentationName(name: string): name is AugmentationName {
  return Object.hasOwn(AUGMENTATIONS, name);
}
