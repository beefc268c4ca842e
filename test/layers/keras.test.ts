/** Every layer's forward against real Keras. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Tensor } from "../../src/core/tensor.ts";
import { ACTIVATION_NAMES, activate, activationName } from "../../src/layers/activations/activations.ts";
import { layerFromConfig } from "../../src/layers/registry.ts";
import { assertEqualsKeras, fixture, numbers, seeded } from "./fixture.ts";

describe("forward equals Keras within 1e-6 of the largest magnitude", () => {
  for (const [index, example] of fixture.forward.entries()) {
    const { layer: className, config, inputs, weights, shape, output } = example;
    test(`${index} ${className} ${JSON.stringify(config)} ${JSON.stringify(inputs)}`, () => {
      const layer = layerFromConfig(className, config);
      const [lo, hi] = className === "ReLU" ? [-3, 9] : [-1, 1];
      const values = inputs.map((dims, i) => seeded(`layers/${index}/${i}`, dims, lo, hi));
      layer.build(inputs);
      assert.deepEqual(
        layer.weights.map(({ name, shape: dims }) => [name, dims]),
        weights,
      );
      for (const weight of layer.weights) {
        const [from, to] = weight.name === "moving_variance" ? [0.5, 1.5] : [-1, 1];
        weight.assign(seeded(`layers/${index}/${weight.name}`, weight.shape, from, to).data);
      }
      const copies = values.map((value) => value.data.slice());
      const result = layer.forward(values);
      assert.deepEqual(result.shape, shape);
      assert.deepEqual(layer.computeOutputShape(inputs), shape);
      assertEqualsKeras(result.data, output);
      assert.deepEqual(
        values.map((value) => value.data),
        copies,
        "inputs are not written to",
      );
    });
  }
});

describe("activations equal Keras within 1e-6 of the largest magnitude, NaN and infinities exactly", () => {
  const special = new Tensor([1, fixture.special.length], Float32Array.from(numbers(fixture.special)));
  const rows = [1, -Infinity, 2, -200, 200, 0, 3, 3, 3];
  for (const { name, line, special: expected } of fixture.activations) {
    test(name, () => {
      const known = activationName(name);
      const smooth = activate(known, seeded(`layers/${name}`, [3, 7], -4, 4));
      assertEqualsKeras(smooth.data, line);
      const alongAxis = expected.length === rows.length;
      const odd = activate(known, alongAxis ? new Tensor([3, 3], Float32Array.from(rows)) : special);
      assertEqualsKeras(odd.data, expected);
    });
  }

  test("softmax gives NaN for the whole line where one is NaN or infinite", () => {
    for (const odd of [NaN, Infinity]) {
      const result = activate("softmax", new Tensor([2, 2], Float32Array.of(1, odd, 0, 0)));
      assert.deepEqual([...result.data], [NaN, NaN, 0.5, 0.5]);
    }
  });

  test("every name is covered", () => {
    const covered = new Set(fixture.activations.map(({ name }) => activationName(name)));
    assert.deepEqual(
      ACTIVATION_NAMES.filter((name) => !covered.has(name)),
      [],
    );
  });

  for (const { layer: className, config, output } of fixture.specialLayers) {
    test(`${className} ${JSON.stringify(config)} on NaN and infinities`, () => {
      const result = layerFromConfig(className, config).forward([special]);
      assertEqualsKeras(result.data, output);
    });
  }
});

test("global max pooling gives NaN where one is NaN", () => {
  const x = new Tensor([1, 2, 2, 1], Float32Array.of(NaN, 1, 3, 4));
  assert.deepEqual([...layerFromConfig("GlobalMaxPooling2D", {}).forward([x]).data], [NaN]);
});
