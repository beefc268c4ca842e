/** Post-training quantization of a model to 8-bit integers, calibrated with some dozens of pictures (Jacob et al. 2018; docs/int8.md). */
import { show, valueError } from "../../core/errors.ts";
import { MODEL } from "../../graph/network.ts";
import { FLAG, check } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { Tensor } from "../../core/tensor.ts";
import type { RangeMethod } from "../../quantization/histogram.ts";
import { executorOf } from "../../engine/executor-of.ts";
import { batchesOf } from "../../graph/batches.ts";
import { programOf } from "../../graph/program.ts";
import type { BaseModel } from "../base-model.ts";
import { QuantizedModel, type QuantizedModelOptions } from "./quantized-model.ts";

/** The options of `quantize`. */
export interface QuantizeOptions extends QuantizedModelOptions {
  /** The largest number of threads that share the work of a prediction. Default: that of the model. */
  readonly threads?: number | undefined;
  /**
   * The method that chooses the range of each activation from the calibration data: `mse` takes the range with the smallest squared error of
   * rounding and clipping, `minMax` the whole range, `percentile` all but the outermost values. Default: `mse`.
   */
  readonly ranges?: RangeMethod | undefined;
  /** The percentage of values within the range with `ranges: "percentile"`, above 50 and at most 100. Default: 99.999. */
  readonly percentile?: number | undefined;
  /** Whether to correct biases for the mean error of rounded weights. Default: true. */
  readonly biasCorrection?: boolean | undefined;
  /** Whether to equalize the channels between expansions and depthwise convolutions (cross-layer equalization). Default: true. */
  readonly equalization?: boolean | undefined;
}

/** Calibration data: a batch of preprocessed pictures, or an iterable of batches; for a model with several inputs, of lists of tensors. */
export type CalibrationData = Tensor | Iterable<Tensor | readonly Tensor[]> | AsyncIterable<Tensor | readonly Tensor[]>;

const METHODS: readonly string[] = ["mse", "minMax", "percentile"] satisfies readonly RangeMethod[];

/**
 * Quantizes a model after training: weights to 8-bit integers with a scale for each output channel, and activations to 8-bit integers.
 * Convolutions (depthwise ones if they are 3 × 3), dense layers and global average pooling compute with integers, all other layers with
 * float32. The model itself is not changed.
 *
 * @param model the model to quantize
 * @param calibrationData typical pictures, preprocessed as for `predict`; 64 are enough
 * @returns a model with the same `predict`, whose results are the same on every machine
 * @throws ValueError if the data has no pictures or does not fit, values are not finite, or the model has nothing to quantize
 */
export async function quantize(
  model: BaseModel,
  calibrationData: CalibrationData,
  options: QuantizeOptions = {},
): Promise<QuantizedModel> {
  check("quantize()", "model", model, MODEL);
  checkOptions("quantize()", options, {
    mode: true,
    threads: true,
    ranges: true,
    percentile: true,
    biasCorrection: FLAG,
    equalization: FLAG,
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
  const [{ quantizeProgram }, { inputShapes, partsOf }, { innerSumsOf }] = await Promise.all([
    import("../../quantization/quantize.ts"),
    import("./quantized-file.ts"),
    import("./inner-sums.ts"),
  ]);
  const program = programOf(model.graph);
  const calibration = { data: batches, executorOf, sums: innerSumsOf(program) };
  const network = await quantizeProgram(program, inputShapes(model), calibration, settings);
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
  const isObject = typeof data === "object" && data !== null && !ArrayBuffer.isView(data);
  return isObject && (Symbol.iterator in data || Symbol.asyncIterator in data);
}
