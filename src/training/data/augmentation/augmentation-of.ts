/** The package's augmentations by their names, with which another thread makes them again. */
import { valueError } from "../../../core/errors.ts";
import type { Augmentation } from "./augment.ts";
import { randomBrightness, randomContrast } from "./random-color.ts";
import { randomCrop, randomResizedCrop } from "./random-crop.ts";
import { randomFlip, randomRotation, randomTranslation, randomZoom } from "./random-geometry.ts";

/** The name of an augmentation's function, and the arguments to call it with. */
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

/** The description of an augmentation, or undefined if it is not one of the package's per-picture augmentations. */
export function descriptionOf({ name, arguments: given }: Augmentation): AugmentationDescription | undefined {
  return given !== undefined && Object.hasOwn(makers, name) ? { name, arguments: given } : undefined;
}

/** The augmentation of a description. @throws ValueError for an unknown name, and whatever the augmentation's function throws. */
export function augmentationOf({ name, arguments: given }: AugmentationDescription): Augmentation {
  const make = Object.hasOwn(makers, name) ? makers[name] : undefined;
  if (make === undefined) throw valueError(`There is no augmentation '${name}'.`);
  // The functions check their arguments.
  const made: Augmentation = Reflect.apply(make, undefined, given);
  return made;
}
