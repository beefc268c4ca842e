/** Lengths of axes, and numbers made of them, while a graph is read. The batch is not known then: they are numbers, or multiples of it. */

/** So many times the batch. */
export interface Batches {
  readonly batches: number;
}

/** NaN stands for a length that is known only when the model runs. */
export type Size = number | Batches;

/** The batch itself. */
export const BATCH: Batches = { batches: 1 };

export function isBatches(size: Size): size is Batches {
  return typeof size !== "number";
}

/** The product of two sizes; NaN if both are multiples of the batch. */
export function times(a: Size, b: Size): Size {
  if (isBatches(a)) return isBatches(b) ? NaN : { batches: a.batches * b };
  return isBatches(b) ? { batches: a * b.batches } : a * b;
}

export function product(sizes: readonly Size[]): Size {
  return sizes.reduce<Size>(times, 1);
}

/** Whether two sizes are the same in a file that was made for `batch` pictures at once; undefined if it was made for any number. */
export function isSame(a: Size, b: Size, batch: number | undefined): boolean {
  if (isBatches(a) === isBatches(b)) return perPicture(a) === perPicture(b);
  return batch !== undefined && fixed(a, batch) === fixed(b, batch);
}

function perPicture(size: Size): number {
  return isBatches(size) ? size.batches : size;
}

function fixed(size: Size, batch: number): number {
  return isBatches(size) ? size.batches * batch : size;
}
