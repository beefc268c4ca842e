/** What layers receive and return when they run forwards in training and backwards. */
import { fnv1a32 } from "../core/random.ts";
import type { Tensor } from "../core/tensor.ts";
import type { ActivationName } from "./activations/activations.ts";

/** The activation at the end of a layer. */
export interface OutputActivation {
  readonly name: ActivationName;
  /** The axis along which softmax and similar activations work; negative axes count from the end. Elementwise activations ignore it. */
  readonly axis: number;
}

/** The stream of random numbers for the step at one position of a program, in a run with this seed. */
export function streamOf(seed: number, position: number): number {
  return fnv1a32(`step/${seed}/${position}`);
}

/** How a layer runs forwards in training. */
export interface TrainingPass {
  /** Whether the layer behaves as in training (true) or as in inference (false). */
  readonly training: boolean;
  /** The stream of random numbers (core/random.ts) for this application of the layer in this run. */
  readonly stream: number;
}

/** What a layer needs to compute gradients. */
export interface BackwardPass extends TrainingPass {
  /** The inputs that `forwardTraining` received. */
  readonly inputs: readonly Tensor<Float32Array>[];
  /** The gradient of the loss with respect to the output of `forwardTraining`, in row-major order. */
  readonly gradient: Float64Array;
}

/** The gradients that a layer computes. */
export interface LayerGradients {
  /** The gradient of the loss with respect to each input, in row-major order. It may be the very array that was passed in. */
  readonly inputs: readonly Float64Array[];
  /** The gradient of the loss with respect to each trainable weight, by the weight's name. */
  readonly weights: Readonly<Record<string, Float64Array>>;
}
