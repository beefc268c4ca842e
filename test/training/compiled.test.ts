/** Models that are saved compiled: they are compiled again, and go on as if nothing had been. With files that Keras made (make_compiled.py). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, describe, it } from "node:test";
import { uniform } from "../../src/core/random.ts";
import { Tensor } from "../../src/core/tensor.ts";
import { describeModel, weightsByPath } from "../../src/models/files/describe-model.ts";
import { loadAnyModel, loadModel } from "../../src/models/files/load-model.ts";
import type { Model } from "../../src/models/model.ts";
import { losses, metrics, optimizers, schedules } from "../../src/models/compiled/training-classes.ts";
import { compileOptionsOf } from "../../src/models/compiled/training-from-file.ts";
import type { SavedTraining } from "../../src/saving/checkpoint.ts";
import {
  LOSSES,
  LOSS_NAMES,
  METRICS,
  METRIC_NAMES,
  OPTIMIZERS,
  SCHEDULES,
  trainingOf,
} from "../../src/saving/keras/compile.ts";
import { parseJson } from "../../src/saving/bytes/json.ts";
import { writerNamed } from "../../src/saving/writer-of.ts";
import { zipMember } from "../../src/saving/zip/zip.ts";
import { writeZip } from "../../src/saving/zip/write.ts";
import { Adam, AdamW } from "../../src/training/optimizers/adam.ts";
import { ModelCheckpoint } from "../../src/training/callbacks/model-checkpoint.ts";
import { BinaryCrossentropy, CategoricalCrossentropy } from "../../src/training/losses/crossentropy.ts";
import { Loss, type Predicted, type Scored } from "../../src/training/losses/loss.ts";
import { MeanSquaredError, lossOf } from "../../src/training/losses/losses.ts";
import { AUC } from "../../src/training/metrics/auc.ts";
import { Precision } from "../../src/training/metrics/confusion.ts";
import { FBetaScore } from "../../src/training/metrics/f-score.ts";
import { MeanMetric } from "../../src/training/metrics/metric.ts";
import { metricOf } from "../../src/training/metrics/metrics.ts";
import { RMSprop } from "../../src/training/optimizers/rmsprop.ts";
import { CosineDecay, PiecewiseConstantDecay } from "../../src/training/optimizers/schedules.ts";
import { SGD } from "../../src/training/optimizers/sgd.ts";
import { TestFolder } from "../platform/folder.ts";
import { assertWithin } from "../support/compare.ts";
import { tinyData, tinyModel, weightsOf } from "./tiny.ts";

interface Answer {
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly weights: readonly (readonly number[])[];
  readonly iterations: number;
}

function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../fixtures/training/${name}`, import.meta.url)));
}

const answers = JSON.parse(new TextDecoder().decode(fixture("compiled.json"))) as Readonly<Record<string, Answer>>;

/** Catches warnings. */
function warnings(t: TestContext): readonly string[] {
  const said: string[] = [];
  t.mock.method(console, "warn", (text: string) => void said.push(text));
  return said;
}

const { x, y } = tinyData(24);

/** Four steps of two epochs; the same data in the same order. */
async function train(model: Awaited<ReturnType<typeof loadModel>>): Promise<void> {
  await model.fit(x, y, { epochs: 2, batchSize: 12, seed: 3, verbose: 0 });
}

async function trained(options: Parameters<Model["compile"]>[0] = {}): Promise<Model> {
  const model = tinyModel();
  model.compile({ optimizer: new Adam({ learningRate: 0.01 }), loss: "sparse_categorical_crossentropy", ...options });
  await train(model);
  return model;
}

/** The file of a model with another training in it. */
async function withTraining(model: Model, change: (training: SavedTraining) => SavedTraining): Promise<Uint8Array> {
  const training = await model.describeTraining();
  assert.ok(training);
  const saved = { model: describeModel(model), weights: weightsByPath(model), training: change(training) };
  const [file] = await writerNamed("keras").write(saved, "model.keras");
  assert.ok(file);
  return file.bytes;
}

/** The file with another compile_config. */
function withConfig(bytes: Uint8Array, change: (config: Record<string, unknown>) => unknown): Uint8Array {
  const member = (name: string): Uint8Array => zipMember(bytes, name) ?? new Uint8Array();
  const config = JSON.parse(new TextDecoder().decode(member("config.json"))) as { compile_config: object };
  const changed = { ...config, compile_config: change({ ...config.compile_config }) };
  return writeZip([
    { name: "config.json", bytes: new TextEncoder().encode(JSON.stringify(changed)) },
    { name: "model.weights.h5", bytes: member("model.weights.h5") },
  ]);
}

describe("a model that Keras saved compiled", () => {
  const inputs = new Tensor([8, 3], uniform("compiled/x", 24, -1, 1));
  const labels = Int32Array.from({ length: 8 }, (_, i) => i % 2);
  const oneHot = new Tensor(
    [8, 2],
    Float32Array.from({ length: 16 }, (_, i) => (labels[i >> 1] === (i & 1) ? 1 : 0)),
  );
  for (const file of ["adam.keras", "sgd.keras", "rmsprop.keras", "adamw.keras", "adam.h5"]) {
    it(`${file}: two more steps log and learn what Keras's do, within 1e-5`, async (t) => {
      const said = warnings(t);
      const answer = answers[file.split(".")[0] ?? ""];
      assert.ok(answer);
      const model = await loadModel(fixture(`compiled-${file}`));
      assert.deepEqual([model.compiled, model.optimizer], [true, undefined]);
      const targets = file.startsWith("sgd") ? oneHot : labels;
      const { history } = await model.fit(inputs, targets, { epochs: 2, batchSize: 8, shuffle: false, verbose: 0 });
      assert.deepEqual(Object.keys(history).toSorted(), Object.keys(answer.history).toSorted());
      for (const [name, values] of Object.entries(answer.history)) {
        assertWithin(history[name] ?? [], values, 1e-5, name);
      }
      for (const [i, weight] of model.weights.entries()) {
        assertWithin(weight.values, answer.weights[i] ?? [], 1e-5, weight.name);
      }
      assert.equal(model.optimizer?.iterations, answer.iterations);
      assert.deepEqual(said, []);
      model.dispose();
    });
  }
});

describe("a compiled model, saved and loaded", () => {
  const schedule = new CosineDecay({ initialLearningRate: 0.1, decaySteps: 9, warmupTarget: 0.2, warmupSteps: 2 });
  const rates = new PiecewiseConstantDecay({ boundaries: [3, 5], values: [0.1, 0.01, 0.02] });
  for (const [name, optimizer] of [
    ["Adam by its name", "adam"],
    ["AdamW with amsgrad", new AdamW({ learningRate: 0.013, amsgrad: true })],
    ["SGD with momentum and a schedule", new SGD({ learningRate: schedule, momentum: 0.9, nesterov: true })],
    ["SGD without variables of weights", new SGD({ learningRate: rates, weightDecay: 0.01 })],
    ["RMSprop, centered", new RMSprop({ momentum: 0.3, centered: true, globalClipnorm: 1 })],
  ] as const) {
    it(`${name}: goes on with the same bits`, async () => {
      const model = await trained({ optimizer });
      const again = await loadModel(await model.toBytes());
      // Once more before it was used.
      const third = await loadModel(await again.toBytes());
      for (const one of [model, again, third]) await train(one);
      assert.deepEqual(
        again.weights.map(({ values }) => values),
        weightsOf(model),
      );
      assert.deepEqual(
        third.weights.map(({ values }) => values),
        weightsOf(model),
      );
      assert.deepEqual(again.optimizer?.variables, model.optimizer?.variables);
      assert.equal(again.optimizer?.iterations, 8);
    });
  }

  it("keeps variables only of what is trainable, and is for these weights", async (t) => {
    const said = warnings(t);
    const model = tinyModel();
    for (const layer of model.layers.slice(0, -1)) layer.trainable = false;
    model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy" });
    await train(model);
    const { variables = [] } = (await model.describeTraining()) ?? {};
    assert.equal(variables.length, 2 + 2 * 2);
    const again = await loadModel(await model.toBytes());
    for (const one of [model, again]) await train(one);
    assert.deepEqual(
      again.weights.map(({ values }) => values),
      weightsOf(model),
    );
    for (const layer of again.layers) layer.trainable = true;
    await assert.rejects(train(again), /Unknown variable: kernel/);
    assert.deepEqual(said, []);
  });

  it("comes back with its losses, their weights and metrics; objects of losses as metrics as Keras's metrics", async () => {
    const options = {
      optimizer: new SGD(),
      loss: new CategoricalCrossentropy({ labelSmoothing: 0.1, reduction: "sum", name: "own" }),
      lossWeights: [2],
      metrics: [
        "accuracy",
        new AUC({ numThresholds: 20, curve: "PR", summationMethod: "minoring" }),
        new AUC({ thresholds: [0.2, 0.7], name: "two" }),
        new Precision({ thresholds: [0.3, 0.6], classId: 1 }),
        new FBetaScore({ average: "macro", beta: 2, threshold: 0.4 }),
        new BinaryCrossentropy({ labelSmoothing: 0.2 }),
      ],
      weightedMetrics: [[new MeanSquaredError({ name: "squares" })]],
    } as const;
    const model = tinyModel();
    model.compile(options);
    const targets = new Tensor([24, 3], uniform("targets", 72, 0, 1).map(Math.round));
    const config = (await model.describeTraining())?.config;
    const [keras, h5] = [await loadModel(await model.toBytes()), await loadModel(await model.toBytes("h5"))];
    const logs = await model.evaluate(x, targets, { verbose: 0 });
    for (const again of [keras, h5]) assert.deepEqual(await again.evaluate(x, targets, { verbose: 0 }), logs);
    assert.equal(Object.keys(logs).length, 9);
    // Of a metric that is a loss the reduction has no meaning.
    const plain = (value: unknown): string =>
      JSON.stringify(value).replaceAll('"reduction":"sum_over_batch_size",', "");
    assert.equal(
      plain((await keras.describeTraining())?.config).replace('"name":"sgd_1"', '"name":"sgd"'),
      plain(config),
    );
  });

  it("with several outputs: what is said by their names", async () => {
    const { Model: Made } = await import("../../src/models/model.ts");
    const { Input } = await import("../../src/layers/core/input-layer.ts");
    const { Dense } = await import("../../src/layers/core/dense.ts");
    const inputs = Input({ shape: [4] });
    const outputs = ["kind", "size"].map((name, i) => new Dense({ units: 3 - 2 * i, name }).apply(inputs));
    const model = new Made({ inputs, outputs });
    model.compile({
      optimizer: "rmsprop",
      loss: { kind: "sparse_categorical_crossentropy", size: new MeanSquaredError() },
      lossWeights: { kind: 0.5, size: 2 },
      metrics: { kind: ["accuracy"] },
    });
    const targets = [new Tensor([24], y), new Tensor([24, 1], uniform("sizes", 24, 0, 1))];
    await model.fit(x, targets, { batchSize: 12, seed: 1, verbose: 0 });
    const again = await loadAnyModel(await model.toBytes());
    const histories = [];
    for (const one of [model, again]) histories.push((await one.fit(x, targets, { seed: 1, verbose: 0 })).history);
    assert.deepEqual(histories[0], histories[1]);
    assert.deepEqual(Object.keys(histories[0] ?? {}), ["loss", "kind_loss", "size_loss", "kind_accuracy"]);
  });

  it("is not compiled where that is not wanted, by who saves or who loads; .h5 has no state, weights nothing at all", async (t) => {
    const said = warnings(t);
    const model = await trained();
    const bytes = await model.toBytes();
    const small = await model.toBytes("keras", { includeOptimizer: false });
    assert.ok(small.length < bytes.length - 2 * 4 * model.countParams());
    assert.equal((await loadModel(small)).compiled, false);
    assert.equal((await loadModel(bytes, { compile: false })).compiled, false);
    const legacy = await loadModel(await model.toBytes("h5"));
    await legacy.evaluate(x, y, { verbose: 0 });
    assert.deepEqual([legacy.compiled, legacy.optimizer?.iterations], [true, 0]);
    assert.equal((await loadModel(await model.toBytes("h5", { includeOptimizer: false }))).compiled, false);
    assert.equal((await loadModel(await model.toBytes("safetensors"))).compiled, false);
    const never = await loadModel(await tinyModel().toBytes());
    assert.equal(never.compiled, false);
    await assert.rejects(train(never), /You must call `compile\(\)`/);
    assert.deepEqual(said, []);
  });

  it("predicts and takes another compile() without a look at what the file says", async () => {
    const model = await loadModel(await (await trained()).toBytes());
    await model.predict(x);
    const before = model.optimizer;
    model.compile({ optimizer: new SGD({ learningRate: 0.5 }), loss: "sparse_categorical_crossentropy" });
    await train(model);
    assert.deepEqual([before, model.optimizer?.className, model.optimizer?.iterations], [undefined, "SGD", 4]);
  });

  it("by ModelCheckpoint, in the middle: goes on from there with the same bits", async () => {
    using folder = new TestFolder();
    const model = tinyModel();
    model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy" });
    const checkpoint = new ModelCheckpoint(`${folder.path}/{epoch}.keras`);
    await model.fit(x, y, { epochs: 3, batchSize: 12, seed: 3, verbose: 0, callbacks: [checkpoint] });
    const again = await loadModel(folder.file("2.keras"));
    await again.fit(x, y, { epochs: 3, initialEpoch: 2, batchSize: 12, seed: 3, verbose: 0 });
    assert.equal(again.optimizer?.iterations, 6);
    assert.deepEqual(
      again.weights.map(({ values }) => values),
      weightsOf(model),
    );
  });

  it("that made no step yet begins with fresh variables", async (t) => {
    const said = warnings(t);
    const model = tinyModel();
    model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy" });
    const again = await loadModel(await model.toBytes());
    for (const one of [model, again]) await train(one);
    assert.deepEqual(
      again.weights.map(({ values }) => values),
      weightsOf(model),
    );
    assert.deepEqual(said, []);
  });
});

describe("what a file cannot hold", () => {
  class Own extends Loss {
    readonly className = "Own";
    protected override score(): Scored {
      return { values: new Float64Array(1), gradient: () => ({ of: "output", values: new Float32Array(1) }) };
    }
    constructor() {
      super({}, "own");
    }
  }
  class OwnAdam extends Adam {}
  class Zero extends MeanMetric {
    protected override values(_: Tensor, { shape }: Predicted["output"]): ArrayLike<number> {
      return new Float64Array(shape[0] ?? 0);
    }
  }
  const loss = "sparse_categorical_crossentropy";
  for (const [what, options, expected] of [
    ["a loss of one's own", { loss: new Own() }, /without the training set-up: its loss is of a class of its own, Own/],
    ["an optimizer of one's own", { optimizer: new OwnAdam(), loss }, /optimizer is of a class of its own, Adam/],
    [
      "a rate that is a function",
      { optimizer: new SGD({ learningRate: () => 0.1 }), loss },
      /learning rate is a function/,
    ],
    ["an optimizer that there is not", { optimizer: "lion", loss }, /without the training set-up\. .*identifier: lion/],
  ] as const) {
    it(`${what}: a warning, and the model without its training`, async (t) => {
      const said = warnings(t);
      const model = tinyModel();
      model.compile(options);
      const again = await loadModel(await model.toBytes());
      assert.equal(again.compiled, false);
      assert.equal(said.length, 1);
      assert.match(said[0] ?? "", expected);
    });
  }

  it("a metric of one's own, and weights without decay: a warning, and the rest is kept", async (t) => {
    const said = warnings(t);
    const optimizer = new AdamW();
    optimizer.excludeFromWeightDecay({ varNames: ["bias"] });
    const model = await trained({ optimizer, metrics: ["accuracy", new Zero("zero")] });
    const again = await loadModel(await model.toBytes());
    assert.match(
      said.join("\n"),
      /without what excludeFromWeightDecay.*\n.*without metrics of classes of their own: zero/,
    );
    assert.deepEqual(Object.keys(await again.evaluate(x, y, { verbose: 0 })), ["loss", "accuracy"]);
  });
});

describe("a file that says what we do not have, or harm", () => {
  for (const [what, change, expected] of [
    ["an optimizer", (c) => ({ ...c, optimizer: { class_name: "Lion", config: {} } }), /no optimizer 'Lion' here/],
    ["a loss", (c) => ({ ...c, loss: "huber" }), /no loss 'huber' here/],
    [
      "a metric",
      (c) => ({ ...c, metrics: [["accuracy", { class_name: "MeanIoU", config: {} }]] }),
      /no metric 'MeanIoU'/,
    ],
    ["a name of every object", (c) => ({ ...c, loss: "constructor", metrics: ["__proto__"] }), /no loss 'constructor'/],
    [
      "code",
      (c) => ({ ...c, loss: { module: "os", class_name: "MeanSquaredError", config: {}, registered_name: null } }),
      /custom object, 'os\.MeanSquaredError'/,
    ],
    ["no optimizer", (c) => ({ ...c, optimizer: undefined }), /optimizer in the file has no `class_name`/],
    [
      "a schedule",
      (c) => ({ ...c, optimizer: { class_name: "SGD", config: { learning_rate: { class_name: "X" } } } }),
      /no learning rate schedule 'X'/,
    ],
    ["weights that are none", (c) => ({ ...c, loss_weights: ["much"] }), /weight of a loss should be a finite number/],
  ] satisfies (readonly [string, (config: Record<string, unknown>) => unknown, RegExp])[]) {
    it(`${what}: the model is there and predicts, uncompiled, and a warning says why`, async (t) => {
      const said = warnings(t);
      const bytes = withConfig(fixture("compiled-adam.keras"), change);
      const model = await loadModel(bytes);
      assert.equal(model.compiled, false);
      assert.equal(said.length, 1);
      assert.match(said[0] ?? "", /^The model was loaded, but not compiled: /);
      assert.match(said[0] ?? "", expected);
      const answer = await model.predict(new Tensor([1, 3], new Float32Array(3)));
      assert.equal(answer.size, 2);
      await loadModel(bytes, { compile: false });
      assert.equal(said.length, 1);
    });
  }

  const withOptimizer = (config: object) => (c: Record<string, unknown>) => ({
    ...c,
    optimizer: { class_name: "Adam", config },
  });
  for (const [what, change, expected] of [
    ["an argument that we do not have", withOptimizer({ use_ema: true }), /Adam has no argument useEma=true here/],
    ["one that nobody has", withOptimizer({ teleport: 3 }), /Adam has no argument teleport=3/],
    ["a value of another kind", withOptimizer({ beta_1: "0.9" }), /`beta1` must be a finite number/],
    ["a rate that is none", withOptimizer({ learning_rate: [1] }), /Argument `learningRate` should be float/],
    ["a name that is none", withOptimizer({ name: 5 }), /`name` of Adam must be a string/],
    [
      "a metric's value of another kind",
      (c) => ({ ...c, metrics: [{ class_name: "Precision", config: { thresholds: {} } }] }),
      /Threshold values must be in \[0, 1\]/,
    ],
    ["losses in lists in lists", (c) => ({ ...c, loss: [[["mse"]]] }), /losses in the file are lists within lists/],
  ] satisfies (readonly [string, (config: Record<string, unknown>) => unknown, RegExp])[]) {
    it(`${what}: the first use is an error, and the model is uncompiled then`, async () => {
      const model = await loadModel(withConfig(fixture("compiled-adam.keras"), change));
      const data = [new Tensor([2, 3], new Float32Array(6)), [0, 1]] as const;
      await assert.rejects(model.fit(...data), (error: Error) => {
        assert.match(error.message, /^The model cannot be trained as its file says: .*Call `compile\(\)`/s);
        assert.match(error.message, expected);
        return true;
      });
      assert.equal(model.compiled, false);
      await assert.rejects(model.fit(...data), /You must call `compile\(\)`/);
      model.compile({ loss: "sparse_categorical_crossentropy" });
      await model.fit(...data, { verbose: 0 });
    });
  }

  it("names of objects' parts as names of outputs and arguments: an error that names them, and nothing else changes", async () => {
    const json = '{"__proto__":{"polluted":1},"class_name":"Adam","config":{"__proto__":{"beta1":7},"constructor":1}}';
    const parsed = parseJson(new TextEncoder().encode(`{"optimizer":${json},"loss":{"__proto__":"mse"}}`));
    const { training } = trainingOf(
      () => parsed,
      () => undefined,
    );
    assert.ok(training !== undefined && "config" in training);
    assert.throws(() => compileOptionsOf(training.config), /Adam has no argument _Proto__=/);
    assert.equal(Object.hasOwn(Object.prototype, "polluted"), false);
  });

  type Variables = SavedTraining["variables"];
  const replaced = (variables: Variables, at: number, value: Tensor): Variables =>
    variables.map((one, i) => (i === at ? { ...one, value } : one));
  for (const [what, change, expected] of [
    [
      "one variable too few",
      (v) => v.slice(0, -1),
      /'a_kernel_momentum' has shape \(4, 6\) whereas the saved one has shape \(\)/,
    ],
    ["two too few", (v) => v.slice(0, -2), /it has 14 variables whereas the saved optimizer has 12/],
    ["one too many", (v) => [...v, ...v.slice(-1)], /it has 14 variables whereas the saved optimizer has 15/],
    ["none", () => [], /whereas the saved optimizer has 0 variables/],
    ["the rate alone, after steps", (v) => v.slice(0, 2), /whereas the saved optimizer has 2 variables/],
    [
      "another shape",
      (v) => replaced(v, 2, new Tensor([6, 4], new Float32Array(24))),
      /'a_kernel_momentum' has shape \(4, 6\) whereas/,
    ],
    ["a count that is none", (v) => replaced(v, 0, new Tensor([], Float32Array.of(NaN))), /has made NaN steps/],
    ["a negative count", (v) => replaced(v, 0, new Tensor([], Int32Array.of(-1))), /has made -1 steps/],
    ["half a step", (v) => replaced(v, 0, new Tensor([], Float32Array.of(0.5))), /has made 0\.5 steps/],
    ["an infinite rate", (v) => replaced(v, 1, new Tensor([], Float32Array.of(Infinity))), /learning rate Infinity/],
    ["NaN", (v) => replaced(v, 3, new Tensor([4, 6], new Float32Array(24).fill(NaN))), /has NaN or infinity in it/],
  ] satisfies (readonly [string, (variables: Variables) => Variables, RegExp])[]) {
    it(`a state with ${what}: Keras's warning at the first use, and a fresh optimizer`, async (t) => {
      const said = warnings(t);
      const model = await trained();
      const bytes = await withTraining(model, (training) => ({ ...training, variables: change(training.variables) }));
      const again = await loadModel(bytes);
      await again.predict(x);
      assert.deepEqual([again.compiled, said], [true, []]);
      await again.evaluate(x, y, { verbose: 0 });
      assert.equal(said.length, 1);
      assert.match(said[0] ?? "", /^Skipping variable loading for optimizer 'adam\w*', because /);
      assert.match(said[0] ?? "", expected);
      assert.equal(again.optimizer?.iterations, 0);
      assert.ok(again.optimizer?.variables.slice(2).every(({ value }) => value.data.every((one) => one === 0)));
      await train(again);
    });
  }

  it("a training_config that is no JSON, in .h5: uncompiled, with a warning", async (t) => {
    const said = warnings(t);
    const bytes = fixture("compiled-adam.h5");
    const at = Buffer.from(bytes).indexOf('{"loss": "sparse');
    assert.ok(at > 0);
    bytes[at] = 0x5b;
    assert.equal((await loadModel(bytes)).compiled, false);
    assert.match(said.join("\n"), /^The model was loaded, but not compiled: The JSON is broken/);
  });
});

describe("classes and names", () => {
  it("those that are looked for in a file are those that there are", () => {
    for (const name of OPTIMIZERS) assert.ok(optimizers.has(name));
    for (const name of SCHEDULES) assert.ok(schedules.has(name));
    for (const className of LOSSES) {
      const loss = losses.make({ className, config: {} });
      assert.deepEqual(losses.describe(loss), { className, config: loss.getConfig() });
    }
    for (const className of METRICS) {
      const metric = metrics.make({ className, config: { name: "own", dtype: "float32" } });
      assert.deepEqual(metrics.describe(metric), { className, config: metric.getConfig() });
      assert.deepEqual(metrics.make({ className, config: metric.getConfig() }).getConfig(), metric.getConfig());
    }
    const [target, output] = [new Tensor([1, 2], Float32Array.of(0, 1)), new Tensor([1, 2], Float32Array.of(0.5, 0.5))];
    for (const name of LOSS_NAMES) assert.ok(lossOf(name, target, output) instanceof Loss, name);
    for (const name of METRIC_NAMES) assert.equal(typeof metricOf(name, target, output).name, "string", name);
  });
});
