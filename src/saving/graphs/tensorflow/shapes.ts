/** TensorFlow's operators that change axes and shapes, with their attributes. */
import {
  concatenation,
  expandDims,
  gather,
  listProduct,
  pack,
  rankOf,
  reshape,
  shapeOf,
  slice,
  squeeze,
  stridedSlice,
  transpose,
  unpack,
} from "../tensorflow-shapes.ts";
import { isComputed } from "../tensorflow-operation.ts";
import { joined } from "../tensorflow-operators.ts";
import type { Item, Operation, Operator } from "./operation.ts";

function cut(operation: Operation): Item {
  const mask = (name: string): number => operation.attributes.integer(`${name}_mask`) ?? 0;
  return stridedSlice(operation, {
    begin: mask("begin"),
    end: mask("end"),
    ellipsis: mask("ellipsis"),
    newAxis: mask("new_axis"),
    shrink: mask("shrink_axis"),
  });
}

/** Refuses another axis of a list than its only one. */
function expectFirst(operation: Operation, axis: number): void {
  if (axis !== 0 && axis !== -1)
    throw operation.unsupported(`is along the axis ${axis} of more than a list of numbers.`);
}

function picked(operation: Operation): Item {
  expectFirst(operation, operation.scalar(2));
  return gather(operation);
}

/** Values along an axis, or numbers of a shape. */
function joinedAlong(operation: Operation): Item {
  const lists = operation.inputCount - 1;
  if (isComputed(operation.optional(0))) return joined(operation, lists, operation.scalar(lists));
  expectFirst(operation, operation.scalar(lists));
  return concatenation(operation, lists);
}

function multiplied(operation: Operation): Item {
  for (const axis of operation.known(1)) expectFirst(operation, axis);
  return listProduct(operation, operation.attributes.boolean("keep_dims"));
}

export const SHAPE_OPERATORS: readonly (readonly [name: string, read: Operator])[] = [
  ["ConcatV2", joinedAlong],
  ["ExpandDims", expandDims],
  ["GatherV2", picked],
  ["Pack", pack],
  ["Prod", multiplied],
  ["Rank", rankOf],
  ["Reshape", reshape],
  ["Shape", shapeOf],
  ["Slice", slice],
  [
    "Squeeze",
    (operation) =>
      squeeze(operation, [...operation.attributes.integers("squeeze_dims"), ...operation.attributes.integers("axis")]),
  ],
  ["StridedSlice", cut],
  ["Transpose", transpose],
  ["Unpack", unpack],
];
