/** The derivatives of the activation functions. At a kink, where there is no derivative, TensorFlow's choice is taken. */
import type { Dims } from "../../core/shape.ts";
import {
  type ActivationName,
  type AxisActivation,
  type ElementwiseActivation,
  SELU_ALPHA,
  SELU_SCALE,
  erfc,
  forEachLine,
  hardSigmoid,
  isElementwise,
  sigmoid,
  softmax,
  softplus,
} from "./activations.ts";

/** The derivative dy/dx of each elementwise activation, as a function of x. */
const DERIVATIVES: Readonly<Record<ElementwiseActivation, (x: number) => number>> = {
  linear: () => 1,
  relu: (x) => (x > 0 ? 1 : 0),
  relu6: (x) => (x > 0 && x < 6 ? 1 : 0),
  leaky_relu: (x) => (x > 0 ? 1 : 0.2),
  sigmoid: sigmoidDerivative,
  log_sigmoid: (x) => sigmoid(-x),
  hard_sigmoid: hardSigmoidDerivative,
  sparse_sigmoid: (x) => (x <= -1 || x >= 1 ? 0 : 0.5),
  silu: (x) => sigmoid(x) + x * sigmoidDerivative(x),
  hard_silu: (x) => hardSigmoid(x) + x * hardSigmoidDerivative(x),
  tanh: (x) => 1 - Math.tanh(x) ** 2,
  hard_tanh: (x) => (x >= -1 && x <= 1 ? 1 : 0),
  tanh_shrink: (x) => Math.tanh(x) ** 2,
  elu: (x) => (x > 0 ? 1 : Math.exp(x)),
  // At 0 both parts of the sum have the slope 1 in TensorFlow.
  celu: (x) => (x > 0 ? 1 : x === 0 ? 2 : Math.exp(x)),
  selu: (x) => SELU_SCALE * (x >= 0 ? 1 : SELU_ALPHA * Math.exp(x)),
  gelu: (x) => 0.5 * erfc(-x * Math.SQRT1_2) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI),
  mish: (x) => {
    const gate = Math.tanh(softplus(x));
    return gate + x * (1 - gate * gate) * sigmoid(x);
  },
  exponential: Math.exp,
  softplus: sigmoid,
  sparse_plus: (x) => (x <= -1 ? 0 : x < 1 ? 0.5 * (x + 1) : 1),
  squareplus: (x) => (1 + x / Math.sqrt(x * x + 4)) / 2,
  softsign: (x) => 1 / (1 + Math.abs(x)) ** 2,
  soft_shrink: (x) => (Math.abs(x) > 0.5 ? 1 : 0),
  hard_shrink: (x) => (Math.abs(x) > 0.5 ? 1 : 0),
};

/** Turns the gradient of a line of outputs into the gradient of its inputs, in place. */
const ALONG_AXIS: Readonly<Record<AxisActivation, (x: Float64Array, gradient: Float64Array) => void>> = {
  softmax: (x, gradient) => {
    softmax(x);
    const mean = dot(x, gradient);
    for (const [i, y] of x.entries()) gradient[i] = y * ((gradient[i] ?? NaN) - mean);
  },
  log_softmax: (x, gradient) => {
    softmax(x);
    const sum = gradient.reduce((a, b) => a + b, 0);
    for (const [i, y] of x.entries()) gradient[i] = (gradient[i] ?? NaN) - y * sum;
  },
  sparsemax: sparsemaxGradient,
};

/**
 * The gradient of the loss with respect to the inputs of an activation.
 *
 * @param x the activation's inputs
 * @param gradient the gradient of the loss with respect to the outputs, as long as `x.data`
 * @param axis the axis of softmax and similar activations. Default: -1.
 */
export function activationGradient(
  name: ActivationName,
  x: { readonly shape: Dims; readonly data: Float32Array },
  gradient: Float64Array,
  axis = -1,
): Float64Array {
  if (name === "linear") return gradient;
  if (isElementwise(name)) {
    const derivative = DERIVATIVES[name];
    return gradient.map((value, i) => value * derivative(x.data[i] ?? NaN));
  }
  const backward = ALONG_AXIS[name];
  const result = new Float64Array(gradient.length);
  forEachLine(x.shape, axis, (first, step, length) => {
    const line = Float64Array.from({ length }, (_, i) => x.data[first + i * step] ?? NaN);
    const ofLine = Float64Array.from({ length }, (_, i) => gradient[first + i * step] ?? NaN);
    backward(line, ofLine);
    for (let i = 0; i < length; i++) result[first + i * step] = ofLine[i] ?? NaN;
  });
  return result;
}

function sigmoidDerivative(x: number): number {
  return sigmoid(x) * sigmoid(-x);
}

function hardSigmoidDerivative(x: number): number {
  return x > -3 && x < 3 ? 1 / 6 : 0;
}

/**
 * With a support of k values, the r-th largest is in k - r + 1 of the partial sums that make up Keras's threshold (see `sparsemax`), so
 * that it gets that multiple of the threshold's gradient.
 */
function sparsemaxGradient(x: Float64Array, gradient: Float64Array): void {
  const order = [...x.keys()].toSorted((a, b) => (x[b] ?? NaN) - (x[a] ?? NaN));
  let sum = 0;
  let sums = 0;
  let support = 0;
  for (const [rank, i] of order.entries()) {
    sum += x[i] ?? NaN;
    if ((x[i] ?? NaN) - (sum - 1) / (rank + 1) > 0) {
      support++;
      sums += sum;
    }
  }
  const threshold = (sums - 1) / support;
  for (const [i, value] of x.entries()) if (!(value > threshold)) gradient[i] = 0;
  const ofThreshold = -gradient.reduce((a, b) => a + b, 0) / support;
  for (const [rank, i] of order.slice(0, support).entries()) {
    gradient[i] = (gradient[i] ?? NaN) + ofThreshold * (support - rank);
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? NaN), 0);
}
