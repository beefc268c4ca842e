/** The weights of described layers: their names in Keras's order, and the order of Keras's HDF5 files. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LayerDescription, ModelDescription } from "../../src/saving/checkpoint.ts";
import { leavesOf, legacyWeights, weightNames } from "../../src/saving/layer-weights.ts";

function layer(className: string, name: string, config: LayerDescription["config"] = {}): LayerDescription {
  return { className, name, config, nodes: [] };
}

function nested(name: string, trainable: boolean, ...layers: readonly LayerDescription[]): LayerDescription {
  const model: ModelDescription = { className: "Functional", name, trainable, layers, inputs: [], outputs: [] };
  return { className: "Functional", name, config: {}, model, nodes: [] };
}

test("the names of a layer's weights depend on its arguments", () => {
  const names = (className: string, config: LayerDescription["config"] = {}): string =>
    weightNames(layer(className, "x", config))
      .map(([name]) => name)
      .join();
  assert.equal(names("Conv2D"), "kernel,bias");
  assert.equal(names("DepthwiseConv2D", { useBias: false }), "kernel");
  assert.equal(names("Dense", { useBias: true }), "kernel,bias");
  assert.equal(names("BatchNormalization"), "gamma,beta,moving_mean,moving_variance");
  assert.equal(names("BatchNormalization", { scale: false }), "beta,moving_mean,moving_variance");
  assert.equal(names("BatchNormalization", { center: false }), "gamma,moving_mean,moving_variance");
  assert.equal(names("ReLU"), "");
});

test("the layers of a model stand in its place, under its name", () => {
  const base = nested("base", true, layer("Conv2D", "conv"), nested("inner", true, layer("ReLU", "relu")));
  const model: ModelDescription = {
    className: "Sequential",
    name: "m",
    trainable: true,
    layers: [base, layer("Dense", "head")],
    inputs: [],
    outputs: [],
  };
  assert.deepEqual(
    leavesOf(model).map(({ path }) => path),
    ["base/conv", "base/inner/relu", "head"],
  );
});

test("HDF5's order: what trains before all others, frozen layers and models among the others", () => {
  const block = [layer("Conv2D", "conv", { useBias: false }), layer("BatchNormalization", "bn")];
  const paths = (one: LayerDescription): readonly string[] => legacyWeights(one).map(({ path }) => path);
  assert.deepEqual(paths(nested("base", true, ...block)), [
    "base/conv/kernel",
    "base/bn/gamma",
    "base/bn/beta",
    "base/bn/moving_mean",
    "base/bn/moving_variance",
  ]);
  const frozen = layer("Dense", "frozen", { trainable: false, useBias: false });
  assert.deepEqual(paths(nested("base", true, frozen, ...block)).indexOf("base/frozen/kernel"), 3);
  assert.deepEqual(
    legacyWeights(nested("base", false, ...block)).map(({ trainable }) => trainable),
    [false, false, false, false, false],
  );
});
