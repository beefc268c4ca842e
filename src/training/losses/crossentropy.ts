/** Cross-entropy losses (keras.losses), computed from logits if they are known: exact even if softmax has rounded to 0 or 1. */
import { warn } from "#platform";
import { show, valueError } from "../../core/errors.ts";
import { TEXT } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { formatShape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { booleanArgument, numberArgument } from "../../layers/arguments.ts";
import { Loss, type LossOptions, type Predicted, type Scored, positionsOf, sameShape, toRankOf } from "./loss.ts";

/** Probabilities are clipped to this range, Keras's `backend.epsilon()` away from 0 and 1, in float32 as in Keras. */
const LOWEST = Math.fround(1e-7);
const HIGHEST = Math.fround(1 - 1e-7);

/** The options of `SparseCategoricalCrossentropy`. */
export interface CrossentropyOptions extends LossOptions {
  /** Whether the model's output is logits. Default: false, the output is probabilities. */
  readonly fromLogits?: boolean | undefined;
}

/** The options of `CategoricalCrossentropy` and `BinaryCrossentropy`. */
export interface SmoothedCrossentropyOptions extends CrossentropyOptions {
  /** The part of each label, from 0 to 1, that is spread evenly over all classes (for binary labels, over 0 and 1). Default: 0. */
  readonly labelSmoothing?: number | undefined;
}

/** The logits to compute a loss from, and whether its gradient is that of the output or of the logits below it. */
interface Logits {
  readonly z: Float32Array;
  readonly of: "output" | "logits";
}

/** The logits, if the output is logits or made from them; undefined for bare probabilities. As Keras, it takes softmax and sigmoid alike. */
function logitsOf({ output, logits }: Predicted, fromLogits: boolean, loss: string): Logits | undefined {
  if (logits === undefined) return fromLogits ? { z: output.data, of: "output" } : undefined;
  if (fromLogits) {
    warn(
      `"\`${loss}\` received \`fromLogits: true\`, but the \`output\` argument was produced by a Softmax or Sigmoid activation and thus ` +
        "does not represent logits. Was this intended?",
    );
  }
  return { z: logits.data, of: "logits" };
}

function smoothingArgument(value: number | undefined): number {
  const smoothing = numberArgument(value, "labelSmoothing", 0);
  if (smoothing < 0 || smoothing > 1) {
    throw valueError(`\`labelSmoothing\` must be in the range [0, 1]. Received: labelSmoothing=${show(smoothing)}`);
  }
  return smoothing;
}

abstract class Crossentropy extends Loss {
  readonly fromLogits: boolean;

  constructor(options: CrossentropyOptions, defaultName: string) {
    super(options, defaultName);
    this.fromLogits = booleanArgument(options.fromLogits, "fromLogits", false);
  }

  override getConfig(): Readonly<Record<string, unknown>> {
    return { ...super.getConfig(), fromLogits: this.fromLogits };
  }
}

abstract class SmoothedCrossentropy extends Crossentropy {
  readonly labelSmoothing: number;

  constructor(options: SmoothedCrossentropyOptions, defaultName: string) {
    super(options, defaultName);
    this.labelSmoothing = smoothingArgument(options.labelSmoothing);
  }

  /** The smoothed target of each output value, by its index; `spread` is what smoothing adds to every target. */
  protected wanted(yTrue: Tensor, output: Tensor, spread: number): (at: number) => number {
    const { data } = sameShape(yTrue, output);
    const kept = 1 - this.labelSmoothing;
    return (at) => (data[at] ?? 0) * kept + spread;
  }

  override getConfig(): Readonly<Record<string, unknown>> {
    return { ...super.getConfig(), labelSmoothing: this.labelSmoothing };
  }
}

/**
 * The cross-entropy of integer labels: class indices from 0, of shape [batch, …] or [batch, …, 1], for outputs [batch, …, classes].
 * Default name: `sparse_categorical_crossentropy`. Computing it throws a ValueError for shapes that do not fit, or a label that is not a class.
 */
export class SparseCategoricalCrossentropy extends Crossentropy {
  readonly className = "SparseCategoricalCrossentropy";

  constructor(options: CrossentropyOptions = {}) {
    checkOptions("SparseCategoricalCrossentropy", options, { name: TEXT, reduction: true, fromLogits: true });
    super(options, "sparse_categorical_crossentropy");
  }

  protected override score(yTrue: Tensor, predicted: Predicted): Scored {
    const { output } = predicted;
    const { positions, classes } = positionsOf(output);
    const labels = labelsOf(yTrue, output);
    const logits = logitsOf(predicted, this.fromLogits, this.name);
    const values = new Float64Array(positions);
    if (logits !== undefined) {
      const { z, of } = logits;
      const exponents = exponentSums(z, positions, classes);
      for (let i = 0; i < positions; i++) {
        values[i] = (exponents[i] ?? 0) - (z[i * classes + (labels[i] ?? 0)] ?? 0);
      }
      const gradient = (weights: Float64Array) => {
        const result = softmaxGradient(z, exponents, weights, classes);
        for (let i = 0; i < positions; i++) {
          const at = i * classes + (labels[i] ?? 0);
          result[at] = (weights[i] ?? 0) * (Math.exp((z[at] ?? 0) - (exponents[i] ?? 0)) - 1);
        }
        return { of, values: result };
      };
      return { values, gradient };
    }
    const p = output.data;
    const sums = new Float64Array(positions);
    for (let i = 0; i < positions; i++) {
      let sum = 0;
      for (let c = 0; c < classes; c++) sum += clipped(p[i * classes + c] ?? 0);
      sums[i] = sum;
      values[i] = Math.log(sum) - Math.log(clipped(p[i * classes + (labels[i] ?? 0)] ?? 0));
    }
    const gradient = (weights: Float64Array) => {
      const result = new Float32Array(p.length);
      for (let i = 0; i < positions; i++) {
        for (let c = 0; c < classes; c++) {
          const at = i * classes + c;
          const value = p[at] ?? 0;
          if (isClipped(value)) continue;
          result[at] = (weights[i] ?? 0) * (1 / (sums[i] ?? 0) - (c === labels[i] ? 1 / value : 0));
        }
      }
      return { of: "output", values: result } as const;
    };
    return { values, gradient };
  }
}

/**
 * The cross-entropy of one-hot labels, or any target probabilities, of the output's shape [batch, …, classes].
 * Default name: `categorical_crossentropy`. @throws ValueError if `labelSmoothing` is outside [0, 1].
 */
export class CategoricalCrossentropy extends SmoothedCrossentropy {
  readonly className = "CategoricalCrossentropy";

  constructor(options: SmoothedCrossentropyOptions = {}) {
    checkOptions("CategoricalCrossentropy", options, {
      name: TEXT,
      reduction: true,
      fromLogits: true,
      labelSmoothing: true,
    });
    super(options, "categorical_crossentropy");
  }

  protected override score(yTrue: Tensor, predicted: Predicted): Scored {
    const { output } = predicted;
    const { positions, classes } = positionsOf(output);
    const wanted = this.wanted(yTrue, output, this.labelSmoothing / classes);
    const logits = logitsOf(predicted, this.fromLogits, this.name);
    const values = new Float64Array(positions);
    if (logits !== undefined) {
      const { z, of } = logits;
      const exponents = exponentSums(z, positions, classes);
      const totals = new Float64Array(positions);
      for (let i = 0; i < positions; i++) {
        let value = 0;
        let total = 0;
        for (let c = 0; c < classes; c++) {
          const t = wanted(i * classes + c);
          total += t;
          if (t !== 0) value += t * ((exponents[i] ?? 0) - (z[i * classes + c] ?? 0));
        }
        values[i] = value;
        totals[i] = total;
      }
      const gradient = (weights: Float64Array) => {
        const result = softmaxGradient(
          z,
          exponents,
          weights.map((weight, i) => weight * (totals[i] ?? 0)),
          classes,
        );
        for (let at = 0; at < result.length; at++) {
          result[at] = (result[at] ?? 0) - (weights[Math.floor(at / classes)] ?? 0) * wanted(at);
        }
        return { of, values: result };
      };
      return { values, gradient };
    }
    const p = output.data;
    const sums = new Float64Array(positions);
    for (let i = 0; i < positions; i++) {
      let sum = 0;
      for (let c = 0; c < classes; c++) sum += p[i * classes + c] ?? 0;
      sums[i] = sum;
      let value = 0;
      for (let c = 0; c < classes; c++) {
        value -= wanted(i * classes + c) * Math.log(clipped((p[i * classes + c] ?? 0) / sum));
      }
      values[i] = value;
    }
    const gradient = (weights: Float64Array) => {
      const result = new Float32Array(p.length);
      for (let i = 0; i < positions; i++) {
        const sum = sums[i] ?? 0;
        const weight = weights[i] ?? 0;
        let common = 0;
        for (let c = 0; c < classes; c++) {
          const at = i * classes + c;
          if (!isClipped((p[at] ?? 0) / sum)) common += wanted(at);
        }
        for (let c = 0; c < classes; c++) {
          const at = i * classes + c;
          const own = isClipped((p[at] ?? 0) / sum) ? 0 : wanted(at) / ((p[at] ?? 0) / sum);
          result[at] = (weight * (common - own)) / sum;
        }
      }
      return { of: "output", values: result } as const;
    };
    return { values, gradient };
  }
}

/**
 * The binary cross-entropy, averaged along the last axis. Labels are 0 or 1 (or between) for each value of the output, and have its shape.
 * Default name: `binary_crossentropy`. @throws ValueError if `labelSmoothing` is outside [0, 1].
 */
export class BinaryCrossentropy extends SmoothedCrossentropy {
  readonly className = "BinaryCrossentropy";

  constructor(options: SmoothedCrossentropyOptions = {}) {
    checkOptions("BinaryCrossentropy", options, {
      name: TEXT,
      reduction: true,
      fromLogits: true,
      labelSmoothing: true,
    });
    super(options, "binary_crossentropy");
  }

  protected override score(yTrue: Tensor, predicted: Predicted): Scored {
    const { output } = predicted;
    const { positions, classes } = positionsOf(output);
    const wanted = this.wanted(yTrue, output, 0.5 * this.labelSmoothing);
    const logits = logitsOf(predicted, this.fromLogits, this.name);
    const z = logits?.z ?? output.data;
    const values = new Float64Array(positions);
    for (let at = 0; at < z.length; at++) {
      const x = z[at] ?? 0;
      const t = wanted(at);
      const value =
        logits === undefined
          ? -(t * Math.log(clipped(x)) + (1 - t) * Math.log(1 - clipped(x)))
          : Math.max(x, 0) - x * t + Math.log1p(Math.exp(-Math.abs(x)));
      const i = Math.floor(at / classes);
      values[i] = (values[i] ?? 0) + value / classes;
    }
    const gradient = (weights: Float64Array) => {
      const result = new Float32Array(z.length);
      for (let at = 0; at < z.length; at++) {
        const x = z[at] ?? 0;
        const weight = (weights[Math.floor(at / classes)] ?? 0) / classes;
        if (logits !== undefined) result[at] = weight * (1 / (1 + Math.exp(-x)) - wanted(at));
        else if (!isClipped(x)) result[at] = (weight * (x - wanted(at))) / (x * (1 - x));
      }
      return { of: logits?.of ?? "output", values: result } as const;
    };
    return { values, gradient };
  }
}

function clipped(probability: number): number {
  return Math.min(HIGHEST, Math.max(LOWEST, probability));
}

function isClipped(probability: number): boolean {
  return probability < LOWEST || probability > HIGHEST;
}

/** The log Σ exp of each line, one line for each position. */
function exponentSums(z: Float32Array, positions: number, classes: number): Float64Array {
  const sums = new Float64Array(positions);
  for (let i = 0; i < positions; i++) {
    let high = -Infinity;
    for (let c = 0; c < classes; c++) high = Math.max(high, z[i * classes + c] ?? NaN);
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += Math.exp((z[i * classes + c] ?? NaN) - high);
    sums[i] = high + Math.log(sum);
  }
  return sums;
}

/** The softmax of each line, times the line's weight. */
function softmaxGradient(
  z: Float32Array,
  exponents: Float64Array,
  weights: Float64Array,
  classes: number,
): Float32Array {
  const result = new Float32Array(z.length);
  for (let at = 0; at < z.length; at++) {
    const i = Math.floor(at / classes);
    result[at] = (weights[i] ?? 0) * Math.exp((z[at] ?? 0) - (exponents[i] ?? 0));
  }
  return result;
}

/** The class index of every position. @throws ValueError for shapes that do not fit, and for the first label that is not a class. */
function labelsOf(yTrue: Tensor, output: Tensor): Int32Array {
  const { positions, classes } = positionsOf(output);
  let target = toRankOf(yTrue, output);
  if (target.shape.length === output.shape.length && target.shape.at(-1) === 1) {
    target = target.reshape(target.shape.slice(0, -1));
  }
  const shapes = `target.shape=${formatShape(target.shape)}, output.shape=${formatShape(output.shape)}`;
  if (target.shape.length !== output.shape.length - 1) {
    throw valueError(`Argument \`output\` must have rank (ndim) \`target.ndim - 1\`. Received: ${shapes}`);
  }
  if (target.size !== positions || target.shape.some((axis, i) => axis !== output.shape[i])) {
    throw valueError(
      `Arguments \`target\` and \`output\` must have the same shape up until the last dimension: ${shapes}`,
    );
  }
  const labels = new Int32Array(positions);
  for (let i = 0; i < positions; i++) {
    const label = Math.trunc(target.data[i] ?? NaN);
    if (!(label >= 0 && label < classes)) {
      const some = target.data.slice(0, 32).join(" ");
      throw valueError(
        `Received a label value of ${target.data[i]} which is outside the valid range of [0, ${classes}).  Label values: ${some}${positions > 32 ? " …" : ""}`,
      );
    }
    labels[i] = label;
  }
  return labels;
}
