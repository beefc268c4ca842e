/** Integers of a quantized ONNX graph as the numbers that they stand for. Nothing is rounded: values stay float32. */
import { elementCount } from "../../bytes/element-count.ts";
import type { StoredTensor } from "../../stored-tensor.ts";
import type { OnnxOperation, ValueItem } from "../operation.ts";

/** The smallest and the largest number of each type of integers. */
export const RANGES: ReadonlyMap<string, readonly [low: number, high: number]> = new Map([
  ["uint8", [0, 255]],
  ["int8", [-128, 127]],
  ["uint16", [0, 65535]],
  ["int16", [-32768, 32767]],
]);

/** The one number in a scale or a zero point. @throws UnsupportedError if there are more. */
export function single(operation: OnnxOperation, tensor: StoredTensor): number {
  const count = elementCount(tensor.shape);
  if (count !== 1) throw operation.unsupported(`has ${count} scales or zero points for what is computed; read is one.`);
  return tensor.read()[0] ?? NaN;
}

/** The numbers that integers stand for under another scale and zero point than those by which they were made: mostly the same. */
export function dequantizedValue(operation: OnnxOperation, x: ValueItem, scale: number, zeroPoint: number): ValueItem {
  const { integers } = x;
  if (integers === undefined) throw operation.broken("takes floats, where integers belong.");
  const factor = scale / integers.scale;
  const offset = (integers.zeroPoint - zeroPoint) * scale;
  const plain = { ...x, integers: undefined };
  if (factor === 1 && offset === 0) return plain;
  if (!Number.isFinite(factor) || !Number.isFinite(offset)) throw operation.unsupported(`has the scale ${scale}.`);
  return { ...plain, value: operation.builder.affine(x.value, factor, offset, operation.hint) };
}
