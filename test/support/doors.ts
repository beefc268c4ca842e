/** A call that is right for every public function, constructor and method: what the tests of their arguments begin with. */
import * as root from "../../src/index.ts";
import * as applications from "../../src/public/applications.ts";
import * as data from "../../src/public/data.ts";
import * as explain from "../../src/public/explain.ts";
import * as image from "../../src/public/image.ts";
import * as layers from "../../src/public/layers.ts";
import * as models from "../../src/public/models.ts";
import * as tasks from "../../src/public/tasks.ts";
import * as training from "../../src/public/training.ts";

/** Right arguments, made anew for each call. */
type Arguments = () => readonly unknown[] | Promise<readonly unknown[]>;

/** A door: a function or a class of the package, with right arguments; for a class also those of its methods. */
export interface Door {
  /** Right arguments of the function, or of the constructor; null if it has none that a program may call. */
  readonly args: Arguments | null;
  /** What makes an instance, if the constructor is not for programs. */
  readonly made?: () => unknown;
  /** Right arguments of the methods of its own. */
  readonly methods?: Readonly<Record<string, Arguments>>;
  /** Whether a right call takes long: the quick test calls it with what is right for nothing only. */
  readonly slow?: boolean;
  /** Arguments and options that may be anything. */
  readonly anything?: readonly string[];
  /** Whether the last argument is an object that the package made, in place of options. */
  readonly described?: boolean;
  /** Numbers that may be as large as one likes, and take as long. */
  readonly endless?: readonly string[];
}

const none = (): readonly unknown[] => [];
const options = (given: object = {}): Door => ({ args: () => [given] });

export const pair = (): root.Tensor<Float32Array> => new root.Tensor([1, 2], Float32Array.of(0.25, 0.75));
export const picture = (): image.Image => ({ width: 2, height: 2, channels: 3, data: new Uint8Array(12).fill(7) });
const pixels = (): root.Tensor<Float32Array> => new root.Tensor([2, 2, 3], new Float32Array(12).fill(7));

export function tiny(): root.Sequential {
  const model = new root.Sequential([root.Input({ shape: [2] }), new root.Dense({ units: 2, activation: "softmax" })]);
  model.compile({ optimizer: "sgd", loss: "mse" });
  return model;
}

/** A model of pictures of 4 × 4 pixels. */
export function small(): root.Model {
  const x = root.Input({ shape: [4, 4, 3] });
  const maps = new layers.Conv2D({ filters: 2, kernelSize: 1, name: "maps" }).apply(x);
  const pooled = new root.GlobalAveragePooling2D().apply(maps);
  return new root.Model({ inputs: x, outputs: new root.Dense({ units: 2 }).apply(pooled), threads: 1 });
}
const smallPicture = (): root.Tensor => new root.Tensor([4, 4, 3], new Float32Array(48).fill(0.5));

let png: Promise<Uint8Array> | undefined;
/** The bytes of a picture file of 4 × 4 pixels. */
export const pngBytes = (): Promise<Uint8Array> =>
  (png ??= Promise.resolve(
    image.encodeImg({ width: 4, height: 4, channels: 3, data: new Uint8Array(48).fill(9) }, { fileFormat: "png" }),
  ));

let kerasFile: Promise<Uint8Array> | undefined;
const kerasBytes = (): Promise<Uint8Array> => (kerasFile ??= small().toBytes());
let quantized: Promise<models.QuantizedModel> | undefined;
const quantizedModel = (): Promise<models.QuantizedModel> =>
  (quantized ??= models.quantize(small(), smallPicture().reshape([1, 4, 4, 3])));

export const dataset = (): data.Dataset =>
  new data.Dataset(
    async function* () {
      yield { x: pair(), y: new root.Tensor([1], Int32Array.of(1)) };
    },
    { cardinality: 1, size: 1, deterministic: true },
  );
export const imageDataset = (): data.ImageDataset =>
  new data.ImageDataset({
    filePaths: ["a", "b"],
    labels: Int32Array.of(0, 1),
    classNames: ["x", "y"],
    load: () => Promise.resolve(pixels()),
    batchSize: 2,
    seed: 1,
  });
const format = (): tasks.PictureFormat => tasks.pictureFormat([4, 4, 3]);
const classifier = async (): Promise<tasks.Classifier> =>
  tasks.loadClassifier({ weights: await kerasBytes(), labels: ["a", "b"], threads: 1 });
const settings = (): tasks.TransferSettings => ({ alpha: 0.35, size: 32, weights: null, batchSize: 1, epochs: 1 });
const learned = (): tasks.LearnedPictures => ({ counts: [1, 1], labels: Int32Array.of(0, 1), validates: false });

const headless = (): root.Model => {
  const inputs = root.Input({ shape: [32, 32, 3] });
  return new root.Model({
    inputs,
    outputs: new layers.Conv2D({ filters: 2, kernelSize: 1 }).apply(inputs),
    threads: 1,
  });
};

function transferParts(): tasks.TransferParts {
  const model = small();
  const schedule = tasks.transferSchedule(settings(), learned());
  const one = { x: new root.Tensor([1, 4, 4, 3], new Float32Array(48)), y: new root.Tensor([1], Int32Array.of(1)) };
  const batches = new data.Dataset(
    async function* () {
      yield one;
    },
    { cardinality: 1, size: 1, deterministic: true },
  );
  return {
    base: { base: model, alpha: 1, weights: "", preprocessing: { scale: 1 / 127.5, offset: -1 } },
    model,
    schedule,
    size: 4,
    training: batches,
    validation: undefined,
  };
}

const scored = (): readonly unknown[] => [
  new root.Tensor([1, 2], Float32Array.of(0, 1)),
  pair(),
  new root.Tensor([1], Float32Array.of(1)),
];
const sparselyScored = (): readonly unknown[] => [
  new root.Tensor([1], Int32Array.of(1)),
  pair(),
  new root.Tensor([1], Float32Array.of(1)),
];
const initializer: Door = { ...options(), methods: { initialize: () => [[2, 2]] } };
const schedule = (given: object): Door => ({ ...options(given), methods: { at: () => [1] } });
const augmentation = (...args: readonly unknown[]): Door => ({ args: () => args });

const weightFile = (): object => ({ alpha: 0.35, rows: 96, includeTop: false });

/** All doors by the name of the export. */
export const doors: Readonly<Record<string, Door>> = {
  // Tensors.
  Tensor: {
    args: () => [[1, 2], Float32Array.of(1, 2)],
    methods: { reshape: () => [[2]], toFloat32: none },
  },
  zeros: { args: () => [[2, 2]] },
  stack: { args: () => [[pair(), pair()]] },
  MobileNetV2Error: { args: null },
  // Applications.
  MobileNetV2: {
    ...options({ alpha: 0.35, inputShape: [32, 32, 3], weights: null, classes: 2, threads: 1 }),
    slow: true,
  },
  decodePredictions: { args: () => [new root.Tensor([1, 2], Float32Array.of(1, 2)), { top: 1, labels: ["a", "b"] }] },
  preprocessInput: { args: () => [pixels(), {}] },
  downloadBytes: { args: () => [applications.checkpoints[0], "float32"] },
  imagenetClasses: { args: none },
  imagenetFiles: { args: none },
  listWeights: { args: none },
  fetchWeights: { slow: true, args: () => [weightFile(), {}] },
  removeWeights: { described: true, args: () => [weightFile()] },
  verifyWeights: { args: () => [() => undefined] },
  measureCheckpoint: {
    slow: true,
    args: () => [
      applications.checkpoints.find(({ name }) => name === "mobilenetv2_0.35_96"),
      { duration: 1, threads: 1 },
    ],
  },
  recognizeMobileNetV2: { args: () => [[[2, 2]]] },
  recommend: { ...options({ downloadBytes: 3e6 }), slow: true },
  // Data.
  Dataset: {
    args: () => [async function* () {}, { cardinality: 0, size: 0, deterministic: true }],
    made: dataset,
    methods: {
      batches: () => [0],
      map: () => [(batch: unknown) => batch, {}],
      augment: () => [[data.randomFlip()], {}],
      take: () => [1],
      skip: () => [1],
      batch: () => [1],
      prefetch: () => [1],
      cache: () => [{}],
    },
  },
  ImageDataset: {
    slow: true,
    args: () => [
      { filePaths: ["a"], labels: Int32Array.of(0), classNames: ["a"], load: () => Promise.resolve(pixels()) },
    ],
    made: imageDataset,
    methods: { augment: () => [[data.randomFlip()], {}], with: () => [{}], select: () => [[0], {}] },
  },
  imageDatasetFromDirectory: { slow: true, args: () => ["pictures", { verbose: false }] },
  pixelLoader: options(),
  balancedClassWeight: { args: () => [[0, 1, 1]] },
  stratifiedFolds: { args: () => [[0, 1, 0, 1], 2, 0] },
  stratifiedSplit: { args: () => [[0, 1, 0, 1], 0.5, 0] },
  mixUp: { args: () => [0.2] },
  perPicture: { anything: ["2"], args: () => ["mine", (given: unknown) => given, []] },
  randomFlip: augmentation("horizontal"),
  randomRotation: augmentation(0.1, {}),
  randomTranslation: augmentation(0.1, 0.1, {}),
  randomZoom: augmentation(0.1, 0.1, {}),
  randomBrightness: augmentation(0.1, {}),
  randomContrast: augmentation(0.1, {}),
  randomCrop: augmentation(1, 1),
  randomResizedCrop: augmentation(2, 2, {}),
  // Explain.
  GradCam: {
    slow: true,
    args: null,
    made: () => explain.GradCam.create(small()),
    methods: { explain: () => [smallPicture(), {}], dispose: none },
  },
  "GradCam.create": { args: () => [small(), {}] },
  gradCam: { slow: true, args: () => [small(), smallPicture(), {}] },
  classActivationMap: { slow: true, args: () => [small(), smallPicture(), {}] },
  overlay: { args: () => [picture(), new root.Tensor([1, 1], Float32Array.of(1)), {}] },
  // Images.
  loadImg: { slow: true, args: async () => [await pngBytes(), {}] },
  imgToArray: { args: () => [picture(), {}] },
  arrayToImg: { args: () => [pixels(), {}] },
  resizeImg: { args: () => [picture(), [1, 1], {}] },
  smartResize: { args: () => [pixels(), [1, 1], {}] },
  resizePixels: {
    args: () => [
      { data: new Float32Array(12), rows: 2, columns: 2, channels: 3 },
      { top: 0, left: 0, rows: 2, columns: 2 },
      [1, 1],
      "bilinear",
    ],
  },
  encodeImg: { slow: true, args: () => [picture(), { fileFormat: "png" }] },
  saveImg: { slow: true, args: () => ["out.png", picture(), {}] },
  // Layers.
  Layer: {
    args: null,
    made: () => new root.Dropout({ rate: 0.5 }),
    methods: {
      apply: () => [root.Input({ shape: [2] }), {}],
      connect: () => [[root.Input({ shape: [2] })], {}],
      build: () => [[[null, 2]]],
      setWeights: () => [[]],
      weight: () => ["kernel"],
      computeOutputShape: () => [[[null, 2]]],
      computeOutputShapes: () => [[[null, 2]]],
    },
  },
  KerasTensor: { args: () => [[null, 2], root.Input({ shape: [2] }).node, 0] },
  Input: options({ shape: [2] }),
  InputLayer: { ...options({ shape: [2] }), methods: {} },
  Activation: options({ activation: "relu" }),
  Add: {
    ...options(),
    methods: {
      apply: () => [[root.Input({ shape: [2] }), root.Input({ shape: [2] })], {}],
      computeOutputShape: () => [
        [
          [null, 2],
          [null, 2],
        ],
      ],
    },
  },
  AveragePooling2D: options({ poolSize: 2 }),
  BatchNormalization: options(),
  Conv2D: options({ filters: 1, kernelSize: 1 }),
  CenterCrop: options({ height: 1, width: 1 }),
  Concatenate: options(),
  MaxPooling2D: options({ poolSize: 2 }),
  Resizing: options({ height: 1, width: 1 }),
  Dense: options({ units: 1 }),
  DepthwiseConv2D: options({ kernelSize: 1 }),
  Dropout: options({ rate: 0.5 }),
  Flatten: options(),
  GlobalAveragePooling2D: options(),
  GlobalMaxPooling2D: options(),
  ReLU: options(),
  Rescaling: options({ scale: 1 }),
  Reshape: options({ targetShape: [2] }),
  Softmax: options(),
  ZeroPadding2D: options(),
  Constant: initializer,
  GlorotNormal: initializer,
  GlorotUniform: initializer,
  HeNormal: initializer,
  HeUniform: initializer,
  Identity: initializer,
  LecunNormal: initializer,
  LecunUniform: initializer,
  Ones: { args: none, methods: { initialize: () => [[2, 2]] } },
  Orthogonal: initializer,
  RandomNormal: initializer,
  RandomUniform: initializer,
  TruncatedNormal: initializer,
  VarianceScaling: initializer,
  Zeros: { args: none, methods: { initialize: () => [[2, 2]] } },
  clearSession: { args: none },
  layerFromConfig: { described: true, args: () => ["Dense", { units: 1 }] },
  // Models.
  Model: {
    slow: true,
    args: () => {
      const inputs = root.Input({ shape: [2] });
      return [{ inputs, outputs: new root.Dense({ units: 1 }).apply(inputs) }];
    },
    made: small,
    methods: {
      predict: () => [smallPicture(), {}],
      predictAll: () => [smallPicture(), {}],
      loadWeights: async () => [await kerasBytes(), {}],
      loadWeightsFromBytes: async () => [await kerasBytes(), {}],
      save: () => ["model.keras", {}],
      saveWeights: () => ["model.weights.h5", {}],
      toBytes: () => ["keras", {}],
      toFiles: () => ["keras", "model", {}],
      summary: () => [{ printFn: () => undefined }],
      getLayer: () => ["maps"],
      weight: () => ["maps/kernel"],
      setWeights: () => [[]],
      computeOutputShapes: () => [[[null, 4, 4, 3]]],
      apply: () => [root.Input({ shape: [4, 4, 3] }), {}],
      connect: () => [[root.Input({ shape: [4, 4, 3] })], {}],
    },
  },
  Sequential: {
    slow: true,
    endless: ["2.epochs", "2.initialEpoch"],
    args: () => [[root.Input({ shape: [2] }), new root.Dense({ units: 1 })]],
    made: tiny,
    methods: {
      add: () => [new root.Dense({ units: 1 })],
      pop: none,
      build: () => [[[null, 2]]],
      predict: () => [pair(), {}],
      predictAll: () => [pair(), {}],
      compile: () => [{ optimizer: "sgd", loss: "mse" }],
      fit: () => [pair(), pair(), { verbose: 0 }],
      evaluate: () => [pair(), pair(), { verbose: 0 }],
      trainOnBatch: () => [pair(), pair(), {}],
      testOnBatch: () => [pair(), pair(), {}],
    },
  },
  QuantizedModel: {
    slow: true,
    args: null,
    made: quantizedModel,
    methods: {
      predict: () => [smallPicture(), {}],
      predictAll: () => [smallPicture(), {}],
      save: () => ["q.onnx", {}],
    },
  },
  countMacs: { args: () => [small()] },
  enableWideSimd: { args: none },
  quantize: { slow: true, args: () => [small(), smallPicture().reshape([1, 4, 4, 3]), {}] },
  loadQuantized: { slow: true, args: async () => [(await quantizedModel()).toBytes(), {}] },
  loadModel: { slow: true, args: async () => [await kerasBytes(), {}] },
  loadAnyModel: { slow: true, args: async () => [await kerasBytes(), {}] },
  readCheckpoint: { slow: true, args: async () => [await kerasBytes(), {}] },
  labelsText: { args: () => [["a", "b"]] },
  parseLabels: { args: () => ["a\nb"] },
  // Tasks.
  CalibrationPictures: { slow: true, args: async () => [[await pngBytes()], { format: format() }] },
  ClassLookup: { args: () => [["a", "b"]], methods: { find: () => ["a"], findOrNumber: () => ["1"] } },
  OptionError: {
    anything: ["1"],
    args: () => [["text"], {}],
    methods: { messageWith: () => [() => ""], after: () => ["before"] },
  },
  Tally: {
    args: () => [["a", "b"]],
    methods: { add: () => ["path", 0, [0.5, 0.5]], count: () => [0, 1], classes: none },
  },
  answersOf: { slow: true, args: () => [small(), [[smallPicture()]]] },
  answersWithLogits: { args: () => [small().output] },
  compareAnswers: { args: () => [[[pair()]], [[pair()]]] },
  evaluateClassifier: {
    slow: true,
    args: async () => [await classifier(), ["a.png"], Int32Array.of(0), { strict: false }],
  },
  extractAll: {
    slow: true,
    args: async () => [await tasks.loadExtractor({ weights: await kerasBytes(), threads: 1 }), ["a.png"], {}],
  },
  fitPhase: {
    slow: true,
    args: () => {
      const parts = transferParts();
      return [parts.schedule.phases[0], parts, []];
    },
  },
  transferPhases: { slow: true, args: () => [transferParts()] },
  transferSchedule: { args: () => [settings(), learned()] },
  loadBase: { ...options({ alpha: 0.35, size: 32, weights: null }), slow: true },
  withHead: {
    slow: true,
    args: () => [
      { base: headless(), alpha: 1, weights: "", preprocessing: { scale: 1 / 127.5, offset: -1 } },
      { classNames: ["a", "b"], size: 32, weights: null },
    ],
  },
  inputShapeOf: { args: () => [small()] },
  loadClassifier: { slow: true, args: async () => [{ weights: await kerasBytes(), labels: ["a", "b"], threads: 1 }] },
  planClassifier: { slow: true, args: async () => [{ weights: await kerasBytes(), labels: ["a", "b"], threads: 1 }] },
  loadExtractor: { slow: true, args: async () => [{ weights: await kerasBytes(), threads: 1 }] },
  openModel: { slow: true, args: async () => [await kerasBytes(), {}] },
  pictureFormat: { args: () => [[4, 4, 3], {}] },
  preparePicture: { slow: true, args: async () => [await pngBytes(), format()] },
  readLabels: { args: () => [new TextEncoder().encode("a\nb")] },
  seededInputs: { args: () => [small(), 4] },
  // Training.
  Adam: options(),
  AdamW: options(),
  RMSprop: options(),
  SGD: options(),
  Optimizer: {
    args: null,
    made: () => new training.SGD(),
    methods: {
      build: () => [tiny().weights],
      apply: () => {
        const { weights } = tiny();
        return [weights.map(({ size }) => new Float32Array(size)), weights];
      },
      checkKnown: () => [[]],
      setVariables: () => [[]],
      excludeFromWeightDecay: () => [{ varNames: ["bias"] }],
    },
  },
  BackupAndRestore: { args: () => ["backups", {}] },
  CSVLogger: { args: () => ["log.csv", {}] },
  Callback: { args: null, made: () => new training.LambdaCallback({}) },
  EarlyStopping: options(),
  History: { args: none },
  LambdaCallback: options(),
  LearningRateScheduler: { args: () => [() => 1, {}] },
  ModelCheckpoint: { args: () => ["best.keras", {}] },
  ReduceLROnPlateau: options(),
  TerminateOnNaN: { args: none },
  TimedBackup: { args: () => ["backups", {}] },
  Loss: {
    args: null,
    made: () => new training.MeanSquaredError(),
    methods: {
      call: () => [pair(), pair(), new root.Tensor([1], Float32Array.of(1))],
      valuesOf: () => [pair(), pair()],
      evaluate: () => [pair(), { output: pair() }, new root.Tensor([1], Float32Array.of(1))],
    },
  },
  MeanSquaredError: options(),
  BinaryCrossentropy: { ...options(), methods: { call: scored } },
  CategoricalCrossentropy: { ...options(), methods: { call: scored } },
  SparseCategoricalCrossentropy: { ...options(), methods: { call: sparselyScored } },
  Metric: { args: null, made: () => new training.Mean(), methods: { setState: () => [[1, 2]] } },
  MeanMetric: { args: null, made: () => new training.BinaryAccuracy(), methods: { updateState: scored } },
  Mean: {
    ...options(),
    anything: ["1"],
    methods: { add: () => [1, 1], updateState: () => [pair(), undefined, new root.Tensor([1], Float32Array.of(1))] },
  },
  AUC: { slow: true, ...options(), methods: { updateState: scored } },
  BinaryAccuracy: { ...options(), methods: { updateState: scored } },
  CategoricalAccuracy: { ...options(), methods: { updateState: scored } },
  SparseCategoricalAccuracy: { ...options(), methods: { updateState: sparselyScored } },
  TopKCategoricalAccuracy: { ...options(), methods: { updateState: scored } },
  SparseTopKCategoricalAccuracy: { ...options(), methods: { updateState: sparselyScored } },
  F1Score: { ...options(), methods: { updateState: scored } },
  FBetaScore: { ...options(), methods: { updateState: scored } },
  Precision: { ...options(), methods: { updateState: scored } },
  Recall: { ...options(), methods: { updateState: scored } },
  LearningRateSchedule: { args: null },
  CosineDecay: schedule({ initialLearningRate: 1, decaySteps: 2 }),
  CosineDecayRestarts: schedule({ initialLearningRate: 1, firstDecaySteps: 2 }),
  ExponentialDecay: schedule({ initialLearningRate: 1, decaySteps: 2, decayRate: 0.5 }),
  InverseTimeDecay: schedule({ initialLearningRate: 1, decaySteps: 2, decayRate: 0.5 }),
  PolynomialDecay: schedule({ initialLearningRate: 1, decaySteps: 2 }),
  PiecewiseConstantDecay: schedule({ boundaries: [1], values: [1, 0.5] }),
  confusionMatrix: { args: () => [[0, 1], [0, 1], 2] },
  fitInPhases: { args: () => [tiny(), [], { folder: "phases" }] },
  recalibrateBatchNorm: { slow: true, args: () => [tiny(), pair(), {}] },
  setBatchNormMomentum: { args: () => [tiny(), 0.9] },
};
