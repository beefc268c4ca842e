/** MixUp: pictures and labels mixed in pairs (keras.layers.MixUp; Zhang et al., mixup: Beyond Empirical Risk Minimization, 2018). */
import { show, valueError } from "../../../core/errors.ts";
import { sizeOf } from "../../../core/shape.ts";
import { Tensor } from "../../../core/tensor.ts";
import type { Augmentation, Draws } from "./augment.ts";
import { type Batch, samplesIn } from "../batch.ts";

/**
 * Mixes every picture of a batch with another one of the batch, and their labels in the same ratio, which is drawn from the distribution
 * Beta(alpha, alpha). Labels must not be class indices: use `labelMode: "categorical"` or `"binary"`.
 *
 * @param alpha a number above 0: the smaller, the less most pictures are mixed. Default: 0.2
 * @throws ValueError if `alpha` is out of range, and when it is applied to labels that are class indices
 */
export function mixUp(alpha = 0.2): Augmentation {
  if (!(Number.isFinite(alpha) && alpha > 0)) {
    throw valueError(`\`alpha\` must be a number above 0. Received: alpha=${show(alpha)}`);
  }
  return {
    name: "mixUp",
    apply(batch, drawsOf) {
      const count = samplesIn(batch);
      const keys = Array.from({ length: count }, (_, sample) => drawsOf(sample)(0));
      // The partner of sample i is the sample with the i-th smallest random number.
      const partners = keys.map((_, sample) => sample).toSorted((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
      const parts = keys.map((_, sample) => beta(alpha, (i) => drawsOf(sample)(i + 1)));
      return mixed(batch, partners, parts);
    },
  };
}

/** Mixes the fraction `parts[i]` of sample i with the rest of sample `partners[i]`. @throws ValueError if labels have only one axis. */
export function mixed(batch: Batch, partners: readonly number[], parts: readonly number[]): Batch {
  const { x, y } = batch;
  if (y !== undefined && y.shape.length < 2) {
    throw valueError(
      'mixUp mixes labels, and class numbers cannot be mixed. Use labelMode: "categorical" and the loss "categorical_crossentropy".',
    );
  }
  return { ...batch, x: mixTensor(x, partners, parts), y: y && mixTensor(y, partners, parts) };
}

function mixTensor(tensor: Tensor, partners: readonly number[], parts: readonly number[]): Tensor<Float32Array> {
  const { shape, data: from } = tensor.toFloat32();
  const size = sizeOf(shape.slice(1));
  const data = new Float32Array(from.length);
  for (const [sample, part] of parts.entries()) {
    const other = (partners[sample] ?? sample) * size;
    for (let i = 0, p = sample * size; i < size; i++, p++)
      data[p] = part * (from[p] ?? 0) + (1 - part) * (from[other + i] ?? 0);
  }
  return new Tensor(shape, data);
}

/** A random number of the distribution Beta(alpha, alpha), from two of Gamma(alpha). */
export function beta(alpha: number, draws: Draws): number {
  let next = 0;
  const draw = (): number => draws(next++);
  const [a, b] = [logGamma(alpha, draw), logGamma(alpha, draw)];
  return 1 / (1 + Math.exp(b - a));
}

/** The logarithm of a random number of Gamma(shape) (Marsaglia and Tsang, 2000); for small shapes, the number itself would underflow to 0. */
function logGamma(shape: number, draw: () => number): number {
  if (shape < 1) return logGamma(shape + 1, draw) + Math.log(1 - draw()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
    const v = (1 + c * normal) ** 3;
    if (v > 0 && Math.log(1 - draw()) < normal ** 2 / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}
