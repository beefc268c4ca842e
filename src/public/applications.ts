/** `mobilenet-v2/applications`: MobileNetV2, its published checkpoints, and what prepares pictures and reads answers, as keras.applications has them. */
export { type Checkpoint, checkpoints } from "../applications/checkpoints.ts";
export { type ClassName, type Prediction, imagenetClasses } from "../applications/class-names.ts";
export {
  type DecodePredictionsOptions,
  type PreprocessInputOptions,
  decodePredictions,
  preprocessInput,
} from "../applications/imagenet-utils.ts";
export {
  type MeasureOptions,
  type Measurement,
  type NumberType,
  downloadBytes,
  measureCheckpoint,
} from "../applications/measure.ts";
export { MobileNetV2, type MobileNetV2Options } from "../applications/mobilenet-v2.ts";
export { type Recognized, recognizeMobileNetV2 } from "../applications/recognize.ts";
export { type Recommendation, type RecommendOptions, recommend } from "../applications/recommend.ts";
export type { ImagenetFile } from "../applications/weights.ts";
export {
  type CachedWeights,
  type VerifiedWeights,
  fetchWeights,
  imagenetFiles,
  listWeights,
  removeWeights,
  verifyWeights,
} from "../applications/weights-cache.ts";
export type { Progress } from "../platform/contract.ts";
