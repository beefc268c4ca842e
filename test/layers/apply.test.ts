/** A layer or a model that is applied to tensors of numbers computes, as in Keras when it is called on them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Add, Concatenate } from "../../src/public/layers.ts";
import { Dense, Input, Model, Sequential, Tensor } from "../../src/index.ts";
import { assertWithin } from "../support/compare.ts";

const x = new Tensor([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));

test("a layer is built for the tensor's shape, and gives x · kernel + bias within 1e-6; integers become float32", async () => {
  const dense = new Dense({ units: 2, kernelInitializer: "ones", biasInitializer: "ones" });
  const y = await dense.apply(x);
  assert.deepEqual(y.shape, [2, 2]);
  assertWithin(y.data, [7, 7, 16, 16], 1e-6);
  assertWithin((await dense.apply(new Tensor([2, 3], Int32Array.from(x.data)))).data, y.data, 0);
  assert.deepEqual(
    dense.weights.map(({ shape }) => shape),
    [[3, 2], [2]],
  );
});

test("layers of several inputs take a list", async () => {
  assertWithin((await new Add().apply([x, x])).data, [2, 4, 6, 8, 10, 12], 0);
  assert.deepEqual((await new Concatenate().apply([x, x])).shape, [2, 6]);
  assert.throws(() => new Add().apply(x), { code: "ValueError", message: /called on a list of inputs/ });
});

test("models answer as predict does: functional, Sequential, and not yet built", async () => {
  const input = Input({ shape: [3] });
  const model = new Model({ inputs: input, outputs: new Dense({ units: 2 }).apply(input) });
  assert.deepEqual(await model.apply(x), await model.predict(x));
  const built = new Sequential([Input({ shape: [3] }), new Dense({ units: 2 })]);
  assert.deepEqual(await built.apply(x), await built.predict(x));
  const unbuilt = new Sequential([new Dense({ units: 4 })]);
  assert.deepEqual((await unbuilt.apply(x)).shape, [2, 4]);
  const two = new Model({ inputs: input, outputs: [model.output, input] });
  await assert.rejects(two.apply(x), { code: "ValueError", message: /has 2 outputs: predict\(\) gives all/ });
});

test("training, a mixture, and shapes that do not fit are refused", async () => {
  const dense = new Dense({ units: 2 });
  assert.throws(() => dense.apply(x, { training: true }), { code: "ValueError", message: /training: true/ });
  await dense.apply(x);
  await assert.rejects(dense.apply(new Tensor([1, 4], new Float32Array(4))), { code: "ValueError" });
  assert.throws(() => new Add().apply([x, Input({ shape: [3] })] as never), { code: "ValueError" });
});
