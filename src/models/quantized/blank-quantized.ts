/** Quantized models without meaningful weights, to measure the time of a prediction without calibration. */
import { blankNetwork } from "../../quantization/quantize.ts";
import { programOf } from "../../graph/program.ts";
import type { BaseModel } from "../base-model.ts";
import { inputShapes, partsOf } from "./quantized-file.ts";
import { QuantizedModel, type QuantizedModelOptions } from "./quantized-model.ts";

/** A quantized model with the layers of a model, but with arbitrary integers and ranges. */
export function blankQuantized(model: BaseModel, options: QuantizedModelOptions = {}): QuantizedModel {
  const network = blankNetwork(programOf(model.graph), inputShapes(model));
  return new QuantizedModel(partsOf(model, network, { threads: model.threads }), options);
}
