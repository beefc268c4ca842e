/** What a layer is told when it runs forwards in training and backwards, and what it gives back. */
import { fnv1a32 } from "../core/random.ts";
import type { Tensor } from "../core/tensor.ts";
import type { ActivationName } from "./activations/activations.ts";

/** The activation that a layer ends with. */
export interface OutputActivation {
  readonly name: ActivationName;
  /** What those work along that do not work value by value; negative: from the end. */
  readonly axis: number;
}

/** The stream of random numbers of the step at a position of a program, in a run with a seed. */
export function streamOf(seed: number, position: number): number {
  return fnv1a32(`step/${seed}/${position}`);
}

export interface TrainingPass {
  /** Whether the layer behaves as in training; false is as in inference. */
  readonly training: boolean;
  /** The stream of random numbers (core/random.ts) of this application of the layer in this run. */
  readonly stream: number;
}

export interface BackwardPass extends TrainingPass {
  /** What `forwardTraining` got. */
  readonly inputs: readonly Tensor<Float32Array>[];
  /** The gradient of the loss with respect to what `forwardTraining` gave, row-major. */
  readonly gradient: Float64Array;
}

export interface LayerGradients {
  /** The gradient of the loss with respect to each input, row-major. May be the array that was given. */
  readonly inputs: readonly Float64Array[];
  /** With respect to each trainable weight, by its name. */
  readonly weights: Readonly<Record<string, Float64Array>>;
}
