import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { Dense, Dropout, Input, Model, Tensor } from "mobilenet-v2";
import { balancedClassWeight, stratifiedFolds, stratifiedSplit } from "mobilenet-v2/data";
import { GlorotUniform } from "mobilenet-v2/layers";
import { Adam, Callback, type PhaseResult, type TrainingPhase, fitInPhases } from "mobilenet-v2/training";
import { hasPhaseBackups } from "../../src/training/loop/phases.ts";
import { uniform } from "../../src/core/random.ts";

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "phases-"));
  folders.push(folder);
  return folder;
}

describe("parts of a data set", () => {
  const labels = [...Array<number>(50).fill(0), ...Array<number>(10).fill(1), 2, 2, 2, 3, 3, 4];
  const countsOf = (places: Int32Array): readonly number[] =>
    [0, 1, 2, 3, 4].map((label) => places.filter((place) => labels[place] === label).length);

  test("every class has its share; one is held out of 3, none of fewer; no sample is in both", () => {
    const { training, validation } = stratifiedSplit(labels, 0.2, 7);
    assert.deepEqual(countsOf(validation), [10, 2, 1, 0, 0]);
    assert.deepEqual(countsOf(training), [40, 8, 2, 2, 1]);
    assert.deepEqual(
      [...training, ...validation].toSorted((a, b) => a - b),
      labels.map((_, i) => i),
    );
    assert.deepEqual(stratifiedSplit(labels, 0.2, 7), { training, validation });
    assert.notDeepEqual(stratifiedSplit(labels, 0.2, 8).validation, validation);
    assert.equal(stratifiedSplit(labels, 0).validation.length, 0);
    // One of each is kept, whatever the fraction.
    assert.deepEqual(countsOf(stratifiedSplit(labels, 0.99).training), [1, 1, 1, 2, 1]);
    assert.throws(() => stratifiedSplit(labels, 1), /`fraction` must be 0 or more, and below 1\. Received: fraction=1/);
  });

  test("folds hold every sample out once, and have about as many of every class as one another", () => {
    const folds = stratifiedFolds(labels, 5, 3);
    assert.deepEqual(
      folds.flatMap(({ validation }) => [...validation]).toSorted((a, b) => a - b),
      labels.map((_, i) => i),
    );
    for (const { training, validation } of folds) {
      assert.equal(training.length + validation.length, labels.length);
      assert.equal(training.filter((place) => validation.includes(place)).length, 0);
      assert.deepEqual(countsOf(validation).slice(0, 2), [10, 2]);
    }
    assert.throws(() => stratifiedFolds([0, 1], 3), /`count` must be a whole number from 2 to that of the samples, 2/);
  });

  test("class weights are scikit-learn's balanced ones", () => {
    assert.deepEqual(balancedClassWeight([0, 0, 0, 1, 3, 3]), { 0: 6 / 9, 1: 2, 3: 1 });
  });
});

const x = new Tensor([40, 6], uniform("recipe/x", 240, -1, 1));
const y = Int32Array.from({ length: 40 }, (_, i) => ((x.data[i * 6] ?? 0) > 0 ? 1 : 0));

function modelOf(): Model {
  const input = Input({ shape: [6] });
  const hidden = new Dense({
    units: 8,
    activation: "relu",
    name: "hidden",
    kernelInitializer: new GlorotUniform({ seed: 1 }),
  });
  const z = new Dropout({ rate: 0.3 }).apply(hidden.apply(input));
  const head = new Dense({
    units: 2,
    activation: "softmax",
    name: "head",
    kernelInitializer: new GlorotUniform({ seed: 2 }),
  });
  return new Model({ inputs: input, outputs: head.apply(z), threads: 1 });
}

/** Aborts after so many steps, as a user would. */
class Stop extends Callback {
  readonly stop = new AbortController();
  #left: number;

  constructor(steps: number) {
    super();
    this.#left = steps;
  }

  override onTrainBatchEnd(): void {
    if (--this.#left === 0) this.stop.abort(new Error("enough"));
  }
}

/** Two phases, the second with all that learns; `keeps` for the second. */
function phasesOf(model: Model, stop: Stop, keeps?: TrainingPhase["keeps"]): readonly TrainingPhase[] {
  const fit = (epochs: number, backup: Callback) => {
    model.compile({ optimizer: new Adam({ learningRate: 0.01 }), loss: "sparse_categorical_crossentropy" });
    return model.fit(x, y, {
      epochs,
      batchSize: 8,
      seed: 5,
      callbacks: [stop, backup],
      verbose: 0,
      signal: stop.stop.signal,
    });
  };
  const hidden = model.getLayer("hidden");
  return [
    {
      name: "head",
      run: (backup) => {
        hidden.trainable = false;
        return fit(3, backup);
      },
    },
    {
      name: "all",
      run: (backup) => {
        hidden.trainable = true;
        return fit(4, backup);
      },
      keeps,
    },
  ];
}

function valuesOf(model: Model): readonly number[] {
  return model.weights.flatMap(({ values }) => [...values]);
}

async function whole(
  keeps?: TrainingPhase["keeps"],
): Promise<{ values: readonly number[]; results: readonly PhaseResult[] }> {
  const model = modelOf();
  const results = await fitInPhases(model, phasesOf(model, new Stop(Infinity), keeps), { folder: newFolder() });
  return { values: valuesOf(model), results };
}

describe("phases", () => {
  test("stopped after any step and taken up again, they end with the same weights to the bit and the same logs", async () => {
    const undisturbed = await whole();
    // 5 steps an epoch, 3 epochs and 4: at the first, within and at the ends of epochs, at the end of a phase, near the end.
    for (const stops of [[1], [5], [7, 3], [15], [16], [4, 9, 9], [34]]) {
      const folder = newFolder();
      for (const steps of stops) {
        const model = modelOf();
        const stop = new Stop(steps);
        const { signal } = stop.stop;
        // oxlint-disable-next-line no-await-in-loop -- one goes on where the other stopped
        await assert.rejects(fitInPhases(model, phasesOf(model, stop), { folder, signal, interval: 1e6 }), /enough/);
        // oxlint-disable-next-line no-await-in-loop
        assert.ok(await hasPhaseBackups(folder));
      }
      const model = modelOf();
      // oxlint-disable-next-line no-await-in-loop
      const results = await fitInPhases(model, phasesOf(model, new Stop(Infinity)), { folder });
      assert.deepEqual(valuesOf(model), undisturbed.values, stops.join());
      assert.deepEqual(results, undisturbed.results);
    }
  });

  test("what ended is not done again: only the states of ends are left", async () => {
    const folder = newFolder();
    const model = modelOf();
    const first = await fitInPhases(model, phasesOf(model, new Stop(Infinity)), { folder, interval: 0 });
    assert.deepEqual(
      new Set(readdirSync(folder, { recursive: true, encoding: "utf8" })),
      new Set(["phase-1", join("phase-1", "end.state"), "phase-2", join("phase-2", "end.state")]),
    );
    const again = modelOf();
    assert.deepEqual(await fitInPhases(again, phasesOf(again, new Stop(1)), { folder }), first);
    assert.deepEqual(valuesOf(again), valuesOf(model));
  });

  test("a phase that is not kept leaves the weights of the phase before", async () => {
    const seen: (readonly string[])[] = [];
    const dropped = await whole((logged, before) => {
      seen.push([Object.keys(logged).join(), ...before.map(({ name }) => name)]);
      return false;
    });
    const kept = await whole();
    const model = modelOf();
    await fitInPhases(model, phasesOf(model, new Stop(Infinity)).slice(0, 1), { folder: newFolder() });
    assert.deepEqual(seen, [["loss", "head"]]);
    assert.deepEqual(dropped.values, valuesOf(model));
    assert.notDeepEqual(dropped.values, kept.values);
    assert.deepEqual(
      dropped.results.map((result) => result.kept),
      [true, false],
    );
  });

  test("states of another training are refused", async () => {
    const folder = newFolder();
    const model = modelOf();
    const phases = phasesOf(model, new Stop(Infinity));
    await fitInPhases(model, phases.slice(0, 1), { folder });
    const other = phases.map((phase) => ({ ...phase, name: "other" }));
    await assert.rejects(fitInPhases(model, other, { folder }), {
      code: "StateError",
      message: /"other" is of another training/,
    });
  });
});
