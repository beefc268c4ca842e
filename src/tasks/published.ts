/** Published models by their names. */
import { type Checkpoint, checkpoints } from "../applications/checkpoints.ts";

/** The model of Keras's name, `mobilenetv2_0.50_96`, its alpha however it is written; undefined if there is none. */
export function publishedModel(name: string): Checkpoint | undefined {
  const [, alpha, rows] = /^mobilenetv2_(\d\.\d{1,2})_(\d{2,3})$/.exec(name) ?? [];
  return checkpoints.find((one) => one.alpha === Number(alpha) && one.rows === Number(rows));
}
