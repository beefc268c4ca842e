/** Post-training quantization: a model of integers from a model and some dozens of pictures like those it will see. */
import { show, valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { Tensor } from "../../core/tensor.ts";
import type { RangeMethod } from "../../quantization/histogram.ts";
import { executorOf } from "../../engine/executor-of.ts";
import { batchesOf } from "../../graph/batches.ts";
import { programOf } from "../../graph/program.ts";
import type { BaseModel } from "../base-model.ts";
import { QuantizedModel, type QuantizedModelOptions } from "./quantized-model.ts";

export interface QuantizeOptions extends QuantizedModelOptions {
  /** How many threads may share the work of a prediction. Default: as many as the model's. */
  readonly threads?: number | undefined;
  /**
   * How the range of a value is chosen from what calibration saw: `mse` (default), where rounding and cutting together cost the least
   * squared error; `minMax`, all of it; `percentile`, all but the outermost numbers.
   */
  readonly ranges?: RangeMethod | undefined;
  /** For `percentile`: the share of numbers inside, in percent. Default: 99.999. */
  readonly percentile?: number | undefined;
  /** Let biases make up for the mean error of rounded weights. Default: true. */
  readonly biasCorrection?: boolean | undefined;
  /** Even out the channels between expansions and depthwise convolutions (cross-layer equalization). Default: true. */
  readonly equalization?: boolean | undefined;
}

/** Pictures as the model takes them: a batch, or batches one after the other; for a model with several inputs arrays of them. */
export type CalibrationData = Tensor | Iterable<Tensor | readonly Tensor[]> | AsyncIterable<Tensor | readonly Tensor[]>;

const METHODS: readonly string[] = ["mse", "minMax", "percentile"] satisfies readonly RangeMethod[];

/**
 * Quantizes a model: weights to integers of 8 bits with a scale for each output channel, activations to integers of 8 bits. Convolutions
 * (depthwise ones of 3 × 3), dense layers and global average pooling compute with integers, all else with float32 between them.
 *
 * The model stays as it is. 64 pictures are enough; they must be scaled as for `predict`.
 *
 * @returns a model with the same `predict`; its results are the same on every machine.
 * @throws ValueError where the data has no pictures or does not fit, numbers are not finite, or the model has nothing to quantize.
 */
export async function quantize(
  model: BaseModel,
  calibrationData: CalibrationData,
  options: QuantizeOptions = {},
): Promise<QuantizedModel> {
  checkOptions("quantize()", options, {
    mode: true,
    threads: true,
    ranges: true,
    percentile: true,
    biasCorrection: true,
    equalization: true,
  });
  const { ranges = "mse", percentile = 99.999, biasCorrection = true, equalization = true } = options;
  if (!METHODS.includes(ranges)) {
    throw valueError(`\`ranges\` should be one of ${METHODS.join(", ")}. Received: ranges=${show(ranges)}`);
  }
  if (typeof percentile !== "number" || !(percentile > 50 && percentile <= 100)) {
    throw valueError(`\`percentile\` should be above 50 and at most 100. Received: percentile=${show(percentile)}`);
  }
  const settings = { method: ranges, percentile, biasCorrection, equalization };
  const batches = batchesFor(model, calibrationData);
  const [{ quantizeProgram }, { inputShapes, partsOf }] = await Promise.all([
    import("../../quantization/quantize.ts"),
    import("./quantized-file.ts"),
  ]);
  const network = await quantizeProgram(
    programOf(model.graph),
    inputShapes(model),
    { data: batches, executorOf },
    settings,
  );
  const { classNames, preprocessing } = model;
  const { threads = model.threads } = options;
  const quantized = new QuantizedModel(partsOf(model, network, { threads }), options);
  quantized.classNames = classNames;
  quantized.preprocessing = preprocessing;
  return quantized;
}

async function* batchesFor(model: BaseModel, data: CalibrationData): AsyncGenerator<readonly Tensor[]> {
  if (!(data instanceof Tensor) && !isIterable(data)) {
    throw valueError(
      `\`calibrationData\` should be a tensor with a batch of pictures, or an iterable of such. Received: ${show(data)}`,
    );
  }
  for await (const batch of data instanceof Tensor ? [data] : data) yield batchesOf(batch, model);
}

function isIterable(data: unknown): boolean {
  return typeof data === "object" && data !== null && (Symbol.iterator in data || Symbol.asyncIterator in data);
}
