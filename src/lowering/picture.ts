/** Pictures as convolutions and pools take them: rows and columns of pixels, channels last. */
import { type Dims, sizeOf } from "../core/shape.ts";

/** The axes of one picture. */
export interface Picture {
  readonly rows: number;
  readonly cols: number;
  readonly channels: number;
}

/** A value of this shape (without the batch) as a picture; if it has another rank, all axes but the last are the columns of one row. */
export function pictureOf(shape: Dims): Picture {
  const channels = shape.at(-1) ?? 1;
  const [rows = 1, cols = 1] = shape.length === 3 ? shape : [1, sizeOf(shape.slice(0, -1))];
  return { rows, cols, channels };
}
