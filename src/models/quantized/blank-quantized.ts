/** A quantized model as fast as any of its layers, but one that knows nothing: to time it without pictures. */
import { blankNetwork } from "../../quantization/quantize.ts";
import { programOf } from "../../graph/program.ts";
import type { BaseModel } from "../base-model.ts";
import { inputShapes, partsOf } from "./quantized-file.ts";
import { QuantizedModel, type QuantizedModelOptions } from "./quantized-model.ts";

export function blankQuantized(model: BaseModel, options: QuantizedModelOptions = {}): QuantizedModel {
  const network = blankNetwork(programOf(model.graph), inputShapes(model));
  return new QuantizedModel(partsOf(model, network, { threads: model.threads }), options);
}
