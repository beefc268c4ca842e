/**
 * `mobilenet-v2`: the names that everyday programs use. Each family is complete in a subpath of its own, a file of `src/public/` such as
 * `mobilenet-v2/layers`, which has the same classes and functions.
 */

// Tensors, and the error that everything here throws.
export { type ErrorCode, MobileNetV2Error } from "./core/errors.ts";
export type { Dims, Shape } from "./core/shape.ts";
export { type DType, Tensor, type TensorData, stack, zeros } from "./core/tensor.ts";

// Building a model.
export { MobileNetV2, type MobileNetV2Options, type Progress } from "./public/applications.ts";
export {
  BatchNormalization,
  type BatchNormalizationOptions,
  Dense,
  type DenseOptions,
  Dropout,
  type DropoutOptions,
  Flatten,
  type FlattenOptions,
  GlobalAveragePooling2D,
  type GlobalPooling2DOptions,
  Input,
  type InputOptions,
  Rescaling,
  type RescalingOptions,
} from "./public/layers.ts";
export {
  Model,
  type ModelOptions,
  type Predictions,
  Sequential,
  type SequentialOptions,
  type SummaryOptions,
  enableWideSimd,
} from "./public/models.ts";

// From a picture to what is in it.
export {
  type DecodePredictionsOptions,
  type Prediction,
  type PreprocessInputOptions,
  decodePredictions,
  preprocessInput,
} from "./public/applications.ts";
export {
  type ArrayToImgOptions,
  type BytesSource,
  type ColorMode,
  type FilesSource,
  type Image,
  type ImgToArrayOptions,
  type Interpolation,
  type LoadImgOptions,
  type SaveImgOptions,
  arrayToImg,
  imgToArray,
  loadImg,
  saveImg,
} from "./public/image.ts";

// Training on your own pictures.
export { type ImageDatasetFromDirectoryOptions, imageDatasetFromDirectory } from "./public/data.ts";
export type { CompileOptions, EvaluateOptions, FitOptions } from "./public/training.ts";

// Saving, opening, and computing with integers.
export {
  type CalibrationData,
  type LoadQuantizedOptions,
  type QuantizeOptions,
  loadQuantized,
  quantize,
} from "./public/models.ts";
export { type AnyModel, type LoadModelOptions, type SaveOptions, loadAnyModel, loadModel } from "./public/saving.ts";

// Where a model looked.
export {
  type ExplainOptions,
  type Explanation,
  type GradCamOptions,
  type OverlayOptions,
  gradCam,
  overlay,
} from "./public/explain.ts";
