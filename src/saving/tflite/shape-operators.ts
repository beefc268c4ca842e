/** TFLite's operators that change axes and shapes. */
import { MAX_NUMBERS } from "../graphs/operation.ts";
import { isConstant, isNumbers } from "../graphs/tensorflow-operation.ts";
import {
  expandDims,
  gather,
  listProduct,
  pack,
  shapeOf,
  slice,
  squeeze,
  stridedSlice,
  transpose,
  under,
  unpack,
} from "../graphs/tensorflow-shapes.ts";
import type { Item, Operation, Operator } from "./operation.ts";

/** The new shape is the second input, or in old files an option, or that of the output. */
function reshape(operation: Operation): Item {
  const given = operation.optional(1);
  const isComputed = given !== undefined && (isNumbers(given) || isConstant(given));
  if (isComputed) return under(operation, operation.sizes(1).sizes);
  const option = operation.operator.options?.length(0) ?? 0;
  if (option > MAX_NUMBERS) throw operation.broken(`makes a shape of ${option} axes.`);
  return under(operation, option > 0 ? (operation.operator.options?.int32s(0) ?? []) : operation.output.shape);
}

function squeezed(operation: Operation): Item {
  const { options } = operation.operator;
  if ((options?.length(0) ?? 0) > MAX_NUMBERS) throw operation.broken("drops more axes than there are.");
  return squeeze(operation, options?.int32s(0) ?? []);
}

/** Masks as StridedSliceOptions has them. */
function cut(operation: Operation): Item {
  const mask = (field: number): number => operation.operator.options?.int32(field) ?? 0;
  return stridedSlice(operation, {
    begin: mask(0),
    end: mask(1),
    ellipsis: mask(2),
    newAxis: mask(3),
    shrink: mask(4),
  });
}

/** The name of each operator and how it is read. */
export const SHAPE_OPERATORS: readonly (readonly [name: string, read: Operator])[] = [
  ["EXPAND_DIMS", expandDims],
  ["GATHER", gather],
  ["PACK", pack],
  ["REDUCE_PROD", (operation) => listProduct(operation, (operation.operator.options?.uint8(0) ?? 0) !== 0)],
  ["RESHAPE", reshape],
  ["SHAPE", shapeOf],
  ["SLICE", slice],
  ["SQUEEZE", squeezed],
  ["STRIDED_SLICE", cut],
  ["TRANSPOSE", transpose],
  ["UNPACK", unpack],
];
