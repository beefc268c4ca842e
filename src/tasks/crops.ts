/** Which part of a picture a model is shown, as those who published weights did it when they measured them. */
import type { Interpolation } from "../image/filters.ts";

/** A way of making the model's size of a picture. */
export interface Crop {
  /** The arithmetic of resizing. */
  readonly interpolation: Interpolation;
  /** The whole picture squeezed; its shorter side resized and the centre cut out; or the centre cut out and squeezed. */
  readonly fit: "squeeze" | "resize, then cut" | "cut, then resize";
  /** How half a pixel before the part is rounded: down, or if `"even"`, to even numbers as Python does. */
  readonly half?: "even";
}

/** The published crops by name. */
export const CROPS = {
  /** The whole picture, squeezed: what `image_dataset_from_directory` does, with PIL's arithmetic. */
  keras: { interpolation: "bilinear", fit: "squeeze" },
  /** `Resize(256)`, `CenterCrop(224)`. */
  torchvision: { interpolation: "bilinear", fit: "resize, then cut", half: "even" },
  /** The same with crop_pct 0.875 and bicubic. */
  timm: { interpolation: "bicubic", fit: "resize, then cut", half: "even" },
  /** shortest_edge 256, crop_size 224. */
  huggingface: { interpolation: "bilinear", fit: "resize, then cut" },
  /** `preprocess_for_eval` of Inception: the central 87.5 %, resized by TensorFlow (with half-pixel centres, as version 2 has them). */
  "tf-slim": { interpolation: "bilinear", fit: "cut, then resize" },
} as const satisfies Readonly<Record<string, Crop>>;

/** Who published accuracies that were measured with the crop. */
export type CropName = keyof typeof CROPS;
