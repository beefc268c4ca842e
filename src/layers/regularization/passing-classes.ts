/** The names of Keras's layers that hand on their input in inference. They stand apart from `Passing`, since pages that read no files need none. */

/** What they do in training is not done here. Keras 3's RandomCrop crops in training alone, Solarization and Equalization act in training alone. */
const IN_TRAINING_ALONE: ReadonlySet<string> = new Set([
  "ActivityRegularization",
  "AlphaDropout",
  "AugMix",
  "CutMix",
  "Equalization",
  "GaussianDropout",
  "GaussianNoise",
  "MaxNumBoundingBoxes",
  "MixUp",
  "RandAugment",
  "RandomBrightness",
  "RandomColorDegeneration",
  "RandomColorJitter",
  "RandomContrast",
  "RandomCrop",
  "RandomElasticTransform",
  "RandomErasing",
  "RandomFlip",
  "RandomGaussianBlur",
  "RandomGrayscale",
  "RandomHeight",
  "RandomHue",
  "RandomInvert",
  "RandomPerspective",
  "RandomPosterization",
  "RandomRotation",
  "RandomSaturation",
  "RandomSharpness",
  "RandomShear",
  "RandomTranslation",
  "RandomWidth",
  "RandomZoom",
  "Solarization",
  "SpatialDropout1D",
  "SpatialDropout2D",
  "SpatialDropout3D",
]);

/** Whether layers of this class act in Keras's training and do nothing in inference, and nothing at all here. */
export function actsInTrainingAlone(className: string): boolean {
  return IN_TRAINING_ALONE.has(className);
}

/** Whether layers of this class are `Passing` here. */
export function isPassingClass(className: string): boolean {
  return className === "Identity" || actsInTrainingAlone(className);
}
