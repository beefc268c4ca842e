/** BatchNormalization in short trainings: with MobileNetV2's momentum of 0.999, its moving statistics lag thousands of steps behind. */
import { show, valueError } from "../../core/errors.ts";
import { SIGNAL, check, whole } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { leafLayers } from "../../graph/leaf-layers.ts";
import { MODEL, type Network } from "../../graph/network.ts";
import { programOf } from "../../graph/program.ts";
import { BatchNormalization } from "../../layers/normalization/batch-normalization.ts";
import type { Inputs } from "../loop/fit-options.ts";
import type { TrainedModel } from "../loop/model.ts";
import type { RecalibrateOptions } from "./recalibration.ts";
import type { TrainingDataset } from "../data/samples.ts";

/**
 * Recomputes the moving means and variances of BatchNormalization layers from data: from the training data, after a training from scratch
 * whose validation lags behind (the "precise BN" of Wu and Johnson 2021, PyTorch's `update_bn`). Frozen layers, and those applied with
 * `training: false`, keep theirs. If it fails or is aborted, all layers keep theirs.
 *
 * @param model the model, with its layers frozen as in the training
 * @param data a tensor of inputs, one tensor for each input, or a data set, whose labels are ignored
 * @throws ValueError if there are no batches, or the data does not fit the model
 */
export async function recalibrateBatchNorm(
  model: TrainedModel,
  data: Inputs | TrainingDataset,
  options: RecalibrateOptions = {},
): Promise<void> {
  check("recalibrateBatchNorm()", "model", model, MODEL);
  checkOptions("recalibrateBatchNorm()", options, { batchSize: whole(1), steps: whole(1), signal: SIGNAL });
  const steps = programOf(model.graph).steps.filter(({ training }) => training !== false);
  const layers = batchNormsOf(model).filter((layer) => layer.trainable && steps.some((step) => step.layer === layer));
  const { recalibrate } = await import("./recalibration.ts");
  await recalibrate(model, layers, data, options);
}

/**
 * Sets the momentum of all BatchNormalization layers of a model, nested models included: the higher, the more slowly their moving statistics
 * follow a training. Keras's MobileNetV2 has 0.999, for trainings of hundreds of thousands of steps; 0.9 suits hundreds.
 *
 * @param momentum in [0, 1)
 * @throws ValueError if `momentum` is out of range
 */
export function setBatchNormMomentum(model: Network, momentum: number): void {
  check("setBatchNormMomentum()", "model", model, MODEL);
  if (!(typeof momentum === "number" && momentum >= 0 && momentum < 1)) {
    throw valueError(`\`momentum\` should be from 0 to below 1. Received: momentum=${show(momentum)}`);
  }
  for (const layer of batchNormsOf(model)) layer.momentum = momentum;
}

/** All BatchNormalization layers, those of nested models included, each once. */
function batchNormsOf(model: Network): readonly BatchNormalization[] {
  const found = leafLayers(model).map(([, layer]) => layer);
  return [...new Set(found.filter((layer) => layer instanceof BatchNormalization))];
}
