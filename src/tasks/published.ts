/** Published models by their names, and which alphas and sizes there are. */
import { type Checkpoint, checkpoints } from "../applications/checkpoints.ts";
import { option, optionError } from "./errors.ts";

/** The model of Keras's name, `mobilenetv2_0.50_96`, its alpha however it is written; undefined if there is none. */
export function publishedModel(name: string): Checkpoint | undefined {
  const [, alpha, rows] = /^mobilenetv2_(\d\.\d{1,2})_(\d{2,3})$/.exec(name) ?? [];
  return checkpoints.find((one) => one.alpha === Number(alpha) && one.rows === Number(rows));
}

/** @throws OptionError if no ImageNet weights are published for the alpha or, unless the size is undefined, for it at that alpha */
export function checkPublished(alpha: number, size?: number): void {
  const sizes = checkpoints.filter((one) => one.alpha === alpha).map(({ rows }) => rows);
  if (sizes.length === 0) {
    const alphas = [...new Set(checkpoints.map((one) => one.alpha))].toSorted((a, b) => a - b);
    throw optionError`There are ImageNet weights for an alpha of ${alphas.join(", ")}. Received: ${option("alpha", alpha)}`;
  }
  if (size !== undefined && !sizes.includes(size)) {
    const those = sizes.toSorted((a, b) => a - b).join(", ");
    throw optionError`With ${option("alpha", alpha)} there are ImageNet weights for a size of ${those}. Received: ${option("size", size)}`;
  }
}
