/** The subpath `mobilenet-v2/tasks`: what is done with pictures, from files to answers: classify, embed, count, compare, transfer. */
export { CalibrationPictures, type CalibrationOptions, type UnreadPicture } from "../tasks/calibration.ts";
export { ClassLookup } from "../tasks/class-lookup.ts";
export type { Classifier, ClassifyOptions } from "../tasks/classifier.ts";
export { type Answers, type Comparison, answersOf, compareAnswers, seededInputs } from "../tasks/comparison.ts";
export type { CropName, Crop } from "../tasks/crops.ts";
export { type NamedOption, OptionError } from "../tasks/errors.ts";
export {
  type Extractor,
  type ExtractorFacts,
  type ExtractorOptions,
  type VectorPooling,
  loadExtractor,
} from "../tasks/extractor.ts";
export { type Labels, type LabelsSource, readLabels } from "../tasks/labels.ts";
export {
  type ClassifierOptions,
  type ClassifierPlan,
  type LoadClassifierOptions,
  loadClassifier,
  planClassifier,
} from "../tasks/load-classifier.ts";
export {
  type EvaluateClassifierOptions,
  type Evaluation,
  type ManyPicturesOptions,
  type VectorBatch,
  type VectorStream,
  evaluateClassifier,
  extractAll,
} from "../tasks/many-pictures.ts";
export {
  type ArchitectureOptions,
  type LoadingOptions,
  type OpenModelOptions,
  type OpenedModel,
  inputShapeOf,
  openModel,
} from "../tasks/opened-model.ts";
export {
  type PictureFormat,
  type PictureFormatOptions,
  pictureFormat,
  preparePicture,
} from "../tasks/picture-format.ts";
export type { PixelFacts, Pixels, PixelsName } from "../tasks/pixels.ts";
export type { Preparation, PreparationOptions } from "../tasks/preparation.ts";
export { answersWithLogits } from "../tasks/scores.ts";
export { type ClassTally, type Mistake, Tally } from "../tasks/tally.ts";
export type { AugmentationName } from "../tasks/transfer/augmentations.ts";
export { type LoadBaseOptions, type TransferBase, loadBase } from "../tasks/transfer/base.ts";
export { type HeadOptions, withHead } from "../tasks/transfer/head.ts";
export { type TransferParts, fitPhase, transferPhases } from "../tasks/transfer/phase.ts";
export {
  type LearnedPictures,
  type PhaseName,
  type TransferPhase,
  type TransferSchedule,
  transferSchedule,
} from "../tasks/transfer/schedule.ts";
export type { TransferSettings } from "../tasks/transfer/settings.ts";
