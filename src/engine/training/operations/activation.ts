/** Activations that are more than bounds. */
import { type MapName, map, mapKernelName } from "../../../kernels/f32/elementwise.ts";
import { softmax } from "../../../kernels/f32/reduce.ts";
import {
  SOFTMAX_GRADIENT,
  mapGradient,
  mapGradientName,
  softmaxGradient,
} from "../../../kernels/training/activations.ts";
import { activationGradient as gradientOfActivation } from "../../../layers/activations/activation-gradients.ts";
import { activate } from "../../../layers/activations/activations.ts";
import type { OutputActivation } from "../../../layers/gradients.ts";
import { eachLine, eachVector } from "../emit/each.ts";
import type { Emitter } from "../emit/emitter.ts";
import type { InputGradient } from "../gradients.ts";
import type { BackwardKind, ForwardKind } from "./kind.ts";

export interface Activation {
  readonly kind: "activation";
  readonly activation: OutputActivation;
  /** The kernel that does it; if there is none, the host does. */
  readonly by: MapName | "softmax" | undefined;
  readonly input: number;
  readonly output: number;
}

export interface ActivationGradient extends InputGradient<Activation> {
  readonly kind: "activation gradient";
}

export const activation: ForwardKind<Activation, ActivationGradient> = {
  reads: ({ input }, raw) => [raw(input)],
  writes: ({ output }) => [output],
  emit: emitActivation,
  onHost: ({ by, activation: { name, axis }, input, output }) =>
    by === undefined
      ? (matrices) => matrices.write(output, activate(name, matrices.read(input), axis).data)
      : undefined,
  logits: ({ activation: { name }, input }) => (name === "softmax" || name === "sigmoid" ? input : undefined),
  gradient: (forward, tape) => {
    const from = tape.output();
    tape.write(tape.raw(forward.input), (to) => ({ kind: "activation gradient", forward, from, to }));
  },
};

export const activationGradient: BackwardKind<ActivationGradient> = {
  reads: ({ forward, from }) => [from, readBackwards(forward)],
  writes: ({ to }) => [to],
  emit: emitGradient,
  onHost: ({ forward: { by, activation: of, input }, from, to }) =>
    by === undefined
      ? (matrices) => {
          const gradient = Float64Array.from(matrices.read(from).data);
          matrices.write(to, gradientOfActivation(of.name, matrices.read(input), gradient, of.axis));
        }
      : undefined,
};

/** The gradient of softmax follows from what it gave, that of all others from what they were given. */
function readBackwards({ by, input, output }: Activation): number {
  return by === "softmax" ? output : input;
}

function emitActivation(e: Emitter, { by, input, output }: Activation): void {
  if (by === undefined) throw new Error("an activation without a kernel is the host's");
  const addresses = [input, output].map((one) => e.address(one));
  if (by === "softmax") {
    const kernel = e.kernel("softmax", softmax);
    eachLine(e, e.matrix(output), (count, length, at) => e.f.call(kernel, [count, length, ...addresses.map(at)]));
  } else {
    const kernel = e.kernel(mapKernelName(by), (module) => map(module, by));
    eachVector(e, e.matrix(output), (count, at) => e.f.call(kernel, [count, ...addresses.map(at)]));
  }
}

function emitGradient(e: Emitter, { forward, from, to }: ActivationGradient): void {
  const { by } = forward;
  if (by === undefined) throw new Error("an activation without a kernel is the host's");
  const addresses = [from, readBackwards(forward), to].map((one) => e.address(one));
  if (by === "softmax") {
    const kernel = e.kernel(SOFTMAX_GRADIENT, softmaxGradient);
    eachLine(e, e.matrix(to), (count, length, at) => e.f.call(kernel, [count, length, ...addresses.map(at)]));
  } else {
    const kernel = e.kernel(mapGradientName(by), (module) => mapGradient(module, by));
    eachVector(e, e.matrix(to), (count, at) => e.f.call(kernel, [count, ...addresses.map(at)]));
  }
}
