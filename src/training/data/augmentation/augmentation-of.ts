/** The package's augmentations by their names, so that another thread can make them again. */
import { valueError } from "../../../core/errors.ts";
import type { Augmentation } from "./augment.ts";
import { randomBrightness, randomContrast } from "./random-color.ts";
import { randomCrop, randomResizedCrop } from "./random-crop.ts";
import { randomFlip, randomRotation, randomTranslation, randomZoom } from "./random-geometry.ts";

/** A name, and what the function of that name is to be called with. */
export interface AugmentationDescription {
  readonly name: string;
  readonly arguments: readonly unknown[];
}

const makers: Readonly<Record<string, (...given: never[]) => Augmentation>> = {
  randomBrightness,
  randomContrast,
  randomCrop,
  randomFlip,
  randomResizedCrop,
  randomRotation,
  randomTranslation,
  randomZoom,
};

/** How to make an augmentation again; undefined where it is not one of these. */
export function descriptionOf({ name, arguments: given }: Augmentation): AugmentationDescription | undefined {
  return given !== undefined && Object.hasOwn(makers, name) ? { name, arguments: given } : undefined;
}

/** @throws ValueError for an unknown name, and what the function itself throws. */
export function augmentationOf({ name, arguments: given }: AugmentationDescription): Augmentation {
  const make = Object.hasOwn(makers, name) ? makers[name] : undefined;
  if (make === undefined) throw valueError(`There is no augmentation '${name}'.`);
  // The functions check what they are given.
  const made: Augmentation = Reflect.apply(make, undefined, given);
  return made;
}
