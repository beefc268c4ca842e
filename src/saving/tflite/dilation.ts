/**
 * Dilated convolutions as TensorFlow takes them apart: SPACE_TO_BATCH_ND makes a small picture of every second (or third, …) pixel, a plain
 * convolution follows, and BATCH_TO_SPACE_ND puts the pictures together again.
 */
import type { Padding2D } from "../../core/padding.ts";
import { type Item, type Operation, type Spaced, isSpaced } from "./operation.ts";

/** The distances, and what is added to the picture or cut from it. */
function blockAndEdges(operation: Operation): readonly [Spaced["block"], Padding2D] {
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

export function spaceToBatch(operation: Operation): Item {
  const picture = operation.value(0);
  const [block, pads] = blockAndEdges(operation);
  if (picture.shape.length !== 4) throw operation.unsupported("is not of a picture.");
  return { picture, block, pads, convolve: undefined };
}

export function batchToSpace(operation: Operation): Item {
  const item = operation.item(0);
  const [block, crops] = blockAndEdges(operation);
  const isAlike = isSpaced(item) && item.block.join() === block.join();
  if (!isAlike || item.convolve === undefined) {
    throw operation.unsupported("does not follow SPACE_TO_BATCH_ND and a convolution.");
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
