/** `mobilenet-v2/training`: optimizers and schedules, losses, metrics and callbacks, as Keras names them, and trainings in phases. */
export { Adam, type AdamOptions, AdamW } from "../training/optimizers/adam.ts";
export { recalibrateBatchNorm, setBatchNormMomentum } from "../training/batch-norm/momentum.ts";
export {
  BackupAndRestore,
  type BackupAndRestoreOptions,
  type BackupStore,
} from "../training/callbacks/backup-and-restore.ts";
export { Callback, type CallbackParams, type Logs, type TrainingSession } from "../training/callbacks/callback.ts";
export { CSVLogger, type CSVLoggerOptions } from "../training/callbacks/csv-logger.ts";
export { EarlyStopping, type EarlyStoppingOptions } from "../training/callbacks/early-stopping.ts";
export { History } from "../training/callbacks/history.ts";
export { LambdaCallback, type LambdaCallbackOptions } from "../training/callbacks/lambda-callback.ts";
export { LearningRateScheduler } from "../training/callbacks/learning-rate-scheduler.ts";
export { ModelCheckpoint, type ModelCheckpointOptions } from "../training/callbacks/model-checkpoint.ts";
export type { MonitorOptions } from "../training/callbacks/monitor.ts";
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from "../training/callbacks/reduce-lr-on-plateau.ts";
export { TerminateOnNaN } from "../training/callbacks/terminate-on-nan.ts";
export {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  type CrossentropyOptions,
  type SmoothedCrossentropyOptions,
  SparseCategoricalCrossentropy,
} from "../training/losses/crossentropy.ts";
export type {
  CompileOptions,
  EvaluateOptions,
  FitOptions,
  Inputs,
  Targets,
  TestOnBatchOptions,
  TrainOnBatchOptions,
  ValidationData,
} from "../training/loop/fit-options.ts";
export {
  Loss,
  type LossOptions,
  type LossResult,
  type Predicted,
  type Reduction,
  type Scored,
} from "../training/losses/loss.ts";
export { type LossIdentifier, MeanSquaredError } from "../training/losses/losses.ts";
export {
  BinaryAccuracy,
  CategoricalAccuracy,
  SparseCategoricalAccuracy,
  SparseTopKCategoricalAccuracy,
  TopKCategoricalAccuracy,
  type TopKOptions,
} from "../training/metrics/accuracy.ts";
export { AUC, type AUCOptions } from "../training/metrics/auc.ts";
export { Precision, type PrecisionOptions, Recall, confusionMatrix } from "../training/metrics/confusion.ts";
export { F1Score, FBetaScore, type FBetaScoreOptions, type FScoreOptions } from "../training/metrics/f-score.ts";
export { Mean, MeanMetric, Metric, type MetricOptions, type MetricResult } from "../training/metrics/metric.ts";
export type { MetricIdentifier } from "../training/metrics/metrics.ts";
export type { TrainedModel, TrainingHistory } from "../training/loop/model.ts";
export type { MetricsOption, PerOutput } from "../training/loop/objectives.ts";
export {
  type LearningRate,
  Optimizer,
  type OptimizerOptions,
  type OptimizerVariable,
} from "../training/optimizers/optimizer.ts";
export type { OptimizerState } from "../training/optimizers/state.ts";
export type { OptimizerIdentifier } from "../training/optimizers/optimizers.ts";
export type { Verbose } from "../training/loop/progress-bar.ts";
export { TimedBackup, type TimedBackupOptions } from "../training/callbacks/timed-backup.ts";
export type { RecalibrateOptions } from "../training/batch-norm/recalibration.ts";
export {
  type Logged,
  type PhaseResult,
  type PhasesOptions,
  type TrainingPhase,
  fitInPhases,
} from "../training/loop/phases.ts";
export { RMSprop, type RMSpropOptions } from "../training/optimizers/rmsprop.ts";
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
} from "../training/optimizers/schedules.ts";
export { SGD, type SGDOptions } from "../training/optimizers/sgd.ts";
export type { StateRecord, StateValue } from "../training/loop/state.ts";
