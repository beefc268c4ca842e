/** What the host does in a training step: operations without a kernel, scalings that do not come from the batch, masks. */
import type { Tensor } from "../../core/tensor.ts";
import { activationGradient } from "../../layers/activations/activation-gradients.ts";
import { activate } from "../../layers/activations/activations.ts";
import { type TrainingPass, streamOf } from "../../layers/gradients.ts";
import type { Weight } from "../../layers/weight.ts";
import type { HostOperation } from "./compile.ts";
import type { HostGradient } from "./gradients.ts";
import type { Forward, Host, Mask, Scaling } from "./operations.ts";
import { type Coefficient } from "./plan.ts";

/** The matrices in memory. */
export interface Matrices {
  read(number: number): Tensor<Float32Array>;
  write(number: number, data: ArrayLike<number>): void;
  /** The gradient of a weight, to be written to. */
  gradient(weight: Weight): Float32Array;
}

export interface HostRun {
  readonly seed: number;
}

export function runOnHost(operation: HostOperation, matrices: Matrices, run: HostRun): void {
  switch (operation.kind) {
    case "activation": {
      const { name, axis } = operation.activation;
      matrices.write(operation.output, activate(name, matrices.read(operation.input), axis).data);
      return;
    }
    case "activation gradient": {
      const { activation, input } = operation.forward;
      const gradient = Float64Array.from(matrices.read(operation.from).data);
      const found = activationGradient(activation.name, matrices.read(input), gradient, activation.axis);
      matrices.write(operation.to, found);
      return;
    }
    case "host": {
      const inputs = operation.inputs.map((input) => matrices.read(input));
      matrices.write(operation.output, operation.layer.forwardTraining(inputs, passOf(operation, run)).data);
      return;
    }
    case "host gradient":
      runGradient(operation, matrices, run);
  }
}

function passOf({ step, training }: Host, { seed }: HostRun): TrainingPass {
  return { training, stream: streamOf(seed, step) };
}

function runGradient(operation: HostGradient, matrices: Matrices, run: HostRun): void {
  const { forward, from, to, weights } = operation;
  const { layer } = forward;
  const inputs = forward.inputs.map((input) => matrices.read(input));
  const gradient = Float64Array.from(matrices.read(from).data);
  const found = layer.backward({ ...passOf(forward, run), inputs, gradient });
  for (const [i, number] of to.entries()) if (number !== undefined) matrices.write(number, found.inputs[i] ?? []);
  for (const [name, part] of Object.entries(found.weights)) {
    const weight = layer.weight(name);
    const wanted = weights.find((one) => one.weight === weight)?.wanted ?? "no";
    if (wanted === "no") continue;
    const sums = matrices.gradient(weight);
    for (let i = 0; i < sums.length; i++) sums[i] = (wanted === "added" ? (sums[i] ?? NaN) : 0) + (part[i] ?? NaN);
  }
}

/** The coefficients of a scaling that are known before a run; those by the batch are found in it. */
export function coefficientsOf({
  kind,
  layer,
  factors,
  summands,
  channels,
}: Scaling): Partial<Record<Coefficient, ArrayLike<number>>> {
  const zeros = new Float32Array(channels);
  if (kind === "constant") return { factor: factors, summand: summands, mean: zeros, deviation: zeros };
  if (kind === "batch" || layer === undefined) return {};
  const gamma = layer.scale ? layer.weight("gamma").values : undefined;
  const beta = layer.center ? layer.weight("beta").values : undefined;
  const mean = layer.weight("moving_mean").values;
  const variance = layer.weight("moving_variance").values;
  const deviation = Float64Array.from(variance, (v) => 1 / Math.sqrt(v + layer.epsilon));
  const factor = deviation.map((value, c) => value * (gamma?.[c] ?? 1));
  const summand = factor.map((value, c) => (beta?.[c] ?? 0) - (mean[c] ?? NaN) * value);
  return { factor, summand, mean, deviation };
}

/** The operations that drop, for which the host draws what. */
export function masksOf(list: readonly Forward[]): readonly Mask[] {
  return list.filter((operation) => operation.kind === "mask");
}

export function maskValues({ layer, step }: Mask, shape: readonly number[], { seed }: HostRun): Float32Array {
  return layer.mask(shape, streamOf(seed, step));
}
