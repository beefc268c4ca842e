/** Activation functions by name (keras.src.activations), as scalar functions in float64. */
import { unknownIdentifier } from "../../core/identifiers.ts";
import { type Dims, sizeOf } from "../../core/shape.ts";
import { Tensor } from "../../core/tensor.ts";

export const SELU_SCALE = 1.0507009873554805;
export const SELU_ALPHA = 1.6732632423543772;

/** Every activation that works on each value alone. Comparisons are written so that NaN takes the same branch as in Keras. */
const ELEMENTWISE = {
  linear: (x: number) => x,
  relu: (x: number) => Math.max(x, 0),
  relu6: (x: number) => Math.min(Math.max(x, 0), 6),
  leaky_relu: (x: number) => (x > 0 ? x : 0.2 * x),
  sigmoid,
  log_sigmoid: (x: number) => -softplus(-x),
  hard_sigmoid: hardSigmoid,
  sparse_sigmoid: (x: number) => (x <= -1 ? 0 : x >= 1 ? 1 : 0.5 * (x + 1)),
  silu: (x: number) => x * sigmoid(x),
  hard_silu: (x: number) => x * hardSigmoid(x),
  tanh: Math.tanh,
  hard_tanh: (x: number) => Math.min(Math.max(x, -1), 1),
  tanh_shrink: (x: number) => x - Math.tanh(x),
  elu: (x: number) => (x > 0 ? x : Math.expm1(x)),
  celu: (x: number) => Math.max(x, 0) + Math.expm1(Math.min(x, 0)),
  selu: (x: number) => SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x)),
  gelu: (x: number) => 0.5 * x * erfc(-x * Math.SQRT1_2),
  mish: (x: number) => x * Math.tanh(softplus(x)),
  exponential: Math.exp,
  softplus,
  sparse_plus: (x: number) => (x <= -1 ? 0 : x < 1 ? 0.25 * (x + 1) ** 2 : x),
  squareplus: (x: number) => (x + Math.sqrt(x * x + 4)) / 2,
  softsign: (x: number) => x / (Math.abs(x) + 1),
  soft_shrink: (x: number) => (x > 0.5 ? x - 0.5 : x < -0.5 ? x + 0.5 : 0),
  hard_shrink: (x: number) => (Math.abs(x) > 0.5 ? x : 0),
} satisfies Record<string, (x: number) => number>;

/** Every activation that works on all values along an axis; it overwrites `line`. */
const ALONG_AXIS = { softmax, log_softmax: logSoftmax, sparsemax } satisfies Record<
  string,
  (line: Float64Array) => void
>;

/** The names of the activations that work on each value alone. */
export type ElementwiseActivation = keyof typeof ELEMENTWISE;
/** The names of the activations that work on all values along an axis. */
export type AxisActivation = keyof typeof ALONG_AXIS;

/**
 * The name of an activation in a config. Keras's `glu` (which halves the channels) and `threshold` (which needs more arguments) are not
 * supported.
 */
export type ActivationName = ElementwiseActivation | AxisActivation;

/** The name of an activation as Keras takes it, aliases included; null is `linear`. */
export type ActivationIdentifier = ActivationName | "swish" | "hard_swish" | null;

const NAMES: ReadonlyMap<string, ActivationName> = new Map<string, ActivationName>([
  ...Object.keys(ELEMENTWISE)
    .filter(isElementwise)
    .map((name) => [name, name] as const),
  ...Object.keys(ALONG_AXIS)
    .filter(isAlongAxis)
    .map((name) => [name, name] as const),
  ["swish", "silu"],
  ["hard_swish", "hard_silu"],
]);

/** The names of all activations, without aliases. */
export const ACTIVATION_NAMES: readonly ActivationName[] = [...new Set(NAMES.values())];

/**
 * The canonical name of an activation; null and undefined are `linear`.
 * @throws ValueError for an unknown name.
 */
export function activationName(value: string | null | undefined): ActivationName {
  const given: unknown = value ?? "linear";
  const name = typeof given === "string" ? NAMES.get(given) : undefined;
  if (name === undefined) {
    throw unknownIdentifier("activation function", given, ACTIVATION_NAMES);
  }
  return name;
}

/** Whether the activation works on each value alone. */
export function isElementwise(name: string): name is ElementwiseActivation {
  return Object.hasOwn(ELEMENTWISE, name);
}

function isAlongAxis(name: string): name is AxisActivation {
  return Object.hasOwn(ALONG_AXIS, name);
}

/** Applies an activation to a tensor. Softmax and similar activations work along `axis`, which is the last by default. */
export function activate(name: ActivationName, x: Tensor<Float32Array>, axis = -1): Tensor<Float32Array> {
  if (name === "linear") return x;
  const result = new Float32Array(x.size);
  if (isElementwise(name)) {
    const f = ELEMENTWISE[name];
    for (let i = 0; i < result.length; i++) result[i] = f(x.data[i] ?? NaN);
  } else {
    const f = ALONG_AXIS[name];
    forEachLine(x.shape, axis, (first, step, length) => {
      const line = Float64Array.from({ length }, (_, i) => x.data[first + i * step] ?? NaN);
      f(line);
      for (let i = 0; i < length; i++) result[first + i * step] = line[i] ?? NaN;
    });
  }
  return new Tensor(x.shape, result);
}

/** Visits the lines of a tensor along an axis: the index of a line's first value, the distance between its values, and their number. */
export function forEachLine(
  shape: Dims,
  axis: number,
  visit: (first: number, step: number, length: number) => void,
): void {
  const at = axis < 0 ? axis + shape.length : axis;
  const length = shape[at] ?? 1;
  const step = sizeOf(shape.slice(at + 1));
  const size = sizeOf(shape);
  for (let start = 0; start < size; start += length * step) {
    for (let first = start; first < start + step; first++) visit(first, step, length);
  }
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

export function hardSigmoid(x: number): number {
  return Math.min(Math.max(x + 3, 0), 6) / 6;
}

export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** Turns a line of logits into probabilities, in place. The largest logit is subtracted first, so that nothing overflows. */
export function softmax(line: Float64Array): void {
  const top = line.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (const [i, x] of line.entries()) sum += line[i] = Math.exp(x - top);
  for (const [i, x] of line.entries()) line[i] = x / sum;
}

function logSoftmax(line: Float64Array): void {
  const top = line.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = line.reduce((total, x) => total + Math.exp(x - top), 0);
  for (const [i, x] of line.entries()) line[i] = x - top - Math.log(sum);
}

/**
 * Sparsemax (Martins and Astudillo 2016, algorithm 1) as Keras 3.15 computes it: its threshold uses the sum of all partial sums of the
 * support, although the paper uses only the last one.
 */
function sparsemax(line: Float64Array): void {
  let sum = 0;
  let sums = 0;
  let support = 0;
  for (const [i, x] of line.toSorted().toReversed().entries()) {
    sum += x;
    if (x - (sum - 1) / (i + 1) > 0) {
      support++;
      sums += sum;
    }
  }
  const threshold = (sums - 1) / support;
  for (const [i, x] of line.entries()) line[i] = Math.max(x - threshold, 0);
}

/** The complementary error function: its Taylor series near 0, its continued fraction farther out. */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= -(x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  if (x > 30) return 0;
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (x + fraction);
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + fraction));
}
