/** The public face of the package: what keras.applications.mobilenet_v2, keras.layers and keras.utils offer, by Keras's names. */
export { type Checkpoint, checkpoints } from "./applications/checkpoints.ts";
export { type ClassName, type Prediction, imagenetClasses } from "./applications/class-names.ts";
export {
  type DecodePredictionsOptions,
  type PreprocessInputOptions,
  decodePredictions,
  preprocessInput,
} from "./applications/imagenet-utils.ts";
export {
  type MeasureOptions,
  type Measurement,
  type NumberType,
  downloadBytes,
  measureCheckpoint,
} from "./applications/measure.ts";
export { MobileNetV2, type MobileNetV2Options } from "./applications/mobilenet-v2.ts";
export { type Recognized, recognizeMobileNetV2 } from "./applications/recognize.ts";
export { type Recommendation, type RecommendOptions, recommend } from "./applications/recommend.ts";
export type { ImagenetFile } from "./applications/weights.ts";
export {
  type CachedWeights,
  type VerifiedWeights,
  fetchWeights,
  imagenetFiles,
  listWeights,
  removeWeights,
  verifyWeights,
} from "./applications/weights-cache.ts";

export { type ErrorCode, MobileNetV2Error } from "./core/errors.ts";
export type { Dims, Shape } from "./core/shape.ts";
export { type DType, Tensor, type TensorData, stack, zeros } from "./core/tensor.ts";

export { enableWideSimd } from "./engine/wide-simd.ts";

export { classActivationMap } from "./explain/class-activation-map.ts";
export { type Colormap, colormaps } from "./explain/colormaps.ts";
export type { ExplainOptions, Explanation } from "./explain/explanation.ts";
export { GradCam, type GradCamOptions, gradCam } from "./explain/grad-cam.ts";
export { type OverlayOptions, overlay } from "./explain/overlay.ts";

export type { Interpolation } from "./image/filters.ts";
export type { ColorMode, Image } from "./image/image.ts";
export {
  type ArrayToImgOptions,
  type ChannelOrder,
  type ImgToArrayOptions,
  arrayToImg,
  imgToArray,
} from "./image/img-to-array.ts";
export { type LoadImgOptions, loadImg } from "./image/load-img.ts";
export { type Box, type ResizeOptions, resizeImg } from "./image/resize.ts";
export { type EncodeImgOptions, type SaveImgOptions, encodeImg, saveImg } from "./image/save-img.ts";
export { type SmartResizeOptions, smartResize } from "./image/smart-resize.ts";
export { type DatasetInterpolation, type Part, type Pixels, resizePixels } from "./image/tf-resize.ts";
export type { BytesSource, FilesSource, ImageFormat, Progress, ReadOptions } from "./platform/contract.ts";

export { Activation, type ActivationOptions } from "./layers/activations/activation.ts";
export type { ActivationIdentifier, ActivationName } from "./layers/activations/activations.ts";
export { Add } from "./layers/merging/add.ts";
export { AveragePooling2D, type AveragePooling2DOptions } from "./layers/pooling/average-pooling2d.ts";
export { BatchNormalization, type BatchNormalizationOptions } from "./layers/normalization/batch-normalization.ts";
export { Constant, Identity, Ones, Zeros } from "./layers/initializers/constant-initializers.ts";
export { Conv2D, type Conv2DOptions } from "./layers/convolutional/conv2d.ts";
export { Dense, type DenseOptions } from "./layers/core/dense.ts";
export { DepthwiseConv2D, type DepthwiseConv2DOptions } from "./layers/convolutional/depthwise-conv2d.ts";
export { Dropout, type DropoutOptions } from "./layers/regularization/dropout.ts";
export { Flatten, type FlattenOptions } from "./layers/reshaping/flatten.ts";
export { GlobalAveragePooling2D } from "./layers/pooling/global-average-pooling2d.ts";
export { GlobalMaxPooling2D } from "./layers/pooling/global-max-pooling2d.ts";
export type { GlobalPooling2DOptions } from "./layers/pooling/global-pooling2d.ts";
export type { InitializerConfig, InitializerIdentifier } from "./layers/initializers/initializers.ts";
export { Input, InputLayer, type InputOptions } from "./layers/core/input-layer.ts";
export { KerasTensor, Layer, type LayerConfig, type LayerOptions, type Node } from "./layers/layer.ts";
export { clearSession } from "./layers/naming.ts";
export {
  type FanDistribution,
  type FanMode,
  type FanOptions,
  GlorotNormal,
  GlorotUniform,
  HeNormal,
  HeUniform,
  LecunNormal,
  LecunUniform,
  type NormalOptions,
  Orthogonal,
  type OrthogonalOptions,
  RandomNormal,
  RandomUniform,
  type SeedOptions,
  TruncatedNormal,
  type UniformOptions,
  VarianceScaling,
  type VarianceScalingOptions,
} from "./layers/initializers/random-initializers.ts";
export { layerFromConfig } from "./layers/registry.ts";
export { ReLU, type ReLUOptions } from "./layers/activations/relu.ts";
export { Rescaling, type RescalingOptions } from "./layers/preprocessing/rescaling.ts";
export { Reshape, type ReshapeOptions } from "./layers/reshaping/reshape.ts";
export { Softmax, type SoftmaxOptions } from "./layers/activations/softmax.ts";
export type { Initializer, Weight } from "./layers/weight.ts";
export { ZeroPadding2D, type ZeroPadding2DOptions } from "./layers/reshaping/zero-padding2d.ts";

export {
  type CheckpointFile,
  type LoadModelOptions,
  type ModelOfOptions,
  loadAnyModel,
  loadModel,
  modelOf,
  readCheckpoint,
} from "./models/files/load-model.ts";
export { countMacs } from "./models/macs.ts";
export { Model, type ModelOptions, type Predictions } from "./models/model.ts";
export { type CalibrationData, type QuantizeOptions, quantize } from "./models/quantized/quantize.ts";
export {
  type IntegerMode,
  type LoadQuantizedOptions,
  QuantizedModel,
  type QuantizedModelOptions,
  loadQuantized,
} from "./models/quantized/quantized-model.ts";
export { Sequential, type SequentialOptions } from "./models/sequential.ts";
export type { AnyModel } from "./models/files/model-from-description.ts";
export type { SaveOptions } from "./models/files/save-model.ts";
export type { SummaryOptions } from "./models/summary/summary.ts";
export type {
  CompileConfig,
  Described,
  LayerDescription,
  ModelDescription,
  ObjectDescription,
  Origin,
  Preprocessing,
  SavedTraining,
  StoredTraining,
  StoredVariable,
  TensorReference,
  WrittenFile,
} from "./saving/checkpoint.ts";
export { formats, writers } from "./saving/formats.ts";
export { type Label, labelsText, parseLabels } from "./saving/labels/labels.ts";
export type { LoadWeightsOptions } from "./saving/keras/load-weights.ts";
export { NSFWJS_CLASSES } from "./saving/nsfwjs/classes.ts";
export { writerOf } from "./saving/writer-of.ts";

export type { FillMode, FillOptions } from "./training/data/augmentation/affine.ts";
export { type Augmentation, type Draws, type Picture, perPicture } from "./training/data/augmentation/augment.ts";
export type { Batch } from "./training/data/batch.ts";
export {
  type AugmentOptions,
  type Batches,
  type CacheOptions,
  Dataset,
  type DatasetFacts,
  type MapOptions,
} from "./training/data/dataset.ts";
export {
  type ImageDatasetFromDirectoryOptions,
  imageDatasetFromDirectory,
} from "./training/data/pictures/image-dataset-from-directory.ts";
export {
  ImageDataset,
  type ImageDatasetInit,
  type ImageDatasetOptions,
  type Unreadable,
} from "./training/data/pictures/image-dataset.ts";
export type { Factor } from "./training/data/augmentation/factors.ts";
export type { LabelMode } from "./training/data/pictures/label-mode.ts";
export { type LoadPicture, type LoadPixelsOptions, pixelLoader } from "./training/data/pictures/load-pixels.ts";
export {
  type PictureOrder,
  type PictureTask,
  type PictureWork,
  pictureWork,
} from "./training/data/pictures/picture-work.ts";
export { mixUp } from "./training/data/augmentation/mix-up.ts";
export { type ValueRangeOptions, randomBrightness, randomContrast } from "./training/data/augmentation/random-color.ts";
export {
  type RandomResizedCropOptions,
  randomCrop,
  randomResizedCrop,
} from "./training/data/augmentation/random-crop.ts";
export {
  type FlipMode,
  randomFlip,
  randomRotation,
  randomTranslation,
  randomZoom,
} from "./training/data/augmentation/random-geometry.ts";

export { Adam, type AdamOptions, AdamW } from "./training/optimizers/adam.ts";
export { recalibrateBatchNorm, setBatchNormMomentum } from "./training/batch-norm/momentum.ts";
export {
  BackupAndRestore,
  type BackupAndRestoreOptions,
  type BackupStore,
} from "./training/callbacks/backup-and-restore.ts";
export { Callback, type CallbackParams, type Logs, type TrainingSession } from "./training/callbacks/callback.ts";
export { CSVLogger, type CSVLoggerOptions } from "./training/callbacks/csv-logger.ts";
export { EarlyStopping, type EarlyStoppingOptions } from "./training/callbacks/early-stopping.ts";
export { History } from "./training/callbacks/history.ts";
export { LambdaCallback, type LambdaCallbackOptions } from "./training/callbacks/lambda-callback.ts";
export { LearningRateScheduler } from "./training/callbacks/learning-rate-scheduler.ts";
export { ModelCheckpoint, type ModelCheckpointOptions } from "./training/callbacks/model-checkpoint.ts";
export type { MonitorOptions } from "./training/callbacks/monitor.ts";
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from "./training/callbacks/reduce-lr-on-plateau.ts";
export { TerminateOnNaN } from "./training/callbacks/terminate-on-nan.ts";
export {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  type CrossentropyOptions,
  type SmoothedCrossentropyOptions,
  SparseCategoricalCrossentropy,
} from "./training/losses/crossentropy.ts";
export type {
  CompileOptions,
  EvaluateOptions,
  FitOptions,
  Inputs,
  Targets,
  TestOnBatchOptions,
  TrainOnBatchOptions,
  ValidationData,
} from "./training/loop/fit-options.ts";
export { Loss, type LossOptions, type Predicted, type Reduction, type Scored } from "./training/losses/loss.ts";
export { type LossIdentifier, MeanSquaredError } from "./training/losses/losses.ts";
export {
  BinaryAccuracy,
  CategoricalAccuracy,
  SparseCategoricalAccuracy,
  SparseTopKCategoricalAccuracy,
  TopKCategoricalAccuracy,
  type TopKOptions,
} from "./training/metrics/accuracy.ts";
export { AUC, type AUCOptions } from "./training/metrics/auc.ts";
export { Precision, type PrecisionOptions, Recall, confusionMatrix } from "./training/metrics/confusion.ts";
export { F1Score, FBetaScore, type FBetaScoreOptions, type FScoreOptions } from "./training/metrics/f-score.ts";
export { Mean, MeanMetric, Metric, type MetricOptions, type MetricResult } from "./training/metrics/metric.ts";
export type { MetricIdentifier } from "./training/metrics/metrics.ts";
export type { TrainedModel } from "./training/loop/model.ts";
export type { MetricsOption, PerOutput } from "./training/loop/objectives.ts";
export {
  type LearningRate,
  Optimizer,
  type OptimizerOptions,
  type OptimizerState,
  type OptimizerVariable,
} from "./training/optimizers/optimizer.ts";
export type { OptimizerIdentifier } from "./training/optimizers/optimizers.ts";
export type { Verbose } from "./training/loop/progress-bar.ts";
export { TimedBackup, type TimedBackupOptions } from "./training/callbacks/timed-backup.ts";
export { balancedClassWeight } from "./training/data/class-weight.ts";
export type { RecalibrateOptions } from "./training/batch-norm/recalibration.ts";
export {
  type Logged,
  type PhaseResult,
  type PhasesOptions,
  type TrainingPhase,
  fitInPhases,
  hasPhases,
} from "./training/loop/phases.ts";
export { type Split, stratifiedFolds, stratifiedSplit } from "./training/data/stratified-split.ts";
export { RMSprop, type RMSpropOptions } from "./training/optimizers/rmsprop.ts";
export type { TrainingBatch, TrainingDataset, Values } from "./training/data/samples.ts";
export {
  CosineDecay,
  type CosineDecayOptions,
  CosineDecayRestarts,
  type CosineDecayRestartsOptions,
  ExponentialDecay,
  type ExponentialDecayOptions,
  InverseTimeDecay,
  LearningRateSchedule,
  PiecewiseConstantDecay,
  type PiecewiseConstantDecayOptions,
  PolynomialDecay,
  type PolynomialDecayOptions,
} from "./training/optimizers/schedules.ts";
export { SGD, type SGDOptions } from "./training/optimizers/sgd.ts";
export type { StateRecord, StateValue } from "./training/loop/state.ts";
