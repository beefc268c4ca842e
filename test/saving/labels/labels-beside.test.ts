/** Names of classes from a labels.txt beside a checkpoint: taken if the checkpoint has none and as many classes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Checkpoint, LayerDescription, ModelDescription } from "../../../src/saving/checkpoint.ts";
import { namedClasses } from "../../../src/saving/labels/labels-beside.ts";
import { utf8 } from "../hex.ts";

function layer(className: string, config: LayerDescription["config"]): LayerDescription {
  return { className, name: className, config, nodes: [] };
}

function modelOf(...layers: readonly LayerDescription[]): ModelDescription {
  return { className: "Sequential", name: "m", trainable: true, layers, inputs: [], outputs: [] };
}

function checkpoint(model: ModelDescription | undefined, classNames?: readonly string[]): Checkpoint {
  return { format: "test", origin: "keras", model, tensors: [], weights: new Map(), classNames };
}

const LABELS = utf8("0 cat\n1 dog\n");
const two = layer("Dense", { units: 2 });

test("as many as the last Dense layer has units, or the last convolution filters, models within included", () => {
  const base: LayerDescription = { ...layer("Functional", {}), model: modelOf(layer("Conv2D", { filters: 7 })) };
  const models = [
    modelOf(base, two),
    modelOf(two, layer("Conv2D", { filters: 2 }), layer("GlobalAveragePooling2D", {})),
    modelOf(layer("Dense", { units: 9 }), { ...layer("Sequential", {}), model: modelOf(two) }),
  ];
  for (const model of models) assert.deepEqual(namedClasses(checkpoint(model), LABELS).classNames, ["cat", "dog"]);
});

test("of weights alone the last matrix says how many classes there are", () => {
  const tensor = (shape: readonly number[]) => ({ name: "", shape, dtype: "float32", read: () => new Float32Array() });
  const weights = new Map([
    ["a/kernel", tensor([1, 1, 4, 9])],
    ["b/kernel", tensor([4, 2])],
    ["b/bias", tensor([2])],
  ]);
  assert.deepEqual(namedClasses({ ...checkpoint(undefined), weights }, LABELS).classNames, ["cat", "dog"]);
});

test("the checkpoint stays as it is with names of its own, with other numbers of classes, and without labels", () => {
  for (const given of [
    checkpoint(modelOf(two), ["a", "b"]),
    checkpoint(modelOf(layer("Dense", { units: 3 }))),
    checkpoint(modelOf()),
    checkpoint(undefined),
  ]) {
    assert.equal(namedClasses(given, LABELS), given);
  }
  const unnamed = checkpoint(modelOf(two));
  assert.equal(namedClasses(unnamed, undefined), unnamed);
});
