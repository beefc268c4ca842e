/** The frozen steps of a program: those that give the same results in training and in inference, whatever the model learns. */
import type { Program, Step } from "../../graph/program.ts";
import { BatchNormalization } from "../../layers/normalization/batch-normalization.ts";
import { Dropout } from "../../layers/regularization/dropout.ts";
import type { Weight } from "../../layers/weight.ts";

/** Whether a step has no trained weights, drops nothing at random, and does not normalize by the batch's statistics. */
export function isFrozen(step: Step, trained: ReadonlySet<Weight>): boolean {
  const { layer, training } = step;
  if (layer.weights.some((weight) => trained.has(weight))) return false;
  if (layer instanceof BatchNormalization) return !layer.trainable || training === false;
  return !(layer instanceof Dropout) || layer.rate === 0 || training === false;
}

/** Whether an output of a program is the softmax or sigmoid of logits. */
export function hasLogits(program: Program, output: number): boolean {
  const name = program.steps.find((step) => step.output === output)?.layer.outputActivation.name;
  return name === "softmax" || name === "sigmoid";
}
