/** `mobilenet-v2/models`: Model and Sequential, as keras.models has them, and models that compute with integers. */
export { enableWideSimd } from "../engine/wide-simd.ts";
export { countMacs } from "../models/macs.ts";
export { Model, type ModelOptions, type Predictions } from "../models/model.ts";
export { type CalibrationData, type QuantizeOptions, quantize } from "../models/quantized/quantize.ts";
export {
  type IntegerMode,
  type LoadQuantizedOptions,
  QuantizedModel,
  type QuantizedModelOptions,
  type QuantizedTfliteOptions,
  loadQuantized,
} from "../models/quantized/quantized-model.ts";
export { Sequential, type SequentialOptions } from "../models/sequential.ts";
export type { SummaryOptions } from "../models/summary/summary.ts";
