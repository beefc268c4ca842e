/**
 * Normalizations that a graph has in parts, as tf.nn.batch_normalization makes them and Keras 3 exports them:
 * x × inv + (beta − mean × inv), where inv = gamma / √(variance + epsilon) is made of constants.
 */
import { elementCount } from "../../bytes/element-count.ts";
import { reshaped } from "../../derived-tensor.ts";
import { vectorOf } from "../factors.ts";
import type { NormalizationWeights } from "../graph-builder.ts";
import type { Value } from "../value.ts";
import type { StoredTensor } from "../../stored-tensor.ts";
import { isFolded } from "./constants.ts";
import { asWritten } from "./graph-node.ts";
import type { Operation } from "./operation.ts";

interface Scaled {
  readonly x: Value;
  readonly inverse: StoredTensor;
  readonly weights: NormalizationWeights;
}

/** Products that are the first half of a normalization. */
const scaled = new WeakMap<Value, Scaled>();

/** `x × inverse` as a normalization that has no mean and no beta yet; undefined if the constant is made otherwise. */
export function scaledByInverse({ builder, hint }: Operation, x: Value, inverse: StoredTensor): Value | undefined {
  const channels = x.shape.at(-1) ?? 0;
  const parts = partsOf(inverse, "Mul");
  const root = parts?.find((part) => partsOf(part, "Rsqrt") !== undefined) ?? inverse;
  const gamma = parts?.find((part) => part !== root);
  const [sum] = partsOf(root, "Rsqrt") ?? [];
  const summands = sum === undefined ? undefined : (partsOf(sum, "AddV2") ?? partsOf(sum, "Add"));
  const epsilon = summands?.find(({ shape }) => elementCount(shape) === 1);
  const variance = summands?.find((summand) => summand !== epsilon);
  if (epsilon === undefined || variance === undefined) return undefined;
  if ([variance, gamma].some((vector) => vector !== undefined && elementCount(vector.shape) !== channels)) {
    return undefined;
  }
  const weights = {
    gamma: gamma === undefined ? vectorOf(1, channels, hint) : reshaped(gamma, [channels]),
    beta: vectorOf(0, channels, hint),
    mean: vectorOf(0, channels, hint),
    variance: reshaped(variance, [channels]),
    epsilon: asWritten(epsilon.read()[0] ?? NaN),
  };
  const value = builder.batchNormalization(x, weights, hint);
  scaled.set(value, { x, inverse, weights });
  return value;
}

/** The sum of such a product and `beta − mean × inverse`, or `−mean × inverse`; undefined if it is another sum. */
export function shiftedByMean({ builder, hint }: Operation, product: Value, offset: StoredTensor): Value | undefined {
  const half = scaled.get(product);
  const [beta, shift] = partsOf(offset, "Sub") ?? [undefined, ...(partsOf(offset, "Neg") ?? [])];
  const factors = shift === undefined ? undefined : partsOf(shift, "Mul");
  // Shapes may differ from those in the product; the values are the same ones.
  const at = factors?.findIndex((factor) => half !== undefined && areOneRead(factor, half.inverse)) ?? -1;
  const mean = factors?.[1 - at];
  const channels = product.shape.at(-1) ?? 0;
  if (half === undefined || at < 0 || mean === undefined || elementCount(mean.shape) !== channels) return undefined;
  if (beta !== undefined && elementCount(beta.shape) !== channels) return undefined;
  return builder.batchNormalization(
    half.x,
    {
      ...half.weights,
      mean: reshaped(mean, [channels]),
      ...(beta !== undefined && { beta: reshaped(beta, [channels]) }),
    },
    hint,
  );
}

function areOneRead(a: StoredTensor, b: StoredTensor): boolean {
  return a.read === b.read;
}

/** What a constant was made of, if that operator made it. */
function partsOf(tensor: StoredTensor, operator: string): readonly StoredTensor[] | undefined {
  return isFolded(tensor) && tensor.operator === operator ? tensor.of : undefined;
}
