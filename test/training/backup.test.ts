/** BackupAndRestore: a training that was interrupted anywhere ends as one that was not, to the bit. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { Tensor } from "../../src/core/tensor.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import type { Model } from "../../src/models/model.ts";
import { Sequential } from "../../src/models/sequential.ts";
import { Adam } from "../../src/training/optimizers/adam.ts";
import { BackupAndRestore, type BackupStore } from "../../src/training/callbacks/backup-and-restore.ts";
import type { Callback } from "../../src/training/callbacks/callback.ts";
import { CSVLogger } from "../../src/training/callbacks/csv-logger.ts";
import { EarlyStopping } from "../../src/training/callbacks/early-stopping.ts";
import { LambdaCallback } from "../../src/training/callbacks/lambda-callback.ts";
import { ReduceLROnPlateau } from "../../src/training/callbacks/reduce-lr-on-plateau.ts";
import type { FitOptions } from "../../src/training/loop/fit-options.ts";
import type { TrainingBatch } from "../../src/training/data/samples.ts";
import { type StateRecord, decodeState, encodeState } from "../../src/training/loop/state.ts";
import { TestFolder } from "../platform/folder.ts";
import { tinyData, tinyModel, weightsOf } from "./tiny.ts";

const { x, y } = tinyData(30);
const validationData = [tinyData(12, "validation").x, tinyData(12, "validation").y] as const;

function compiled(seed: string): Model {
  const model = tinyModel(seed);
  model.compile({
    optimizer: new Adam({ learningRate: 0.05 }),
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy"],
  });
  return model;
}

/** Keeps a state as a disk does: in bytes. */
class MemoryStore implements BackupStore {
  bytes: Uint8Array | undefined;
  seed: number | undefined;

  read(): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.bytes);
  }
  write(bytes: Uint8Array): Promise<void> {
    this.bytes = bytes.slice();
    this.seed ??= Number(decodeState(bytes)["seed"]);
    return Promise.resolve();
  }
  remove(): Promise<void> {
    this.bytes = undefined;
    return Promise.resolve();
  }
}

class Killed extends Error {}

/** Dies after so many batches of this process. */
function killer(batches: number): Callback {
  let left = batches;
  return new LambdaCallback({
    onTrainBatchBegin() {
      if (left-- === 0) throw new Killed();
    },
  });
}

interface Ended {
  readonly weights: readonly Float32Array[];
  readonly history: Readonly<Record<string, readonly number[]>>;
}

const counters = (): readonly Callback[] => [
  new EarlyStopping({ monitor: "val_loss", patience: 3, restoreBestWeights: true }),
  new ReduceLROnPlateau({ monitor: "loss", factor: 0.5, patience: 1, minDelta: 0.1 }),
];

/** Trains, dying after each of `lives`, until it is through. Each process begins with other weights. */
async function train(
  options: FitOptions,
  lives: readonly number[],
  store: BackupStore,
  saveFreq: "epoch" | number,
): Promise<Ended> {
  for (const [i, life] of [...lives, Infinity].entries()) {
    const model = compiled(i === 0 ? "first" : `life ${i}`);
    const callbacks = [new BackupAndRestore(store, { saveFreq }), ...counters(), killer(life)];
    try {
      const { history } = await model.fit(x, y, { ...options, callbacks });
      return { weights: weightsOf(model), history };
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }
  throw new Error("never through");
}

describe("BackupAndRestore", () => {
  const plain: FitOptions = { epochs: 6, batchSize: 7, seed: 5, validationData };
  const options: Readonly<Record<string, FitOptions>> = {
    "arrays in shuffled order": plain,
    "epochs that go on where one stopped": { ...plain, stepsPerEpoch: 4 },
    "a seed that nobody gave": { ...plain, seed: undefined },
  };
  for (const [name, given] of Object.entries(options)) {
    for (const saveFreq of ["epoch", 1, 2, 3] as const) {
      it(`${name}, saved every ${saveFreq}: the same bits after four deaths`, async () => {
        const store = new MemoryStore();
        const { weights, history } = await train(given, [7, 6, 5, 6], store, saveFreq);
        const { seed } = store;
        assert.ok(seed !== undefined && (given.seed ?? seed) === seed);
        const whole = await train({ ...given, seed }, [], new MemoryStore(), saveFreq);
        assert.deepEqual(weights, whole.weights);
        assert.deepEqual(history, whole.history);
        assert.equal(store.bytes, undefined);
      });
    }
  }

  it("a data set by epochs: the same bits; each epoch's own order", async () => {
    const orders: number[] = [];
    async function* batches(epoch: number): AsyncGenerator<TrainingBatch> {
      for (let i = 0; i < 3; i++) {
        const from = ((i + epoch) % 3) * 10;
        orders.push(from);
        yield {
          x: new Tensor([10, 4], x.data.subarray(from * 4, (from + 10) * 4)),
          y: y.subarray(from, from + 10),
        };
      }
    }
    const dataset = { cardinality: 3, batches, [Symbol.asyncIterator]: () => batches(0) };
    const run = async (lives: readonly number[]): Promise<readonly Float32Array[]> => {
      const store = new MemoryStore();
      for (const life of [...lives, Infinity]) {
        const model = compiled("same");
        const callbacks = [killer(life), new BackupAndRestore(store, { saveFreq: 2 })];
        try {
          await model.fit(dataset, { epochs: 4, seed: 1, callbacks });
          return weightsOf(model);
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
        }
      }
      throw new Error("never through");
    };
    const whole = await run([]);
    assert.deepEqual(orders, [0, 10, 20, 10, 20, 0, 20, 0, 10, 0, 10, 20]);
    assert.deepEqual(await run([4, 4, 3]), whole);
  });

  it("keeps the state in a folder, and takes it away at the end or leaves it", async () => {
    using folder = new TestFolder();
    const path = folder.file("backup");
    const run = async (life: number, deleteCheckpoint: boolean): Promise<number> => {
      const model = compiled("folder");
      const callbacks = [new BackupAndRestore(path, { deleteCheckpoint }), killer(life)];
      return (await model.fit(x, y, { epochs: 3, batchSize: 10, seed: 1, callbacks })).epoch.length;
    };
    await assert.rejects(run(4, false), Killed);
    assert.ok(existsSync(`${path}/latest.state`));
    assert.equal(await run(Infinity, false), 3);
    assert.ok(existsSync(`${path}/latest.state`));
    // All is done already: nothing is trained any more.
    assert.equal(await run(0, true), 3);
    assert.equal(existsSync(`${path}/latest.state`), false);
  });

  it("CSVLogger's lines of an epoch that is done again are not there twice", async () => {
    using folder = new TestFolder();
    const store = new MemoryStore();
    const run = (life: number) =>
      compiled("csv").fit(x, y, {
        epochs: 4,
        batchSize: 10,
        seed: 1,
        callbacks: [new CSVLogger(folder.file("log.csv")), new BackupAndRestore(store), killer(life)],
      });
    await assert.rejects(run(7), Killed);
    await run(Infinity);
    const epochs = readFileSync(folder.file("log.csv"), "utf8")
      .trim()
      .split("\r\n")
      .map((line) => line.split(",")[0]);
    assert.deepEqual(epochs, ["epoch", "0", "1", "2", "3"]);
  });

  it("another training's state is refused, and changes nothing", async () => {
    const store = new MemoryStore();
    const callbacks = [new BackupAndRestore(store)];
    await assert.rejects(compiled("a").fit(x, y, { epochs: 2, callbacks: [...callbacks, killer(1)] }), Killed);
    const input = new Tensor([1, 4], new Float32Array(4));
    const model = new Sequential([Input({ shape: [4] }), new Dense({ units: 3 })]);
    model.compile({ optimizer: "sgd", loss: "sparse_categorical_crossentropy" });
    const before = await model.predict(input);
    await assert.rejects(model.fit(x, y, { epochs: 2, callbacks }), {
      code: "StateError",
      message: /^The backup is of another training: it has \d weights/,
    });
    assert.deepEqual((await model.predict(input)).data, before.data);
  });

  it("other callbacks than before: those that match go on, in their order, the rest begin anew", async () => {
    const store = new MemoryStore();
    const backup = new BackupAndRestore(store, { saveFreq: 1 });
    const stopping = (patience: number): EarlyStopping => new EarlyStopping({ monitor: "loss", patience, mode: "max" });
    // By a loss that falls, each waits from the second epoch on.
    const first = [stopping(9), killer(7), stopping(8)];
    await assert.rejects(compiled("a").fit(x, y, { epochs: 9, batchSize: 10, callbacks: [...first, backup] }), Killed);
    const resumed = [stopping(3), new ReduceLROnPlateau({ monitor: "loss" })];
    const { epoch } = await compiled("b").fit(x, y, { epochs: 9, batchSize: 10, callbacks: [...resumed, backup] });
    // With the wait of the first one, not from anew.
    assert.deepEqual(epoch, [0, 1, 2, 3]);
    assert.equal(store.bytes, undefined);
  });

  it("a broken state is refused", async () => {
    using folder = new TestFolder();
    writeFileSync(folder.file("latest.state"), "MobileNetV2 training state");
    const backup = new BackupAndRestore(folder.path);
    await assert.rejects(compiled("a").fit(x, y, { callbacks: [backup] }), {
      code: "FormatError",
      message: /latest\.state: This is no whole training state: .*\. Remove it to begin anew\.$/,
    });
  });
});

describe("states as bytes", () => {
  const state: StateRecord = {
    numbers: [1, -0, NaN, Infinity, -Infinity, 5e-324, 0.1],
    nothing: null,
    text: "ünïcode",
    yes: true,
    nested: { arrays: [Float32Array.of(1, NaN, -0), new Float32Array(0)], again: { one: Float32Array.of(0.1) } },
  };

  it("come back to the bit", () => {
    assert.deepStrictEqual(decodeState(encodeState(state)), state);
  });

  it("cut off anywhere, or with any bit turned, are refused", () => {
    const bytes = encodeState(state);
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => decodeState(bytes.subarray(0, length)), { code: "FormatError" });
    }
    assert.throws(() => decodeState(Uint8Array.of(...bytes, 0)), { code: "FormatError" });
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const turned = bytes.slice();
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.throws(() => decodeState(turned), { code: "FormatError", message: /^This is no whole training state: / });
    }
  });
});
