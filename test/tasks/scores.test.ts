import assert from "node:assert/strict";
import { test } from "node:test";
import { answersWithLogits, softmax } from "../../src/tasks/scores.ts";
import { Dense, Flatten, GlobalAveragePooling2D, Input, MobileNetV2, Sequential, Tensor } from "../../src/index.ts";
import { Activation, type Layer, Softmax } from "../../src/public/layers.ts";
import { assertWithin } from "../support/compare.ts";

/** Whether a model that ends in these layers counts as one of logits. */
function isLogits(layers: readonly Layer[]): boolean {
  return answersWithLogits(new Sequential([Input({ shape: [4, 4, 3] }), ...layers]).output);
}

test("logits are what a Dense layer without activation makes, also in a model within; probabilities are not", async () => {
  assert.equal(isLogits([new Flatten(), new Dense({ units: 2 })]), true);
  assert.equal(isLogits([new Dense({ units: 2 }), new Flatten(), new Activation({ activation: "linear" })]), true);
  assert.equal(isLogits([new Sequential([Input({ shape: [4, 4, 3] }), new Dense({ units: 2 })])]), true);
  assert.equal(isLogits([new Flatten(), new Dense({ units: 2, activation: "softmax" })]), false);
  assert.equal(isLogits([new Flatten(), new Dense({ units: 2, activation: "sigmoid" })]), false);
  assert.equal(isLogits([new Dense({ units: 2 }), new Softmax()]), false);
  assert.equal(isLogits([new Dense({ units: 2 }), new Activation({ activation: "softmax" })]), false);
  assert.equal(isLogits([new Dense({ units: 2 }), new GlobalAveragePooling2D()]), false);
  const keras = await MobileNetV2({ weights: null, alpha: 0.35, inputShape: [32, 32, 3], classifierActivation: null });
  assert.equal(answersWithLogits(keras.output), true);
});

test("softmax of every row, large numbers too (within 1e-7)", () => {
  const { shape, data } = softmax(new Tensor([3, 2], Float32Array.of(0, 0, 1000, 999, -1000, -999)));
  const high = 1 / (1 + Math.exp(-1));
  assert.deepEqual(shape, [3, 2]);
  assertWithin(data, [0.5, 0.5, high, 1 - high, 1 - high, high], 1e-7);
});
