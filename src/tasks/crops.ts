/** Which part of a picture a model is shown, as those who published weights did it when they measured them. */
import type { Interpolation } from "../image/filters.ts";

/** A way of bringing a picture to the size that the model takes. */
export interface Crop {
  /** The method of resizing. */
  readonly interpolation: Interpolation;
  /** Squeezes the whole picture; resizes its shorter side and crops the centre; or crops the centre and resizes that. */
  readonly fit: "squeeze" | "resize, then cut" | "cut, then resize";
  /** How an offset of the crop that ends in half a pixel is rounded: `"even"` to the even number, as in Python. Default: down. */
  readonly half?: "even";
}

/** The published crops by name. */
export const CROPS = {
  /** The whole picture, squeezed: what `image_dataset_from_directory` does, with PIL's arithmetic. */
  keras: { interpolation: "bilinear", fit: "squeeze" },
  /** `Resize(256)`, `CenterCrop(224)`. */
  torchvision: { interpolation: "bilinear", fit: "resize, then cut", half: "even" },
  /** The same crop (`crop_pct` 0.875) with bicubic resizing. */
  timm: { interpolation: "bicubic", fit: "resize, then cut", half: "even" },
  /** `shortest_edge` 256 and `crop_size` 224. */
  huggingface: { interpolation: "bilinear", fit: "resize, then cut" },
  /** `preprocess_for_eval` of Inception: the central 87.5 %, resized by TensorFlow (with half-pixel centres, as version 2 has them). */
  "tf-slim": { interpolation: "bilinear", fit: "cut, then resize" },
} as const satisfies Readonly<Record<string, Crop>>;

/** The name of a crop: the publisher whose accuracies are measured with it. */
export type CropName = keyof typeof CROPS;
