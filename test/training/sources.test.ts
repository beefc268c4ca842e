/** What fit takes, and what it refuses, in Keras's words. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Tensor } from "../../src/core/tensor.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import { Model } from "../../src/models/model.ts";
import { Sequential } from "../../src/models/sequential.ts";
import { LambdaCallback } from "../../src/training/callbacks/lambda-callback.ts";
import type { BatchTuple, TrainingBatch } from "../../src/training/data/samples.ts";
import { permutation } from "../../src/training/data/permutation.ts";
import { tinyData, tinyModel, weightsOf } from "./tiny.ts";

const { x, y } = tinyData(10);

function compiled(): Model {
  const model = tinyModel();
  model.compile({ optimizer: "sgd", loss: "sparse_categorical_crossentropy" });
  return model;
}

function batches(sizes: readonly number[]): readonly TrainingBatch[] {
  let from = 0;
  return sizes.map((size) => {
    const at = from;
    from += size;
    return {
      x: new Tensor([size, 4], x.data.subarray(at * 4, (at + size) * 4)),
      y: y.subarray(at, at + size),
    };
  });
}

async function* once(list: readonly TrainingBatch[]): AsyncGenerator<TrainingBatch> {
  yield* list;
}

function first(count: number): [Tensor, Int32Array] {
  return [new Tensor([count, 4], x.data.subarray(0, count * 4)), y.subarray(0, count)];
}

describe("what fit takes", () => {
  it("arrays, lists of batches, generators: the same weights to the bit", async () => {
    const results: (readonly Float32Array[])[] = [];
    const list = batches([4, 4, 2]);
    const again = { [Symbol.asyncIterator]: () => once(list) };
    const plainNumbers = { x, y: [...y] };
    const tuples = list.map((batch): BatchTuple => [batch.x, batch.y]);
    for (const fit of [
      (model: Model) => model.fit(x, y, { batchSize: 4, shuffle: false, seed: 1, epochs: 2 }),
      (model: Model) => model.fit(x, plainNumbers.y, { batchSize: 4, shuffle: false, seed: 1, epochs: 2 }),
      (model: Model) => model.fit(x, new Tensor([10, 1], y), { batchSize: 4, shuffle: false, seed: 1, epochs: 2 }),
      (model: Model) => model.fit(list, { seed: 1, epochs: 2 }),
      (model: Model) => model.fit(tuples, { seed: 1, epochs: 2 }),
      (model: Model) => model.fit(new Set(tuples), { seed: 1, epochs: 2 }),
      (model: Model) => model.fit(again, undefined, { seed: 1, epochs: 2 }),
      (model: Model) => model.fit(once([...list, ...list]), { seed: 1, epochs: 2, stepsPerEpoch: 3 }),
    ]) {
      const model = compiled();
      await fit(model);
      results.push(weightsOf(model));
    }
    for (const result of results) assert.deepEqual(result, results[0]);
  });

  it("the same seed, the same weights; another seed, others", async () => {
    const trained = async (seed: number) => {
      const model = compiled();
      await model.fit(x, y, { batchSize: 4, epochs: 3, seed });
      return weightsOf(model);
    };
    assert.deepEqual(await trained(1), await trained(1));
    assert.notDeepEqual(await trained(1), await trained(2));
  });

  it("every order of a permutation has every place once, and passes differ", () => {
    const orders = [0, 1, 2].map((pass) => permutation(50, `seed/${pass}`));
    for (const order of orders) {
      assert.deepEqual(
        [...order].toSorted((a, b) => a - b),
        [...Array(50).keys()],
      );
    }
    assert.notDeepEqual(orders[0], orders[1]);
    assert.deepEqual(permutation(0, "none"), new Uint32Array(0));
  });

  it("a model without an input shape takes that of the first batch", async () => {
    const model = new Sequential([new Dense({ units: 3, activation: "softmax" })]);
    model.compile({ optimizer: "sgd", loss: "sparse_categorical_crossentropy" });
    await model.fit(x, y);
    assert.deepEqual(model.inputs[0]?.shape, [null, 4]);
  });

  it("several inputs, and outputs without a loss", async () => {
    const inputs = [Input({ shape: [4], name: "one" }), Input({ shape: [4], name: "two" })];
    const [one, two] = inputs;
    assert.ok(one && two);
    const outputs = [
      new Dense({ units: 3, activation: "softmax", name: "kind" }).apply(one),
      new Dense({ units: 1, name: "unused" }).apply(two),
    ];
    const model = new Model({ inputs, outputs, name: "several" });
    model.compile({ optimizer: "sgd", loss: { kind: "sparse_categorical_crossentropy" }, metrics: { kind: ["acc"] } });
    const unused = model.getLayer("unused").weights.map(({ values }) => Float32Array.from(values));
    const targets = [new Tensor([10], y), new Tensor([10, 1], new Float32Array(10))];
    const { history } = await model.fit([x, x], targets, { epochs: 2 });
    assert.deepEqual(Object.keys(history), ["loss", "kind_acc"]);
    assert.deepEqual(
      model.getLayer("unused").weights.map(({ values }) => values),
      unused,
    );
  });

  it("evaluate: arrays, data sets, so many steps; and trainOnBatch and testOnBatch say the same loss", async () => {
    const model = compiled();
    const whole = await model.evaluate(x, y, { batchSize: 3 });
    assert.deepEqual(await model.evaluate(batches([3, 3, 3, 1])), whole);
    assert.deepEqual(await model.evaluate(x, y, { batchSize: 3, steps: 1 }), await model.testOnBatch(...first(3)));
  });

  it("validation every so many epochs, or after some", async () => {
    const after = async (validationFreq: number | readonly number[]) =>
      (await compiled().fit(x, y, { epochs: 5, validationSplit: 0.3, validationFreq })).history["val_loss"]?.length;
    assert.equal(await after(1), 5);
    assert.equal(await after(2), 2);
    assert.equal(await after([1, 4, 5]), 3);
  });

  it("initialEpoch goes on counting", async () => {
    assert.deepEqual((await compiled().fit(x, y, { initialEpoch: 3, epochs: 5 })).epoch, [3, 4]);
    assert.deepEqual((await compiled().fit(x, y, { initialEpoch: 3, epochs: 3 })).epoch, []);
  });

  it("the signal ends a training between two steps, with its reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const model = compiled();
    const abort = new LambdaCallback({
      onTrainBatchEnd(batch) {
        if (batch === 1) controller.abort(reason);
      },
    });
    await assert.rejects(
      model.fit(x, y, { batchSize: 2, epochs: 9, callbacks: [abort], signal: controller.signal }),
      reason,
    );
    assert.equal(model.optimizer?.iterations, 2);
    // The model is free again.
    await model.fit(x, y);
  });

  it("lets timers and signals through while it trains", async () => {
    const model = compiled();
    const controller = new AbortController();
    let ticks = 0;
    const timer = setInterval(() => {
      if (++ticks === 5) controller.abort(new Error("a timer came through"));
    }, 1);
    const endless = model.fit(x, y, { batchSize: 1, epochs: 1e6, signal: controller.signal });
    await assert.rejects(endless, { message: "a timer came through" });
    clearInterval(timer);
  });

  it("predict sees the new weights, in the middle of a training too", async () => {
    const model = compiled();
    const answers = [await model.predict(x)];
    const look = new LambdaCallback({
      async onEpochEnd() {
        answers.push(await model.predict(x));
      },
    });
    await model.fit(x, y, { epochs: 2, callbacks: [look] });
    const [a, b, c] = answers.map(({ data }) => data);
    assert.notDeepEqual(a, b);
    assert.notDeepEqual(b, c);
    assert.deepEqual((await model.predict(x)).data, c);
  });
});

describe("stepsPerEpoch", () => {
  // Keras 3.15, fit(x, y, batch_size=2, epochs=5, steps_per_epoch=steps) with 2 * count samples: the batches of each epoch.
  const keras: readonly (readonly [count: number, steps: number, epochs: readonly number[]])[] = [
    [3, 1, [1, 1, 1, 1, 1]],
    [3, 2, [2, 1, 2, 1, 2]],
    [3, 3, [3, 3, 3, 3, 3]],
    [3, 4, [3, 3, 3, 3, 3]],
    [4, 2, [2, 2, 2, 2, 2]],
    [4, 3, [3, 1, 3, 1, 3]],
  ];
  for (const [count, stepsPerEpoch, expected] of keras) {
    it(`${stepsPerEpoch} of ${count} batches: the epochs have ${expected.join(", ")} batches, as in Keras`, async () => {
      const list = batches(Array.from({ length: count }, () => 2));
      const again = { [Symbol.asyncIterator]: () => once(list) };
      for (const source of ["arrays", "a list", "an iterable"]) {
        const seen: number[] = [];
        const counter = new LambdaCallback({
          onEpochBegin: () => void seen.push(0),
          onTrainBatchEnd: () => void seen.push((seen.pop() ?? 0) + 1),
        });
        const options = { epochs: 5, stepsPerEpoch, callbacks: [counter], verbose: 0 } as const;
        if (source === "arrays") await compiled().fit(...first(2 * count), { ...options, batchSize: 2 });
        else await compiled().fit(source === "a list" ? list : again, options);
        assert.deepEqual(seen, expected, source);
      }
    });
  }
});

describe("a batch [x, y, sampleWeight]", () => {
  it("evaluates as { x, y, sampleWeight } does", async () => {
    const sampleWeight = Float32Array.from({ length: 10 }, (_, i) => i / 5);
    const model = compiled();
    const named = await model.evaluate([{ x, y, sampleWeight }]);
    assert.deepEqual(await model.evaluate([[x, y, sampleWeight]]), named);
    assert.notDeepEqual(await model.evaluate([[x, y]]), named);
  });
});

describe("what fit refuses", () => {
  const refused = async (run: () => Promise<unknown>, message: RegExp | string): Promise<void> => {
    await assert.rejects(run, { code: "ValueError", message });
  };

  it("a model that was not compiled; names that there are not", async () => {
    await refused(() => tinyModel().fit(x, y), "You must call `compile()` before using the model.");
    await refused(() => tinyModel().evaluate(x, y), "You must call `compile()` before using the model.");
    const model = tinyModel();
    model.compile({ optimizer: "sgdd", loss: "mse" });
    await refused(
      () => model.fit(x, y),
      'Could not interpret optimizer identifier: sgdd. Did you mean "sgd"? There are: sgd, rmsprop, adam, adamw.',
    );
    model.compile({ optimizer: "sgd" });
    await refused(() => model.fit(x, y), "No loss to compute. Provide a `loss` argument in `compile()`.");
    model.compile({ optimizer: "sgd", loss: "msee" });
    await refused(
      () => model.fit(x, y),
      /^Could not interpret loss identifier: msee\. Did you mean "mse"\? There are: crossentropy, /,
    );
    model.compile({ optimizer: "sgd", loss: { head: "mse" } });
    await refused(() => model.fit(x, y), /^Expected keys b in loss dict/);
    // And works afterwards.
    model.compile({ optimizer: "sgd", loss: "sparse_categorical_crossentropy" });
    await model.fit(x, y);
  });

  it("arrays of different lengths, other shapes, no targets", async () => {
    await refused(
      () => compiled().fit(x, y.subarray(1)),
      /^Data cardinality is ambiguous.*'x' sizes: 10; 'y' sizes: 9/,
    );
    await refused(
      () => compiled().fit(new Tensor([10, 5], new Float32Array(50)), y),
      /expected shape=\(None, 4\), found shape=\(10, 5\)/,
    );
    await refused(() => compiled().fit(x, undefined), /^y_true and y_pred have different structures/);
    await refused(() => compiled().fit(x, new Int32Array(10).fill(3)), /label value of 3 .* \[0, 3\)/);
    await refused(() => compiled().fit(x, y, { sampleWeight: [1, 2] }), /'sampleWeight' sizes: 2/);
  });

  it("what does not go together", async () => {
    const list = batches([5, 5]);
    await refused(() => compiled().fit(list, y), /^When providing `x` as a dataset, `y` should not be passed\./);
    await refused(() => compiled().fit(list, { validationSplit: 0.2 }), /only supported for tensors/);
    await refused(
      () => compiled().fit(x, y, { classWeight: { 0: 1 }, sampleWeight: new Float32Array(10) }),
      "You cannot `classWeight` and `sampleWeight` at the same time.",
    );
    await refused(
      () => compiled().fit(x, y, { validationSplit: 0.99 }),
      /^Training data contains 10 samples, which is not sufficient to split it/,
    );
  });

  it("numbers that make no sense", async () => {
    for (const options of [{ epochs: -1 }, { epochs: 1.5 }, { batchSize: 0 }, { stepsPerEpoch: 0 }, { seed: NaN }]) {
      await refused(() => compiled().fit(x, y, options), /whole number/);
    }
  });

  it("what is no data", async () => {
    for (const data of [5, null, "text", {}, [5], [[1, 2]]]) {
      // @ts-expect-error: callers in JavaScript may pass anything
      await refused(() => compiled().fit(data, y), /^Unrecognized data type|^Expected/);
    }
    await refused(() => compiled().fit([]), "There is nothing to learn from: the data set has no batches.");
    await refused(() => compiled().evaluate([]), "There is nothing to evaluate: the data set has no batches.");
    await refused(() => compiled().fit([{ x: "text" } as unknown as TrainingBatch]), /must be|Expected all elements/);
  });

  it("batches as lists that are not [x], [x, y] or [x, y, sampleWeight]", async () => {
    for (const list of [[], [x, y, y, y]]) {
      const batch = list as unknown as BatchTuple;
      await refused(
        () => compiled().fit([batch]),
        /^Data is expected to be in format `\[x\]`, .* found: a list of \d el/,
      );
    }
  });

  it("no more than there is in a generator: the training ends with what it has", async () => {
    const left = async (epochs: number, stepsPerEpoch?: number) =>
      (await compiled().fit(once(batches([5, 5])), { epochs, stepsPerEpoch })).epoch;
    assert.deepEqual(await left(2), [0]);
    assert.deepEqual(await left(3, 2), [0]);
    assert.deepEqual(await left(3, 1), [0, 1]);
    assert.deepEqual(await left(3, 3), [0]);
  });

  it("two things at once", async () => {
    const model = compiled();
    const running = model.fit(x, y, { epochs: 3 });
    await assert.rejects(model.fit(x, y), { code: "StateError", message: /is being trained or evaluated/ });
    await running;
  });

  it("constraints, and regularizers that it does not know", async () => {
    const model = new Sequential([Input({ shape: [4] }), new Dense({ units: 3, kernelConstraint: "non_neg" })]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    await assert.rejects(model.fit(x, new Tensor([10, 3], new Float32Array(30))), {
      code: "UnsupportedError",
      message: /has kernelConstraint=non_neg/,
    });
  });
});
