/** Runs of the training engine: threads, frozen and nested parts, sizes that change, memory, errors. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { MobileNetV2 } from "../../../src/applications/mobilenet-v2.ts";
import { Tensor } from "../../../src/core/tensor.ts";
import { ThreadPool } from "../../../src/engine/threads/pool.ts";
import { TrainingEngine, type TrainingEngineOptions } from "../../../src/engine/training/training-engine.ts";
import type { Gradients } from "../../../src/graph/differentiator.ts";
import { type Program, programOf } from "../../../src/graph/program.ts";
import { BatchNormalization } from "../../../src/layers/normalization/batch-normalization.ts";
import { Conv2D } from "../../../src/layers/convolutional/conv2d.ts";
import { Dense } from "../../../src/layers/core/dense.ts";
import { Dropout } from "../../../src/layers/regularization/dropout.ts";
import { GlobalAveragePooling2D } from "../../../src/layers/pooling/global-average-pooling2d.ts";
import { Input } from "../../../src/layers/core/input-layer.ts";
import { ReLU } from "../../../src/layers/activations/relu.ts";
import { Model } from "../../../src/models/model.ts";
import { seedWeights } from "../../support/seeded.ts";
import { seededProgram, seededTensors } from "../run.ts";
import { SEED, runOnce, seededGradient, trainableOf, trainingDifference } from "./run.ts";

const pool = new ThreadPool();
const engines: TrainingEngine[] = [];

async function engineOf(program: Program, options: Partial<TrainingEngineOptions> = {}): Promise<TrainingEngine> {
  const engine = await TrainingEngine.create(program, {
    training: true,
    weights: trainableOf(program),
    pool,
    ...options,
  });
  engines.push(engine);
  return engine;
}

after(() => {
  for (const engine of engines) engine.dispose();
});

/** Lets workers start. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 15));

/** A small MobileNetV2 with a head that drops. */
async function smallModel(size = 32): Promise<Model> {
  const base = await MobileNetV2({ alpha: 0.35, inputShape: [size, size, 3], includeTop: false, weights: null });
  const dropped = new Dropout({ rate: 0.2 }).apply(new GlobalAveragePooling2D().apply(base.output));
  const model = new Model({
    inputs: base.inputs,
    outputs: new Dense({ units: 5, activation: "softmax", name: "head" }).apply(dropped),
  });
  seedWeights(model, "training");
  return model;
}

function small(): Program {
  const input = Input({ shape: [6, 5, 3] });
  const sums = new Conv2D({ filters: 8, kernelSize: 1 }).apply(input);
  const bounded = new ReLU().apply(new BatchNormalization().apply(sums));
  return seededProgram(input, new Dense({ units: 3 }).apply(new GlobalAveragePooling2D().apply(bounded)));
}

function numbersOf({ outputs, weights }: Gradients): readonly Float32Array[] {
  return [...outputs.map(({ data }) => data), ...weights].map((values) => values.slice());
}

describe("the training engine", () => {
  it("1, 2, 3 and 8 threads give the same bits", async () => {
    const program = programOf((await smallModel()).graph);
    const inputs = seededTensors([[5, 32, 32, 3]]);
    let expected: readonly Float32Array[] | undefined;
    for (const threads of [1, 2, 3, 8]) {
      const engine = await engineOf(program, { threads });
      for (let round = 0; round < 3; round++) {
        const { result, after: moved } = await runOnce(program, engine, inputs);
        const found = [...numbersOf(result), ...moved];
        expected ??= found;
        assert.deepEqual(found, expected, `${threads} threads, round ${round}`);
        await pause();
      }
      engine.dispose();
    }
  });

  it("the same seed drops the same, another one something else; batches may change", async () => {
    const program = programOf((await smallModel()).graph);
    const engine = await engineOf(program);
    const run = async (batch: number, seed: number): Promise<readonly Float32Array[]> =>
      numbersOf(await engine.run(seededTensors([[batch, 32, 32, 3]]), seededGradient, { seed }));
    const first = await run(3, 1);
    await run(4, 1);
    assert.deepEqual(await run(3, 1), first);
    assert.notDeepEqual((await run(3, 2))[0], first[0]);
  });

  it("a base that was applied with training: false and has frozen layers, within 1e-4 of the layers' own gradients", async () => {
    const base = await MobileNetV2({ alpha: 0.35, inputShape: [32, 32, 3], includeTop: false, weights: null });
    const input = Input({ shape: [32, 32, 3] });
    const features = base.connect([input], { training: false }).outputs[0];
    assert.ok(features);
    const head = new Dense({ units: 3, activation: "softmax" }).apply(new GlobalAveragePooling2D().apply(features));
    const model = new Model({ inputs: input, outputs: head });
    for (const layer of model.layers) if (layer instanceof Model) seedWeights(layer, "training");
    for (const [i, layer] of base.layers.entries()) layer.trainable = i > 110;
    const program = programOf(model.graph);
    assert.ok((await trainingDifference(program, seededTensors([[2, 32, 32, 3]]))) <= 1e-4);
    const trained = trainableOf(program);
    assert.ok(trained.length > 10 && trained.length < 60);
  });

  it("whole of MobileNetV2, within 2e-2 of the layers' own gradients: roundings decide what ReLU6 bounds", async () => {
    const program = programOf((await smallModel(64)).graph);
    assert.ok((await trainingDifference(program, seededTensors([[4, 64, 64, 3]]), { threads: 2, pool })) <= 2e-2);
  });

  it("weights that were assigned to are used, and memory does not grow over steps", async () => {
    const program = small();
    const engine = await engineOf(program);
    const inputs = seededTensors([[4, 6, 5, 3]]);
    const before = numbersOf(await engine.run(inputs, seededGradient, { seed: SEED }));
    const bytes = engine.memoryBytes;
    for (const weight of trainableOf(program)) weight.assign(weight.values.map((value) => value * 1.5));
    const changed = numbersOf(await engine.run(inputs, seededGradient, { seed: SEED }));
    assert.notDeepEqual(changed[0], before[0]);
    const fresh = numbersOf(await (await engineOf(program)).run(inputs, seededGradient, { seed: SEED }));
    assert.deepEqual(changed, fresh);
    for (let step = 0; step < 50; step++) {
      for (const weight of trainableOf(program)) weight.assign(weight.values.slice());
      await engine.run(inputs, seededGradient, { seed: step });
    }
    assert.equal(engine.memoryBytes, bytes);
  });

  it("calls that overlap wait for one another", async () => {
    const program = small();
    const engine = await engineOf(program, { threads: 2 });
    const inputs = [3, 4, 3].map((batch) => seededTensors([[batch, 6, 5, 3]]));
    const all = await Promise.all(inputs.map((input) => engine.run(input, seededGradient, { seed: SEED })));
    assert.deepEqual(all[0]?.outputs, all[2]?.outputs);
    assert.deepEqual(all[1]?.outputs[0]?.shape, [4, 3]);
  });

  it("a loss without a gradient gives zeros", async () => {
    const engine = await engineOf(small());
    const { weights } = await engine.run(seededTensors([[2, 6, 5, 3]]), () => [], { seed: SEED });
    assert.ok(weights.every((values) => values.every((value) => Math.abs(value) === 0)));
  });

  it("what is wrong is said", async () => {
    const program = small();
    const engine = await engineOf(program);
    const input = seededTensors([[2, 6, 5, 3]]);
    await assert.rejects(engine.run(seededTensors([[2, 6, 6, 3]]), seededGradient, { seed: 0 }), {
      code: "ShapeError",
      message: /Input 0 of the program: expected shape=\(2, 6, 5, 3\)/,
    });
    await assert.rejects(engine.run([new Tensor([0, 6, 5, 3], new Float32Array())], seededGradient, { seed: 0 }), {
      code: "ValueError",
      message: /at least one sample/,
    });
    const few = (): [{ of: "output"; values: Float32Array }] => [{ of: "output", values: new Float32Array(5) }];
    await assert.rejects(engine.run(input, few, { seed: 0 }), { code: "ValueError", message: /5 values.* has 6/ });
    const logits = (): [{ of: "logits"; values: Float32Array }] => [{ of: "logits", values: new Float32Array(6) }];
    await assert.rejects(engine.run(input, logits, { seed: 0 }), { code: "ValueError", message: /no logits/ });
    await assert.rejects(TrainingEngine.create(program, { training: true, weights: [], outputs: [1] }), {
      code: "ValueError",
      message: /has 1 outputs/,
    });
    engine.dispose();
    await assert.rejects(engine.run(input, seededGradient, { seed: 0 }), { code: "StateError", message: /disposed/ });
  });

  it("a batch that does not fit into memory is an error that says so, and the next one runs", async () => {
    const base = await MobileNetV2({ inputShape: [224, 224, 3], weights: null });
    const program = programOf(base.graph);
    const engine = await engineOf(program);
    const tooMany = new Tensor([200, 224, 224, 3], new Uint8Array(200 * 224 * 224 * 3));
    await assert.rejects(engine.run([tooMany], seededGradient, { seed: 0 }), {
      code: "LimitError",
      message: /batch of 200 needs \d+ MiB.*smaller batch/,
    });
    const one = await engine.run(seededTensors([[1, 224, 224, 3]]), seededGradient, { seed: 0 });
    assert.equal(one.outputs[0]?.size, 1000);
  });
});
