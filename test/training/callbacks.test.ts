/** Callbacks: what they see, and what they do to a training. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { loadModel } from "../../src/models/files/load-model.ts";
import { Callback, type Logs } from "../../src/training/callbacks/callback.ts";
import { CSVLogger } from "../../src/training/callbacks/csv-logger.ts";
import { EarlyStopping } from "../../src/training/callbacks/early-stopping.ts";
import { LambdaCallback } from "../../src/training/callbacks/lambda-callback.ts";
import { LearningRateScheduler } from "../../src/training/callbacks/learning-rate-scheduler.ts";
import { ModelCheckpoint, formatPath } from "../../src/training/callbacks/model-checkpoint.ts";
import { ReduceLROnPlateau } from "../../src/training/callbacks/reduce-lr-on-plateau.ts";
import { TerminateOnNaN } from "../../src/training/callbacks/terminate-on-nan.ts";
import { SGD } from "../../src/training/optimizers/sgd.ts";
import { TestFolder } from "../platform/folder.ts";
import { tinyData, tinyModel, weightsOf } from "./tiny.ts";

const { x, y } = tinyData(20);

function compiled(learningRate = 0.1) {
  const model = tinyModel();
  model.compile({
    optimizer: new SGD({ learningRate }),
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy"],
  });
  return model;
}

/** A value in the logs of every epoch, as a script says; before the callbacks that are given later. */
function scripted(name: string, values: readonly number[]): Callback {
  return new LambdaCallback({
    onEpochEnd(epoch, logs) {
      logs[name] = values[epoch] ?? NaN;
    },
  });
}

describe("callbacks", () => {
  it("hooks come in Keras's order, are waited for, and see the model", async () => {
    const seen: string[] = [];
    class Recorder extends Callback {
      async #note(text: string): Promise<void> {
        await new Promise((resolve) => setTimeout(resolve, 1));
        seen.push(text);
      }
      override onTrainBegin = (): Promise<void> =>
        this.#note(`train of ${this.model.name}, ${this.params.steps} steps`);
      override onTrainEnd = (): Promise<void> => this.#note("end");
      override onEpochBegin = (epoch: number): Promise<void> => this.#note(`epoch ${epoch}`);
      override onEpochEnd = (epoch: number, logs: Logs): Promise<void> =>
        this.#note(`epoch ${epoch} done: ${Object.keys(logs).join()}`);
      override onTrainBatchBegin = (batch: number): Promise<void> => this.#note(`batch ${batch}`);
      override onTrainBatchEnd = (batch: number, logs: Logs): Promise<void> =>
        this.#note(`batch ${batch} done: ${Object.keys(logs).join()}`);
      override onTestBegin = (): Promise<void> => this.#note("test");
      override onTestEnd = (): Promise<void> => this.#note("test done");
      override onTestBatchBegin = (batch: number): Promise<void> => this.#note(`test batch ${batch}`);
      override onTestBatchEnd = (batch: number): Promise<void> => this.#note(`test batch ${batch} done`);
    }
    const model = compiled();
    await model.fit(x, y, {
      batchSize: 16,
      validationData: [x, y],
      validationBatchSize: 20,
      callbacks: [new Recorder()],
    });
    assert.deepEqual(seen, [
      "train of tiny, 2 steps",
      "epoch 0",
      "batch 0",
      "batch 0 done: loss,accuracy",
      "batch 1",
      "batch 1 done: loss,accuracy",
      "test",
      "test batch 0",
      "test batch 0 done",
      "test done",
      "epoch 0 done: loss,accuracy,val_loss,val_accuracy",
      "end",
    ]);
  });

  it("EarlyStopping waits for its patience, and gives the best weights back", async () => {
    const kept: (readonly Float32Array[])[] = [];
    const model = compiled();
    const keep = new LambdaCallback({
      onEpochEnd() {
        kept.push(weightsOf(model));
      },
    });
    const stop = new EarlyStopping({ patience: 2, restoreBestWeights: true, minDelta: 0.05 });
    const { epoch } = await model.fit(x, y, {
      epochs: 10,
      callbacks: [scripted("val_loss", [3, 1, 0.99, 1.5, 0.1]), keep, stop],
    });
    assert.deepEqual(epoch, [0, 1, 2, 3]);
    assert.equal(stop.stoppedEpoch, 3);
    assert.equal(stop.bestEpoch, 1);
    assert.deepEqual(weightsOf(model), kept[1]);
    assert.notDeepEqual(kept[1], kept[3]);
    // Predictions are the restored weights'.
    const [before, after] = [await model.predict(x), compiled()];
    after.setWeights(model.getWeights());
    assert.deepEqual((await after.predict(x)).data, before.data);
  });

  it("EarlyStopping knows what is better: more accuracy, less loss; and counts from startFromEpoch on", async () => {
    for (const [monitor, values, epochs] of [
      ["accuracy", [0.5, 0.6, 0.55, 0.7], 3],
      ["loss", [3, 2, 2.5, 1], 3],
      ["valLoss", [3, 4, 5, 6], 2],
    ] as const) {
      const callbacks = [
        scripted(monitor === "valLoss" ? "val_loss" : monitor, values),
        new EarlyStopping({ monitor }),
      ];
      assert.equal((await compiled().fit(x, y, { epochs: 4, callbacks })).epoch.length, epochs, monitor);
    }
    const late = [scripted("val_loss", [1, 2, 3, 4, 5]), new EarlyStopping({ startFromEpoch: 3 })];
    assert.equal((await compiled().fit(x, y, { epochs: 9, callbacks: late })).epoch.length, 5);
    const unknown = [scripted("strange", [1, 2]), new EarlyStopping({ monitor: "strange" })];
    await assert.rejects(compiled().fit(x, y, { epochs: 2, callbacks: unknown }), {
      code: "ValueError",
      message: /EarlyStopping callback received monitor=strange.*Pass `mode: 'max'`/,
    });
    const high = [scripted("strange", [1, 2, 1]), new EarlyStopping({ monitor: "strange", mode: "max" })];
    assert.equal((await compiled().fit(x, y, { epochs: 5, callbacks: high })).epoch.length, 3);
  });

  it("EarlyStopping with a baseline waits until that is reached", async () => {
    const callbacks = [scripted("val_loss", [5, 4, 3, 2, 1]), new EarlyStopping({ baseline: 0.5, patience: 2 })];
    const stopped = await compiled().fit(x, y, { epochs: 9, callbacks });
    // As in Keras: what is better than before goes on, even below the patience.
    assert.equal(stopped.epoch.length, 6);
  });

  it("ReduceLROnPlateau makes the rate smaller, cools down, and stops at minLr", async () => {
    const model = compiled(1e-3);
    const plateau = new ReduceLROnPlateau({ factor: 0.5, patience: 2, cooldown: 1, minLr: 3e-4 });
    const { history } = await model.fit(x, y, {
      epochs: 9,
      callbacks: [scripted("val_loss", [1, 1, 1, 1, 1, 1, 1, 1, 1]), plateau],
    });
    assert.deepEqual(history["learning_rate"], [1e-3, 1e-3, 1e-3, 5e-4, 5e-4, 3e-4, 3e-4, 3e-4, 3e-4]);
  });

  it("LearningRateScheduler sets the rate of every epoch", async () => {
    const scheduler = new LearningRateScheduler((epoch, rate) => (epoch < 2 ? rate : rate / 2));
    const { history } = await compiled(0.5).fit(x, y, { epochs: 4, callbacks: [scheduler] });
    assert.deepEqual(history["learning_rate"], [0.5, 0.5, 0.25, 0.125]);
    const wrong = new LearningRateScheduler(() => NaN);
    await assert.rejects(compiled().fit(x, y, { callbacks: [wrong] }), {
      message: "The output of the `schedule` function should be a float. Got: NaN",
    });
  });

  it("TerminateOnNaN ends the training after the batch, or throws", async () => {
    const broken = { x: tinyData(20).x, y };
    broken.x.data[0] = NaN;
    const model = compiled();
    const options = { epochs: 3, batchSize: 10, shuffle: false } as const;
    const { epoch } = await model.fit(broken.x, y, { ...options, callbacks: [new TerminateOnNaN()] });
    assert.deepEqual(epoch, [0]);
    assert.equal(model.optimizer?.iterations, 1);
    await assert.rejects(
      compiled().fit(broken.x, y, { ...options, callbacks: [new TerminateOnNaN({ raiseError: true })] }),
      { message: "NaN or Inf loss encountered at batch 0. Loss value: NaN. Terminating training immediately." },
    );
  });

  it("CSVLogger writes a line an epoch, whole after each, and appends", async () => {
    using folder = new TestFolder();
    const path = folder.file("log.csv");
    const lengths: number[] = [];
    const look = new LambdaCallback({
      onEpochEnd() {
        lengths.push(readFileSync(path, "utf8").split("\r\n").length);
      },
    });
    const model = compiled();
    const { history } = await model.fit(x, y, { epochs: 2, callbacks: [new CSVLogger(path), look] });
    assert.deepEqual(lengths, [3, 4]);
    const lines = readFileSync(path, "utf8").split("\r\n");
    assert.equal(lines[0], "epoch,accuracy,loss,val_accuracy,val_loss");
    assert.equal(lines[2], `1,${history["accuracy"]?.[1]},${history["loss"]?.[1]},NA,NA`);
    await model.fit(x, y, { epochs: 1, callbacks: [new CSVLogger(path, { append: true })] });
    assert.equal(readFileSync(path, "utf8").split("\r\n").length, 5);
    await model.fit(x, y, { epochs: 1, callbacks: [new CSVLogger(path, { separator: ";" })] });
    assert.match(readFileSync(path, "utf8"), /^epoch;accuracy;loss/);
  });

  it("ModelCheckpoint names files as Python does, and saves what is better", async () => {
    using folder = new TestFolder();
    const model = compiled();
    const every = new ModelCheckpoint(folder.file("all/{epoch:02d}-{val_loss:.2f}.keras"));
    const best = new ModelCheckpoint(folder.file("best.weights.h5"), {
      saveBestOnly: true,
      saveWeightsOnly: true,
      monitor: "val_loss",
    });
    const weights: (readonly Float32Array[])[] = [];
    const keep = new LambdaCallback({
      onEpochEnd() {
        weights.push(weightsOf(model));
      },
    });
    await model.fit(x, y, { epochs: 3, callbacks: [scripted("val_loss", [2, 1, 1.5]), every, best, keep] });
    assert.deepEqual(readdirSync(folder.file("all")).toSorted(), ["01-2.00.keras", "02-1.00.keras", "03-1.50.keras"]);
    const loaded = await loadModel(folder.file("all/03-1.50.keras"));
    assert.deepEqual(
      loaded.weights.map(({ values }) => values),
      weights[2],
    );
    const other = tinyModel("other");
    await other.loadWeights(folder.file("best.weights.h5"));
    assert.deepEqual(weightsOf(other), weights[1]);
  });

  it("ModelCheckpoint saves after so many batches", async () => {
    using folder = new TestFolder();
    const batches = new ModelCheckpoint(folder.file("{epoch}-{batch}.keras"), { saveFreq: 3 });
    await compiled().fit(x, y, { epochs: 2, batchSize: 5, callbacks: [batches] });
    assert.ok(existsSync(folder.file("1-3.keras")) && existsSync(folder.file("2-2.keras")));
    assert.equal(readdirSync(folder.path).length, 2);
  });

  it("ModelCheckpoint refuses what Keras refuses, in its words", async () => {
    assert.throws(() => new ModelCheckpoint("model.bin"), {
      message: "The filepath provided must end in `.keras` (Keras model format). Received: filepath=model.bin",
    });
    assert.throws(() => new ModelCheckpoint("model.keras", { saveWeightsOnly: true }), { message: /`\.weights\.h5`/ });
    assert.throws(() => new ModelCheckpoint("model.keras", { saveFreq: 0 }), { message: /^Unrecognized saveFreq: 0/ });
    await assert.rejects(compiled().fit(x, y, { callbacks: [new ModelCheckpoint("{val_loss}.keras")] }), {
      message: `Failed to format this callback filepath: "{val_loss}.keras". Reason: 'val_loss'`,
    });
  });

  it("fields of file names: widths, digits, Keras's and camel-case names", () => {
    const logs = { epoch: 7, val_loss: 0.123456, accuracy: 0.5 };
    for (const [pattern, expected] of [
      ["{epoch}", "7"],
      ["{epoch:03d}", "007"],
      ["{epoch:3d}|", "  7|"],
      ["{valLoss:.3f}", "0.123"],
      ["{val_loss:.1e}", "1.2e-01"],
      ["{accuracy:.0%}", "50%"],
      ["{val_loss:08.2f}", "00000.12"],
      ["no {fields here}", "no {fields here}"],
    ] as const) {
      assert.equal(formatPath(pattern, logs), expected);
    }
  });

  it("stopTraining ends after the batch; the epoch is logged", async () => {
    const model = compiled();
    const stop = new LambdaCallback({
      onTrainBatchEnd(batch) {
        if (batch === 1) model.stopTraining = true;
      },
    });
    const { epoch } = await model.fit(x, y, { epochs: 5, batchSize: 4, callbacks: [stop] });
    assert.deepEqual(epoch, [0]);
    assert.equal(model.optimizer?.iterations, 2);
    assert.equal((await model.fit(x, y, { epochs: 2 })).epoch.length, 2);
  });
});
