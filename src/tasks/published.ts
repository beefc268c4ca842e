/** Published models by their names, and which alphas and sizes there are. */
import {
  type Checkpoint,
  PUBLISHED_ALPHAS,
  PUBLISHED_ROWS,
  checkpoints,
  isPublished,
} from "../applications/checkpoints.ts";
import { option, optionError } from "./errors.ts";

/** The model of Keras's name, `mobilenetv2_0.50_96`, its alpha however it is written; undefined if there is none. */
export function publishedModel(name: string): Checkpoint | undefined {
  const [, alpha, rows] = /^mobilenetv2_(\d\.\d{1,2})_(\d{2,3})$/.exec(name) ?? [];
  return checkpoints.find((one) => one.alpha === Number(alpha) && one.rows === Number(rows));
}

/** @throws OptionError if no ImageNet weights are published for the alpha or, unless the size is undefined, for it at that alpha */
export function checkPublished(alpha: number, size?: number): void {
  if (!PUBLISHED_ALPHAS.includes(alpha)) {
    throw optionError`There are ImageNet weights for an alpha of ${PUBLISHED_ALPHAS.join(", ")}. Received: ${option("alpha", alpha)}`;
  }
  if (size !== undefined && !isPublished(alpha, size)) {
    const sizes = PUBLISHED_ROWS.filter((rows) => isPublished(alpha, rows)).join(", ");
    throw optionError`With ${option("alpha", alpha)} there are ImageNet weights for a size of ${sizes}. Received: ${option("size", size)}`;
  }
}
