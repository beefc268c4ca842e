/** What no kernel does: the layer computes it, but for its activation, and its gradients, outside WebAssembly. */
import { type TrainingPass, streamOf } from "../../../layers/gradients.ts";
import type { Layer } from "../../../layers/layer.ts";
import type { Weight } from "../../../layers/weight.ts";
import type { Wanted } from "../gradients.ts";
import type { BackwardKind, ForwardKind, HostOptions, Matrices } from "./kind.ts";

export interface HostLayer {
  readonly kind: "host";
  readonly layer: Layer;
  readonly inputs: readonly number[];
  readonly output: number;
  /** The number of the program's step. */
  readonly step: number;
  /** Whether it behaves as in training. */
  readonly training: boolean;
}

export interface HostLayerGradient {
  readonly kind: "host gradient";
  readonly forward: HostLayer;
  /** The number of the output's gradient. */
  readonly from: number;
  /** For each input the number of its gradient; undefined if it is not needed. */
  readonly to: readonly (number | undefined)[];
  readonly weights: readonly { readonly weight: Weight; readonly wanted: Wanted }[];
}

export const hostLayer: ForwardKind<HostLayer, HostLayerGradient> = {
  reads: ({ inputs }, raw) => inputs.map(raw),
  writes: ({ output }) => [output],
  weights: ({ layer }) => layer.weights,
  onHost: (operation) => (matrices, options) => {
    const inputs = operation.inputs.map((input) => matrices.read(input));
    matrices.write(operation.output, operation.layer.forwardTraining(inputs, passOf(operation, options)).data);
  },
  gradient: (forward, tape) => {
    const from = tape.output();
    const inputs = forward.inputs.map((input) => tape.raw(input));
    const to = inputs.map((view) => (tape.needs(view) ? tape.newGradient(view) : undefined));
    const weights = forward.layer.weights.map((weight) => ({ weight, wanted: tape.want(weight) }));
    tape.add({ kind: "host gradient", forward, from, to, weights });
    for (const [i, view] of inputs.entries()) {
      const part = to[i];
      if (part !== undefined) tape.pass(view, part);
    }
  },
};

export const hostLayerGradient: BackwardKind<HostLayerGradient> = {
  reads: ({ forward, from }) => [from, ...forward.inputs],
  writes: ({ to }) => to.filter((gradient) => gradient !== undefined),
  onHost: (operation) => (matrices, options) => runGradient(operation, matrices, options),
};

function passOf({ step, training }: HostLayer, { seed }: HostOptions): TrainingPass {
  return { training, stream: streamOf(seed, step) };
}

function runGradient(
  { forward, from, to, weights }: HostLayerGradient,
  matrices: Matrices,
  options: HostOptions,
): void {
  const { layer } = forward;
  const inputs = forward.inputs.map((input) => matrices.read(input));
  const gradient = Float64Array.from(matrices.read(from).data);
  const found = layer.backward({ ...passOf(forward, options), inputs, gradient });
  for (const [i, number] of to.entries()) if (number !== undefined) matrices.write(number, found.inputs[i] ?? []);
  for (const [name, part] of Object.entries(found.weights)) {
    const weight = layer.weight(name);
    const wanted = weights.find((one) => one.weight === weight)?.wanted ?? "no";
    if (wanted === "no") continue;
    const sums = matrices.gradient(weight);
    for (let i = 0; i < sums.length; i++) sums[i] = (wanted === "added" ? (sums[i] ?? NaN) : 0) + (part[i] ?? NaN);
  }
}
