/**
 * Dilated convolutions as TensorFlow takes them apart: SpaceToBatchND makes a small picture of every second (or third, …) pixel, a plain
 * convolution follows, and BatchToSpaceND puts the pictures together again.
 */
import type { Padding2D } from "../../core/padding.ts";
import { type Spaced, type TensorFlowItem, type TensorFlowOperation, isSpaced } from "./tensorflow-operation.ts";
import type { Value } from "./value.ts";

/** How a convolution goes over a picture. */
export interface Steps {
  readonly strides: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly padding: Padding2D | "same" | "valid";
}

/** A convolution of the first input, be it a picture or one that is taken apart. */
export function convolved(
  operation: TensorFlowOperation,
  steps: Steps,
  apply: (x: Value, steps: Steps) => Value,
): TensorFlowItem {
  const item = operation.item(0);
  if (!isSpaced(item)) return apply(operation.value(0), steps);
  const { picture, block, convolve } = item;
  if (Math.max(...steps.strides, ...steps.dilation) > 1 || steps.padding !== "valid" || convolve !== undefined) {
    throw operation.unsupported("is not plain, but of a picture that is taken apart: no layer does that.");
  }
  return { ...item, convolve: (padding) => apply(picture, { ...steps, dilation: block, padding }) };
}

/** The distances, and what is added to the picture or cut from it. */
function blockAndEdges(operation: TensorFlowOperation): readonly [Spaced["block"], Padding2D] {
  const [rows = 0, cols = 0, ...more] = operation.known(1);
  const [top = 0, bottom = 0, left = 0, right = 0] = operation.known(2);
  const edges = [top, bottom, left, right];
  if (more.length > 0 || !(rows >= 1 && cols >= 1) || !edges.every((count) => count >= 0 && count < 2 ** 16)) {
    throw operation.unsupported("is not of a picture.");
  }
  return [
    [rows, cols],
    [
      [top, bottom],
      [left, right],
    ],
  ];
}

export function spaceToBatch(operation: TensorFlowOperation): TensorFlowItem {
  const picture = operation.value(0);
  const [block, pads] = blockAndEdges(operation);
  if (picture.shape.length !== 4) throw operation.unsupported("is not of a picture.");
  return { picture, block, pads, convolve: undefined };
}

export function batchToSpace(operation: TensorFlowOperation): TensorFlowItem {
  const item = operation.item(0);
  const [block, crops] = blockAndEdges(operation);
  if (!isSpaced(item) || item.block.join() !== block.join() || item.convolve === undefined) {
    throw operation.unsupported("does not put together what was taken apart for a convolution.");
  }
  const { pads } = item;
  const left = (axis: 0 | 1): readonly [number, number] => [
    pads[axis][0] - crops[axis][0],
    pads[axis][1] - crops[axis][1],
  ];
  const padding: Padding2D = [left(0), left(1)];
  if (padding.flat().some((zeros) => zeros < 0)) throw operation.unsupported("cuts more than was added.");
  return item.convolve(padding);
}
