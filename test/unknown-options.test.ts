/** What plain JavaScript misspells is refused everywhere: by every class, and by every function that takes options. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Dense, Dropout, Input, MobileNetV2, Sequential, Tensor, zeros } from "../src/index.ts";
import * as applications from "../src/public/applications.ts";
import * as data from "../src/public/data.ts";
import * as explain from "../src/public/explain.ts";
import * as image from "../src/public/image.ts";
import * as models from "../src/public/models.ts";
import * as saving from "../src/public/saving.ts";
import * as training from "../src/public/training.ts";
import { allExports, exportsOfFaces } from "./support/faces.ts";

/** Classes that are extended, made by functions, or take no options. */
const WITHOUT = new Set(
  (
    "Callback ClassLookup Dataset GradCam History KerasTensor Layer LearningRateSchedule Loss MeanMetric Metric MobileNetV2Error Ones Optimizer OptionError " +
    "QuantizedModel Tally TerminateOnNaN Tensor Zeros"
  ).split(" "),
);
/** Those whose options come after something else. */
const AFTER: Readonly<Record<string, readonly unknown[]>> = {
  BackupAndRestore: ["folder"],
  CSVLogger: ["log.csv"],
  CalibrationPictures: [[]],
  LearningRateScheduler: [() => 1],
  ModelCheckpoint: ["best.keras"],
  TimedBackup: ["folder"],
};

/** Hands over what the compiler would refuse. */
function misspelled(options: object): never {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return options as never;
}

function tiny(): Sequential {
  const model = new Sequential([Input({ shape: [2] }), new Dense({ units: 1 })]);
  model.compile({ optimizer: "sgd", loss: "mse" });
  return model;
}

const classes = Object.entries(allExports).flatMap(([name, exported]) =>
  typeof exported === "function" && /^class\b/.test(String(exported)) ? [[name, exported] as const] : [],
);

describe("every class refuses an option that there is not", () => {
  it("there are classes in the root and in all subpaths but two, and those that are left out are among them", () => {
    const names = new Set(classes.map(([name]) => name));
    const without = [...exportsOfFaces].filter(
      ([, exported]) => !Object.keys(exported).some((name) => names.has(name)),
    );
    assert.deepEqual(
      without.map(([specifier]) => specifier),
      ["mobilenet-v2/applications", "mobilenet-v2/image"],
    );
    assert.deepEqual(
      [...WITHOUT, ...Object.keys(AFTER)].filter((name) => !names.has(name)),
      [],
    );
    assert.ok(classes.length - WITHOUT.size >= 60, `${classes.length - WITHOUT.size} classes`);
  });

  for (const [name, exported] of classes) {
    if (WITHOUT.has(name)) continue;
    it(name, () => {
      assert.throws(() => Reflect.construct(exported, [...(AFTER[name] ?? []), { zzz: 1 }]), {
        code: "ValueError",
        message: /^Unknown option `zzz` of \w+\. There are: \w+/,
      });
    });
  }

  it("also a number in place of options", () => {
    assert.throws(
      () => Reflect.construct(training.Adam, [1e-3]),
      /Adam takes its options as an object, \{ name, learningRate/,
    );
    assert.throws(() => Reflect.construct(Dropout, [0.2]), /Dropout takes its options as an object.*Received: 0\.2$/);
    assert.throws(() => Reflect.construct(Dense, []), /Dense takes its options as an object.*Received: undefined$/);
  });

  it("but not a class of one's own of what it takes itself", () => {
    class Mine extends training.Loss {
      readonly className = "Mine";
      readonly margin: number;
      constructor(options: training.LossOptions & { readonly margin: number }) {
        super(options, "mine");
        this.margin = options.margin;
      }
      protected override score(): never {
        throw new Error("not used");
      }
    }
    assert.equal(new Mine({ margin: 2 }).margin, 2);
  });
});

describe("every function refuses an option that there is not", () => {
  const x = zeros([1, 2]);
  const picture = { width: 1, height: 1, channels: 3, data: new Uint8Array(3) } as const;
  const calls: Readonly<Record<string, readonly [() => unknown, given: string, meant: string]>> = {
    MobileNetV2: [() => MobileNetV2(misspelled({ alfa: 1, weights: null })), "alfa", "alpha"],
    "apply()": [
      () => new Dense({ units: 1 }).apply(Input({ shape: [2] }), misspelled({ trainig: false })),
      "trainig",
      "training",
    ],
    "compile()": [() => tiny().compile(misspelled({ metric: ["mae"] })), "metric", "metrics"],
    "fit()": [() => tiny().fit(x, [1], misspelled({ epoch: 3 })), "epoch", "epochs"],
    "evaluate()": [() => tiny().evaluate(x, [1], misspelled({ batch_size: 3 })), "batch_size", "batchSize"],
    "trainOnBatch()": [
      () => tiny().trainOnBatch(x, [1], misspelled({ classWeights: {} })),
      "classWeights",
      "classWeight",
    ],
    "testOnBatch()": [
      () => tiny().testOnBatch(x, [1], misspelled({ sampleWeights: [1] })),
      "sampleWeights",
      "sampleWeight",
    ],
    "summary()": [() => tiny().summary(misspelled({ printfn() {} })), "printfn", "printFn"],
    "quantize()": [() => models.quantize(tiny(), x, misspelled({ range: "mse" })), "range", "ranges"],
    "gradCam()": [() => explain.gradCam(tiny(), x, misspelled({ class_index: 1 })), "class_index", "classIndex"],
    "GradCam.create()": [() => explain.GradCam.create(tiny(), misspelled({ layr: "x" })), "layr", "layer"],
    "classActivationMap()": [
      () => explain.classActivationMap(tiny(), x, misspelled({ index: 1 })),
      "index",
      "classIndex",
    ],
    "overlay()": [
      () => explain.overlay(picture, zeros([1, 1]), misspelled({ colourmap: "turbo" })),
      "colourmap",
      "colormap",
    ],
    "recommend()": [() => applications.recommend(misspelled({ latency: 5 })), "latency", "latencyMs"],
    "preprocessInput()": [
      () => applications.preprocessInput(x, misspelled({ data_format: "channels_first" })),
      "data_format",
      "dataFormat",
    ],
    "decodePredictions()": [() => applications.decodePredictions(x, misspelled({ topp: 3 })), "topp", "top"],
    "loadImg()": [() => image.loadImg("x.png", misspelled({ target_size: [1, 1] })), "target_size", "targetSize"],
    "imgToArray()": [() => image.imgToArray(picture, misspelled({ dataformat: "x" })), "dataformat", "dataFormat"],
    "arrayToImg()": [() => image.arrayToImg(x, misspelled({ scales: false })), "scales", "scale"],
    "resizeImg()": [
      () => image.resizeImg(picture, [1, 1], misspelled({ interpolate: "x" })),
      "interpolate",
      "interpolation",
    ],
    "smartResize()": [() => image.smartResize(x, [1, 1], misspelled({ interp: "x" })), "interp", "interpolation"],
    "encodeImg()": [() => image.encodeImg(picture, misspelled({ fileformat: "png" })), "fileformat", "fileFormat"],
    "saveImg()": [() => image.saveImg("x.png", picture, misspelled({ qualty: 1 })), "qualty", "quality"],
    "imageDatasetFromDirectory()": [
      () => data.imageDatasetFromDirectory("photos", misspelled({ imgSize: [8, 8] })),
      "imgSize",
      "imageSize",
    ],
    "pixelLoader()": [() => data.pixelLoader(misspelled({ size: 8 })), "size", "imageSize"],
    "randomRotation()": [() => data.randomRotation(0.1, misspelled({ fill_mode: "wrap" })), "fill_mode", "fillMode"],
    "randomContrast()": [() => data.randomContrast(0.1, misspelled({ range: [0, 1] })), "range", "valueRange"],
    "randomResizedCrop()": [() => data.randomResizedCrop(1, 1, misspelled({ scales: [0, 1] })), "scales", "scale"],
    "fitInPhases()": [() => training.fitInPhases(tiny(), [], misspelled({ folders: "x" })), "folders", "folder"],
    "recalibrateBatchNorm()": [
      () => training.recalibrateBatchNorm(tiny(), x, misspelled({ step: 1 })),
      "step",
      "steps",
    ],
    "loadModel()": [() => saving.loadModel("x.keras", misspelled({ compiled: false })), "compiled", "compile"],
    "loadQuantized()": [() => models.loadQuantized("x.safetensors", misspelled({ modes: "i16" })), "modes", "mode"],
    "loadWeights()": [
      () => tiny().loadWeights("x.h5", misspelled({ skip_mismatch: true })),
      "skip_mismatch",
      "skipMismatch",
    ],
    "save()": [
      () => tiny().save("x.keras", misspelled({ include_optimizer: false })),
      "include_optimizer",
      "includeOptimizer",
    ],
  };
  for (const [name, [call, given, meant]] of Object.entries(calls)) {
    it(name, async () => {
      await assert.rejects(async () => await call(), {
        code: "ValueError",
        message: `Unknown option \`${given}\` of ${name}. Did you mean \`${meant}\`?`,
      });
    });
  }

  it("and names that there are, with or without a value, pass", async () => {
    const model = tiny();
    const { epoch } = await model.fit(new Tensor([1, 2], Float32Array.of(1, 2)), [1], { epochs: 2, signal: undefined });
    assert.deepEqual(epoch, [0, 1]);
    model.dispose();
  });
});
