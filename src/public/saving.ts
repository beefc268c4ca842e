/** `mobilenet-v2/saving`: checkpoints of every format, opened, looked into and described. */
export { type Recognized, recognizeMobileNetV2 } from "../applications/recognize.ts";
export type { BytesSource, FilesSource, Progress, ReadOptions } from "../platform/contract.ts";
export {
  type CheckpointFile,
  type LoadModelOptions,
  loadAnyModel,
  loadModel,
  readCheckpoint,
} from "../models/files/load-model.ts";
export { Model } from "../models/model.ts";
export { type LoadQuantizedOptions, QuantizedModel, loadQuantized } from "../models/quantized/quantized-model.ts";
export { Sequential } from "../models/sequential.ts";
export type { AnyModel } from "../models/files/model-from-description.ts";
export type { SaveOptions } from "../models/files/save-model.ts";
export type {
  CompileConfig,
  Described,
  LayerDescription,
  ModelDescription,
  ModelEnd,
  ObjectDescription,
  Origin,
  Preprocessing,
  SavedTraining,
  StoredTraining,
  StoredVariable,
  TensorReference,
  UnreadModel,
  WrittenFile,
} from "../saving/checkpoint.ts";
export { formats, writers } from "../saving/formats.ts";
export { type Label, labelsText, parseLabels } from "../saving/labels/labels.ts";
export type { LoadWeightsOptions } from "../saving/keras/load-weights.ts";
