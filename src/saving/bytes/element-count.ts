/** How many elements a shape from a file has, without being led astray by products that overflow. */
import type { Dims } from "../../core/shape.ts";

/** The product of the axes: 0 if one of them is 0, else possibly Infinity. */
export function elementCount(shape: Dims): number {
  return shape.includes(0) ? 0 : shape.reduce((product, axis) => product * axis, 1);
}
