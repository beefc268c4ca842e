/**
 * Convolutions with a dilation as tf.nn.depthwise_conv2d has them: rows and columns are dealt out to the batch (SpaceToBatchND), each part
 * is convolved without padding, and the parts are put together again (BatchToSpaceND).
 */
import type { Padding2D } from "../../../core/padding.ts";
import type { Dealt } from "../tensorflow-operation.ts";
import type { Item, Operation } from "./operation.ts";

export function isDealt(item: unknown): item is Dealt {
  return typeof item === "object" && item !== null && "block" in item;
}

/** Two numbers from `least`, for rows and columns. */
function pairOf(operation: Operation, i: number, least: number): readonly [number, number] {
  const [rows = NaN, cols = NaN, ...more] = operation.known(i);
  if (rows >= least && cols >= least && Math.max(rows, cols) < 2 ** 16 && more.length === 0) return [rows, cols];
  throw operation.unsupported("deals out other axes than rows and columns.");
}

function paddingOf(operation: Operation): Padding2D {
  const [top = NaN, bottom = NaN, left = NaN, right = NaN, ...more] = operation.known(2);
  const isFine = [top, bottom, left, right].every((count) => count >= 0 && count < 2 ** 16) && more.length === 0;
  if (!isFine) throw operation.unsupported("pads or cuts by a number that is not known.");
  return [
    [top, bottom],
    [left, right],
  ];
}

export function dealtOut(operation: Operation): Dealt {
  const x = operation.value(0);
  if (x.shape.length !== 4) throw operation.unsupported("deals out no picture.");
  return { x, block: pairOf(operation, 1, 1), padding: paddingOf(operation) };
}

/** The convolution of the whole. What is cut off the result is taken off the zeros before it. */
export function putTogether(operation: Operation): Item {
  const item = operation.item(0);
  const dealt = isDealt(item) ? item : undefined;
  const [block, cut] = [pairOf(operation, 1, 1), paddingOf(operation)];
  if (dealt?.convolved === undefined || dealt.block.join() !== block.join()) {
    throw operation.unsupported("puts together what is not a convolution of what was dealt out.");
  }
  const less = ([before, after]: readonly [number, number], [a, b]: readonly [number, number]): [number, number] => [
    before - a,
    after - b,
  ];
  const padding: Padding2D = [less(dealt.padding[0], cut[0]), less(dealt.padding[1], cut[1])];
  if (padding.flat().some((zeros) => zeros < 0)) throw operation.unsupported("cuts off more than was padded.");
  return dealt.convolved(block, padding);
}
