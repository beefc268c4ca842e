/** What is typed about models and pictures, as options of the tasks. */
import { valueError } from "../../core/errors.ts";
import type { Interpolation } from "../../image/filters.ts";
import type { CropName } from "../../tasks/crops.ts";
import type { ExtractorOptions, VectorPooling } from "../../tasks/extractor.ts";
import { type ClassifierPlan, planClassifier } from "../../tasks/load-classifier.ts";
import type { Pixels } from "../../tasks/pixels.ts";
import type { PreparationOptions } from "../../tasks/preparation.ts";
import { nsfwjsFolder } from "../files/nsfwjs.ts";

/** How pictures get the model's size. */
export interface PreparationArguments {
  readonly interpolation?: Interpolation;
  readonly recipe?: CropName;
  readonly resize?: number;
  readonly crop?: number;
  readonly asStored?: boolean;
}

/** Which model, and of what size. */
interface ModelArguments {
  /** `imagenet`, `nsfwjs`, a path or an address. */
  readonly weights?: string;
  readonly alpha?: number;
  readonly size?: number;
  /** How the model's pixels are scaled. */
  readonly pixels?: Pixels;
}

export interface ClassifierArguments extends PreparationArguments, ModelArguments {
  /** A file with the names of the classes. */
  readonly labels?: string;
}

export interface ExtractorArguments extends PreparationArguments, ModelArguments {
  readonly layer?: string;
  readonly pooling?: VectorPooling;
}

/** The classifier that is asked for; nothing is loaded yet. */
export function classifierFor(given: ClassifierArguments): ClassifierPlan {
  const { weights, alpha, size, pixels, labels } = given;
  const options = { ...preparationOptions(given), alpha, size, pixels, labels };
  return planClassifier(
    weights === "nsfwjs" ? { ...options, preset: "nsfwjs", weights: nsfwjsFolder() } : { ...options, weights },
  );
}

/** @throws ValueError for the weights of nsfwjs: vectors are made with none of its kind. */
export function extractorOptions(given: ExtractorArguments): ExtractorOptions {
  const { weights, alpha, size, pixels, layer, pooling } = given;
  if (weights === "nsfwjs") {
    throw valueError("Vectors are made with imagenet or a checkpoint. Received: --weights nsfwjs");
  }
  return { ...preparationOptions(given), weights, alpha, size, pixels, layer, pooling };
}

function preparationOptions(given: PreparationArguments): PreparationOptions {
  const { interpolation, recipe, resize, crop, asStored } = given;
  return { interpolation, cropAs: recipe, resize, crop, autoOrient: asStored === true ? false : undefined };
}
