/** compile, fit, evaluate and single steps of small models against Keras's (test/fixtures/training/make_fit.py). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { uniform } from "../../src/core/random.ts";
import { Tensor } from "../../src/core/tensor.ts";
import type { ActivationName } from "../../src/layers/activations/activations.ts";
import { Activation } from "../../src/layers/activations/activation.ts";
import { Add } from "../../src/layers/merging/add.ts";
import { BatchNormalization } from "../../src/layers/normalization/batch-normalization.ts";
import { Conv2D } from "../../src/layers/convolutional/conv2d.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { DepthwiseConv2D } from "../../src/layers/convolutional/depthwise-conv2d.ts";
import { GlobalAveragePooling2D } from "../../src/layers/pooling/global-average-pooling2d.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import type { KerasTensor } from "../../src/layers/layer.ts";
import { ReLU } from "../../src/layers/activations/relu.ts";
import { Model } from "../../src/models/model.ts";
import type { TrainableModel } from "../../src/models/trainable-model.ts";
import { Adam } from "../../src/training/optimizers/adam.ts";
import { CategoricalCrossentropy, SparseCategoricalCrossentropy } from "../../src/training/losses/crossentropy.ts";
import type { CompileOptions, FitOptions, Targets } from "../../src/training/loop/fit-options.ts";
import { TopKCategoricalAccuracy } from "../../src/training/metrics/accuracy.ts";
import { SGD } from "../../src/training/optimizers/sgd.ts";
import { maxDifference, maxMagnitude } from "../support/compare.ts";
import { seedWeights, seededInput } from "../support/seeded.ts";

interface Answer {
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly evaluated: Readonly<Record<string, number>>;
  readonly weights: Readonly<Record<string, readonly number[]>>;
  readonly trainOnBatch: Readonly<Record<string, number>>;
  readonly testOnBatch: Readonly<Record<string, number>>;
}

const answers = JSON.parse(readFileSync(new URL("../fixtures/training/fit.json", import.meta.url), "utf8")) as Readonly<
  Record<string, Answer>
>;

const COUNT = 22;

function classifier(activation: ActivationName = "softmax", units = 3, kernelRegularizer: object | null = null): Model {
  const inputs = Input({ shape: [6] });
  let x = new Dense({ units: 8, name: "a", kernelRegularizer: kernelRegularizer as Record<string, unknown> }).apply(
    inputs,
  );
  x = new BatchNormalization({ name: "bn", momentum: 0.9 }).apply(x);
  x = new Activation({ activation: "relu", name: "relu" }).apply(x);
  return new Model({ inputs, outputs: new Dense({ units, activation, name: "b" }).apply(x), name: "classifier" });
}

function pictures(): Model {
  const inputs = Input({ shape: [8, 8, 3] });
  let x = new Conv2D({
    filters: 4,
    kernelSize: 3,
    strides: 2,
    padding: "same",
    useBias: false,
    name: "conv",
  }).apply(inputs);
  x = new BatchNormalization({ name: "conv_bn" }).apply(x);
  x = new ReLU({ maxValue: 6, name: "conv_relu" }).apply(x);
  const y = x;
  x = new DepthwiseConv2D({ kernelSize: 3, padding: "same", useBias: false, name: "dw" }).apply(x);
  x = new BatchNormalization({ name: "dw_bn" }).apply(x);
  x = new ReLU({ maxValue: 6, name: "dw_relu" }).apply(x);
  x = new Conv2D({ filters: 4, kernelSize: 1, useBias: false, name: "project" }).apply(x);
  x = new BatchNormalization({ name: "project_bn" }).apply(x);
  x = new Add({ name: "add" }).apply([y, x]);
  x = new GlobalAveragePooling2D({ name: "pool" }).apply(x);
  x = new Dense({ units: 3, activation: "softmax", name: "head" }).apply(x);
  return new Model({ inputs, outputs: x, name: "pictures" });
}

function twoOutputs(): Model<readonly KerasTensor[]> {
  const inputs = Input({ shape: [6] });
  const x = new Dense({ units: 8, activation: "relu", name: "a" }).apply(inputs);
  const outputs = [
    new Dense({ units: 3, activation: "softmax", name: "kind" }).apply(x),
    new Dense({ units: 1, name: "size" }).apply(x),
  ];
  return new Model({ inputs, outputs, name: "two" });
}

function frozen<M extends TrainableModel>(model: M, names: readonly string[]): M {
  for (const name of names) model.getLayer(name).trainable = false;
  return model;
}

function labels(name: string, count: number): Int32Array {
  return Int32Array.from(uniform(`${name}/labels`, count, 0, 3), Math.floor);
}

function oneHot(seed: string): Tensor {
  const values = new Float32Array(COUNT * 3);
  for (const [i, label] of labels(seed, COUNT).entries()) values[i * 3 + label] = 1;
  return new Tensor([COUNT, 3], values);
}

interface Case {
  readonly model: TrainableModel;
  readonly compile: CompileOptions;
  readonly fit?: FitOptions;
  readonly y?: (seed: string) => Targets;
  readonly shape?: readonly number[];
  readonly validation?: boolean;
}

const S = "sparse_categorical_crossentropy";
const regularizer = { className: "L1L2", config: { l1: 0.01, l2: 0.02 } };
const cases: Readonly<Record<string, Case>> = {
  sgd: {
    model: classifier(),
    compile: { optimizer: new SGD({ learningRate: 0.1 }), loss: S, metrics: ["accuracy"] },
    validation: true,
  },
  split: {
    model: classifier(),
    compile: { optimizer: new Adam({ learningRate: 0.01 }), loss: S, metrics: ["acc"] },
    fit: { validationSplit: 0.3 },
  },
  classWeight: {
    model: classifier(),
    compile: { optimizer: "adam", loss: S, metrics: ["accuracy"], weightedMetrics: ["accuracy"] },
    fit: { classWeight: { 0: 2, 2: 0.25 } },
  },
  sampleWeight: {
    model: classifier(),
    compile: { optimizer: "rmsprop", loss: S, weightedMetrics: ["accuracy"] },
    fit: { sampleWeight: uniform("fit/sampleWeight/weights", COUNT, 0, 2) },
  },
  oneHot: {
    model: classifier(),
    compile: {
      optimizer: "sgd",
      loss: new CategoricalCrossentropy({ labelSmoothing: 0.1 }),
      metrics: ["accuracy", new TopKCategoricalAccuracy({ k: 2 }), "mse"],
    },
    y: oneHot,
  },
  logits: {
    model: classifier("linear"),
    compile: {
      optimizer: "sgd",
      loss: new SparseCategoricalCrossentropy({ fromLogits: true }),
      metrics: ["accuracy"],
    },
  },
  binary: {
    model: classifier("sigmoid", 1),
    compile: { optimizer: "sgd", loss: "binary_crossentropy", metrics: ["accuracy", "AUC", "Precision"] },
    y: (seed) => new Tensor([COUNT, 1], uniform(`${seed}/targets`, COUNT, 0, 1).map(Math.round)),
  },
  regularized: { model: classifier("softmax", 3, regularizer), compile: { optimizer: "sgd", loss: S } },
  frozen: {
    model: frozen(classifier(), ["a", "bn"]),
    compile: { optimizer: "adam", loss: S, metrics: ["accuracy"] },
    validation: true,
  },
  pictures: {
    model: pictures(),
    compile: { optimizer: new SGD({ learningRate: 0.05, momentum: 0.9 }), loss: S, metrics: ["accuracy"] },
    shape: [8, 8, 3],
  },
  picturesFrozen: {
    model: frozen(pictures(), ["conv", "conv_bn", "dw_bn"]),
    compile: { optimizer: new SGD({ learningRate: 0.05 }), loss: S },
    shape: [8, 8, 3],
  },
  twoOutputs: {
    model: twoOutputs(),
    compile: { optimizer: "sgd", loss: [S, "mse"], lossWeights: [1, 0.5], metrics: [["accuracy"], ["mse"]] },
    y: (seed) => [
      new Tensor([COUNT], labels(seed, COUNT)),
      new Tensor([COUNT, 1], uniform(`${seed}/targets`, COUNT, 0, 1)),
    ],
  },
};

function first(y: Targets, from: number, to: number): Targets {
  const slice = (tensor: Tensor): Tensor => {
    const size = tensor.size / (tensor.shape[0] ?? 1);
    return new Tensor([to - from, ...tensor.shape.slice(1)], tensor.data.subarray(from * size, to * size));
  };
  if (y instanceof Tensor) return slice(y);
  if (y instanceof Int32Array) return y.subarray(from, to);
  return (y as readonly Tensor[]).map(slice);
}

function assertLogs(actual: Readonly<Record<string, number>>, expected: Readonly<Record<string, number>>): void {
  assert.deepEqual(Object.keys(actual).toSorted(), Object.keys(expected).toSorted());
  for (const [name, value] of Object.entries(expected)) {
    // Keras counts batches alike in these, whatever their size.
    if (/^(?:kind|size)_loss$/.test(name)) continue;
    const difference = Math.abs((actual[name] ?? NaN) - value);
    assert.ok(difference <= 2e-4 * Math.max(1, Math.abs(value)), `${name}: ${actual[name]}, Keras ${value}`);
  }
}

describe("fit", () => {
  for (const [name, { model, compile, fit, y: targets, shape = [6], validation = false }] of Object.entries(cases)) {
    it(`${name}: logs, weights and single steps as Keras's within 2e-4 (weights 1e-3 of their scale)`, async () => {
      const expected = answers[name];
      assert.ok(expected);
      const seed = `fit/${name}`;
      seedWeights(model, seed);
      const x = seededInput(seed, [COUNT, ...shape]);
      const y = targets?.(seed) ?? labels(seed, COUNT);
      const fitOptions: FitOptions = { epochs: 3, batchSize: 8, shuffle: false, verbose: 0, ...fit };
      const validationData = [
        seededInput(`${seed}/validation`, [10, ...shape]),
        labels(`${seed}/validation`, 10),
      ] as const;
      model.compile(compile);
      const { history, epoch } = await model.fit(x, y, validation ? { ...fitOptions, validationData } : fitOptions);
      assert.deepEqual(epoch, [0, 1, 2]);
      for (const i of epoch) {
        const at = (logs: Readonly<Record<string, readonly number[]>>): Record<string, number> =>
          Object.fromEntries(Object.entries(logs).map(([key, values]) => [key, values[i] ?? NaN]));
        assertLogs(at(history), at(expected.history));
      }
      assertLogs(await model.evaluate(x, y, { batchSize: 8 }), expected.evaluated);
      for (const [path, values] of Object.entries(expected.weights)) {
        // Normalization takes it away again: its gradient is nothing but rounding, which Adam makes large.
        if (path === "a/bias") continue;
        const ours = model.weight(path).values;
        const scale = maxMagnitude(values);
        assert.ok(maxDifference(ours, values) <= 1e-3 * scale, `${path}: ${maxDifference(ours, values)} of ${scale}`);
      }
      const pick = (from: number, to: number): Tensor => first(x, from, to) as Tensor;
      assertLogs(await model.trainOnBatch(pick(0, 8), first(y, 0, 8)), expected.trainOnBatch);
      assertLogs(await model.testOnBatch(pick(8, 12), first(y, 8, 12)), expected.testOnBatch);
      model.dispose();
    });
  }
});
