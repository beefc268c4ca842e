/** What is frozen does not move by a bit, and is computed once where that changes nothing. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { uniform } from "../../src/core/random.ts";
import { Tensor } from "../../src/core/tensor.ts";
import { BatchNormalization } from "../../src/layers/normalization/batch-normalization.ts";
import { Conv2D } from "../../src/layers/convolutional/conv2d.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Dropout } from "../../src/layers/regularization/dropout.ts";
import { GlobalAveragePooling2D } from "../../src/layers/pooling/global-average-pooling2d.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import { ReLU } from "../../src/layers/activations/relu.ts";
import { Model } from "../../src/models/model.ts";
import { Sequential } from "../../src/models/sequential.ts";
import type { FitOptions } from "../../src/training/loop/fit-options.ts";
import { SGD } from "../../src/training/optimizers/sgd.ts";
import { openScratch } from "../../src/platform/node/scratch.ts";
import { recalibrateBatchNorm } from "../../src/training/batch-norm/momentum.ts";
import { ScratchRows } from "../../src/training/loop/features-on-disk.ts";
import { seedWeights } from "../support/seeded.ts";

const COUNT = 24;
const x = new Tensor([COUNT, 8, 8, 3], uniform("frozen/x", COUNT * 192, -1, 1));
const y = Int32Array.from({ length: COUNT }, (_, i) => i % 3);

/** A base with everything that must not move, as one layer of a model with a head; how often the base's first layer ran is counted. */
function transfer(baseIsTrainable = false) {
  const inputs = Input({ shape: [8, 8, 3] });
  let value = new Conv2D({ filters: 4, kernelSize: 3, strides: 2, name: "conv" }).apply(inputs);
  value = new BatchNormalization({ name: "bn" }).apply(value);
  value = new ReLU({ maxValue: 6, name: "relu" }).apply(value);
  const base = new Model({ inputs, outputs: new GlobalAveragePooling2D({ name: "pool" }).apply(value), name: "base" });
  seedWeights(base, "frozen");
  base.trainable = baseIsTrainable;
  const head = new Dense({ units: 3, activation: "softmax", name: "head" });
  const model = new Sequential({ layers: [base, new Dropout({ rate: 0.2, name: "drop" }), head], name: "transfer" });
  head.weight("kernel").assign(uniform("frozen/head", 12, -1, 1));
  return { model, base, head };
}

function bits(layer: { readonly weights: readonly { readonly values: Float32Array }[] }): readonly Float32Array[] {
  return layer.weights.map(({ values }) => Float32Array.from(values));
}

function compile(model: Sequential): void {
  model.compile({
    optimizer: new SGD({ learningRate: 0.1, weightDecay: 0.1 }),
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy"],
  });
}

const options: FitOptions = { epochs: 3, batchSize: 7, seed: 3 };

describe("frozen layers", () => {
  it("do not move by a bit, moving averages neither, with weight decay", async () => {
    const { model, base, head } = transfer();
    const [before, headBefore] = [bits(base), bits(head)];
    compile(model);
    await model.fit(x, y, { ...options, validationSplit: 0.25 });
    assert.deepEqual(bits(base), before);
    assert.notDeepEqual(bits(head), headBefore);
    await model.trainOnBatch(x, y);
    assert.deepEqual(bits(base), before);
  });

  it("move once they are unfrozen, and the model is compiled again", async () => {
    const { model, base } = transfer();
    compile(model);
    await model.fit(x, y, options);
    const before = bits(base);
    base.trainable = true;
    // The optimizer is for the weights that it began with.
    await assert.rejects(model.fit(x, y, options), { message: /^Unknown variable: kernel/ });
    compile(model);
    await model.fit(x, y, options);
    for (const [i, values] of bits(base).entries()) assert.notDeepEqual(values, before[i]);
  });

  it("the order of frozen layers does not matter: one in the middle stays, what is before it learns", async () => {
    const { model, base } = transfer(true);
    base.getLayer("bn").trainable = false;
    const before = bits(base.getLayer("bn"));
    const conv = bits(base.getLayer("conv"));
    compile(model);
    await model.fit(x, y, options);
    assert.deepEqual(bits(base.getLayer("bn")), before);
    assert.notDeepEqual(bits(base.getLayer("conv")), conv);
  });

  it("a model of which nothing learns is evaluated, and says so", async () => {
    const { model } = transfer();
    model.trainable = false;
    compile(model);
    const before = bits(model);
    const { history } = await model.fit(x, y, { epochs: 2, shuffle: false });
    assert.deepEqual(bits(model), before);
    assert.equal(history["loss"]?.[0], history["loss"]?.[1]);
  });
});

describe("a base that is applied with training: false", () => {
  it("learns, but normalizes by its moving statistics, which do not move; the same in a nested model", async () => {
    const { base, head } = transfer(true);
    const inputs = Input({ shape: [8, 8, 3] });
    const model = new Model({ inputs, outputs: head.apply(base.apply(inputs, { training: false })), name: "fine" });
    const norm = base.getLayer("bn");
    const [gamma, , mean, variance] = bits(norm);
    const conv = bits(base.getLayer("conv"));
    model.compile({ optimizer: new SGD({ learningRate: 0.1 }), loss: "sparse_categorical_crossentropy" });
    await model.fit(x, y, options);
    await recalibrateBatchNorm(model, x);
    assert.deepEqual(bits(norm).slice(2), [mean, variance]);
    assert.notDeepEqual(bits(norm)[0], gamma);
    assert.notDeepEqual(bits(base.getLayer("conv")), conv);
  });
});

describe("features of the frozen part", () => {
  const train = async (more: FitOptions): Promise<readonly Float32Array[]> => {
    const { model } = transfer();
    compile(model);
    await model.fit(x, y, { ...options, ...more });
    return bits(model);
  };

  it("computed once or every time, kept in memory or in a file: the same weights to the bit", async () => {
    const once = await train({});
    assert.deepEqual(await train({ featureCache: 0 }), once);
    assert.deepEqual(await train({ featureCache: 100 }), once);
    assert.deepEqual(await train({ featureCache: 100, shuffle: false }), await train({ shuffle: false }));
  });

  it("rows in a file come back to the bit, in any order", async () => {
    const scratch = await openScratch();
    assert.ok(scratch);
    const rows = new ScratchRows(scratch, [
      new Tensor([1, 2, 3], new Float32Array(6)),
      new Tensor([1, 2], new Float32Array(2)),
    ]);
    const [a, b] = [uniform("rows/a", 7 * 6, -1, 1), uniform("rows/b", 7 * 2, -1, 1)];
    for (const [from, to] of [
      [0, 3],
      [3, 7],
    ] as const) {
      await rows.add([
        new Tensor([to - from, 2, 3], a.subarray(from * 6, to * 6)),
        new Tensor([to - from, 2], b.subarray(from * 2, to * 2)),
      ]);
    }
    for (const places of [[0, 1, 2, 3, 4, 5, 6], [6, 0, 1, 5, 4], [3], []]) {
      const [first, second] = await rows.read(Uint32Array.from(places));
      assert.deepEqual(first?.shape, [places.length, 2, 3]);
      assert.deepEqual(
        [...(first?.data ?? [])],
        places.flatMap((i) => [...a.subarray(i * 6, i * 6 + 6)]),
      );
      assert.deepEqual(
        [...(second?.data ?? [])],
        places.flatMap((i) => [...b.subarray(i * 2, i * 2 + 2)]),
      );
    }
    await assert.rejects(rows.read(Uint32Array.of(7)), { code: "IOError", message: /ends too early/ });
    await rows.close();
  });

  it("with sample weights, class weights, a validation and steps of an epoch: the same logs", async () => {
    const logs = async (featureCache: number, more: FitOptions) => {
      const { model } = transfer();
      compile(model);
      return (await model.fit(x, y, { ...options, ...more, featureCache })).history;
    };
    for (const more of [
      { sampleWeight: uniform("frozen/weights", COUNT, 0, 2), validationSplit: 0.3 },
      { classWeight: { 1: 3 }, validationData: [x, y] as const },
      { stepsPerEpoch: 2, epochs: 5 },
    ]) {
      assert.deepEqual(await logs(0, more), await logs(2 ** 30, more));
    }
  });

  it("are computed once for each sample of a data set that is the same in every epoch, in the order of its indices", async () => {
    const passes: number[] = [];
    const dataset = (deterministic: boolean, shuffled: boolean) => ({
      size: COUNT,
      cardinality: 3,
      deterministic,
      async *batches(epoch: number) {
        passes.push(epoch);
        for (let i = 0; i < 3; i++) {
          const from = shuffled ? 16 - i * 8 : i * 8;
          yield {
            x: new Tensor([8, 8, 8, 3], x.data.subarray(from * 192, (from + 8) * 192)),
            y: y.subarray(from, from + 8),
            indices: Int32Array.from({ length: 8 }, (_, k) => from + k),
          };
        }
      },
      [Symbol.asyncIterator]() {
        return this.batches(0);
      },
    });
    const run = async (data: ReturnType<typeof dataset>): Promise<readonly Float32Array[]> => {
      passes.length = 0;
      const { model } = transfer();
      compile(model);
      await model.fit(data, { epochs: 4, seed: 3 });
      return bits(model);
    };
    const plain = await run(dataset(false, false));
    assert.deepEqual(passes, [0, 1, 2, 3]);
    // A data set that keeps its order keeps it here.
    assert.deepEqual(await run(dataset(true, false)), plain);
    assert.deepEqual(passes, [0]);
    // One that does not is shuffled from its indices' order on, as arrays are.
    const shuffled = await run(dataset(true, true));
    const { model } = transfer();
    compile(model);
    await model.fit(x, y, { epochs: 4, seed: 3, batchSize: 8 });
    assert.deepEqual(shuffled, bits(model));
  });
});
