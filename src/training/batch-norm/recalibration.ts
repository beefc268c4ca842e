/** Recomputes the moving statistics of BatchNormalization as means over batches in training mode ("precise BN", Wu and Johnson 2021). */
import { valueError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { batchesOf } from "../../graph/batches.ts";
import type { BatchNormalization } from "../../layers/normalization/batch-normalization.ts";
import { Pauses } from "../loop/pauses.ts";
import { differentiatorOf } from "../../engine/differentiator-of.ts";
import { type Inputs, sourceOf } from "../loop/fit-options.ts";
import type { TrainedModel } from "../loop/model.ts";
import { TrainingPrograms } from "../loop/programs.ts";
import type { TrainingDataset } from "../data/samples.ts";

/** The options of `recalibrateBatchNorm`. */
export interface RecalibrateOptions {
  /** The number of samples in a batch if `data` is tensors; larger batches give better estimates in deep layers. Default: 32. */
  readonly batchSize?: number | undefined;
  /** The number of batches to use. Default: all. */
  readonly steps?: number | undefined;
  /** A signal that, once aborted, ends the work between two batches with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The sums over batches of a layer's statistics, for each channel, in float64. */
interface Moments {
  readonly layer: BatchNormalization;
  readonly momentum: number;
  readonly before: readonly [mean: Float32Array, variance: Float32Array];
  readonly sums: Float64Array;
  readonly squares: Float64Array;
  count: number;
}

/** Recomputes the moving statistics of some layers of a model. */
export async function recalibrate(
  model: TrainedModel,
  layers: readonly BatchNormalization[],
  data: Inputs | TrainingDataset,
  { batchSize, steps, signal }: RecalibrateOptions,
): Promise<void> {
  const source = sourceOf(data, undefined, { batchSize, shuffle: false, seed: () => 0 });
  if (layers.length === 0) return;
  const moments = layers.map(momentsOf);
  const programs = await TrainingPrograms.create(model, (program, options) =>
    differentiatorOf(program, { ...options, weights: [] }),
  );
  let isDone = false;
  try {
    // With a momentum of 0, the moving statistics after a batch are those of the batch.
    for (const { layer } of moments) layer.momentum = 0;
    const differentiator = await programs.differentiator();
    const pauses = new Pauses();
    let step = 0;
    for await (const { x } of source.inOrder()) {
      await pauses.takeIfDue();
      signal?.throwIfAborted();
      const inputs = batchesOf(x, model);
      await differentiator.run(await programs.features(inputs), ({ outputs }) => outputs.map(() => undefined), {
        seed: step,
      });
      for (const one of moments) gather(one, countOf(inputs));
      if (++step === steps) break;
    }
    if (step === 0) throw valueError("There is nothing to estimate statistics from: the data set has no batches.");
    isDone = true;
  } finally {
    for (const one of moments) settle(one, isDone);
    programs.dispose();
  }
}

function momentsOf(layer: BatchNormalization): Moments {
  const [mean, variance] = [layer.weight("moving_mean").values, layer.weight("moving_variance").values];
  return {
    layer,
    momentum: layer.momentum,
    before: [Float32Array.from(mean), Float32Array.from(variance)],
    sums: new Float64Array(mean.length),
    squares: new Float64Array(mean.length),
    count: 0,
  };
}

function countOf(inputs: readonly Tensor[]): number {
  return inputs[0]?.shape[0] ?? 0;
}

function gather(moments: Moments, samples: number): void {
  const { layer, sums, squares } = moments;
  const mean = layer.weight("moving_mean").values;
  const variance = layer.weight("moving_variance").values;
  for (let c = 0; c < sums.length; c++) {
    const m = mean[c] ?? NaN;
    sums[c] = (sums[c] ?? NaN) + samples * m;
    squares[c] = (squares[c] ?? NaN) + samples * ((variance[c] ?? NaN) + m * m);
  }
  moments.count += samples;
}

function settle({ layer, momentum, before, sums, squares, count }: Moments, isDone: boolean): void {
  layer.momentum = momentum;
  const means = sums.map((sum) => sum / count);
  layer.weight("moving_mean").assign(isDone ? Float32Array.from(means) : before[0]);
  layer
    .weight("moving_variance")
    .assign(
      isDone
        ? Float32Array.from(squares, (square, c) => Math.max(0, square / count - (means[c] ?? 0) ** 2))
        : before[1],
    );
}
