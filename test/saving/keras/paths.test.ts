/** The groups of Keras 3's weights: names of classes in snake case, numbered within a model, models within models. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { kerasPaths } from "../../../src/saving/keras/paths.ts";

interface Described {
  readonly className: string;
  readonly layers?: readonly Described[];
}

function pathsOf(layers: readonly Described[], container = "layers"): readonly string[] {
  return [...kerasPaths(layers, (layer) => layer.layers, container)].map(({ path }) => path);
}

const layer = (className: string): Described => ({ className });

test("classes are counted one by one, from the second on with a number", () => {
  assert.deepEqual(
    pathsOf(["Conv2D", "BatchNormalization", "ReLU", "Conv2D", "DepthwiseConv2D", "Conv2D"].map(layer)),
    [
      "layers/conv2d",
      "layers/batch_normalization",
      "layers/re_lu",
      "layers/conv2d_1",
      "layers/depthwise_conv2d",
      "layers/conv2d_2",
    ],
  );
});

test("a model is counted among the layers, and counts its own anew", () => {
  const inner: Described = { className: "Functional", layers: [layer("Dense"), layer("Dense")] };
  const outer: Described = { className: "Sequential", layers: [inner, layer("Dense")] };
  assert.deepEqual(pathsOf([layer("Dense"), inner, outer, layer("Dense")]), [
    "layers/dense",
    "layers/functional/layers/dense",
    "layers/functional/layers/dense_1",
    "layers/sequential/layers/functional/layers/dense",
    "layers/sequential/layers/functional/layers/dense_1",
    "layers/sequential/layers/dense",
    "layers/dense_1",
  ]);
});

test("older files have another name for the group, at every level", () => {
  const inner: Described = { className: "Functional", layers: [layer("Dense")] };
  assert.deepEqual(pathsOf([inner], "_layer_checkpoint_dependencies"), [
    "_layer_checkpoint_dependencies/functional/_layer_checkpoint_dependencies/dense",
  ]);
});
