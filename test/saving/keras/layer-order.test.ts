/** Weights by the order of the layers and by their names, from a list of tensors: which goes where, and in what words it is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Dense } from "../../../src/layers/core/dense.ts";
import { Flatten } from "../../../src/layers/reshaping/flatten.ts";
import { loadByName, loadByOrder } from "../../../src/saving/keras/layer-order.ts";
import type { StoredLayer, WeightsFile } from "../../../src/saving/stored-tensor.ts";

/** A Dense layer of one input and one unit. */
function dense(name: string): Dense {
  const layer = new Dense({ units: 1, name });
  layer.build([[null, 1]]);
  return layer;
}

/** The layer of a file with a kernel of (1, 1) and a bias. */
function saved(name: string, kernel: number, bias: number): StoredLayer {
  const tensor = (own: string, shape: readonly number[], value: number) => ({
    name: `${name}/${own}`,
    shape,
    dtype: "float32",
    read: () => Float32Array.of(value),
  });
  return { name, tensors: [tensor("kernel", [1, 1], kernel), tensor("bias", [1], bias)] };
}

function fileOf(...layers: readonly StoredLayer[]): WeightsFile {
  return { format: "test", layers };
}

function valuesOf(...layers: readonly Dense[]): readonly number[] {
  return layers.flatMap((layer) => layer.weights.flatMap(({ values }) => [...values]));
}

test("by order: the k-th layer with weights takes the k-th of the file, whatever both are called", () => {
  const [a, b] = [dense("a"), dense("b")];
  loadByOrder([a, new Flatten({ name: "none" }), b], fileOf(saved("b", 1, 2), saved("x", 3, 4)), {});
  assert.deepEqual(valuesOf(a, b), [1, 2, 3, 4]);
});

test("by name: layers that only one side has are left out", () => {
  const [a, b] = [dense("a"), dense("b")];
  loadByOrder([a, b], fileOf(saved("a", 1, 1), saved("b", 1, 1)), {});
  loadByName([a, b], fileOf(saved("x", 8, 8), saved("b", 3, 4)), {});
  assert.deepEqual(valuesOf(a, b), [1, 1, 3, 4]);
});

test("another number of layers or of weights is refused in Keras's words", () => {
  const [a, b] = [dense("a"), dense("b")];
  assert.throws(() => loadByOrder([a, b], fileOf(saved("a", 1, 2)), {}), {
    code: "ValueError",
    message: "Layer count mismatch when loading weights from file. Model expected 2 layers, found 1 saved layers.",
  });
  const kernelOnly = { name: "s", tensors: saved("s", 1, 2).tensors.slice(0, 1) };
  assert.throws(() => loadByOrder([a], fileOf(kernelOnly), {}), {
    code: "ValueError",
    message:
      "Weight count mismatch for layer #0 (named a in the current model, s in the save file). " +
      "Layer expects 2 weight(s). Received 1 saved weight(s)",
  });
});

test("a shape that differs refuses everything: no weight is set", () => {
  const [a, b] = [dense("a"), dense("b")];
  const before = valuesOf(a, b);
  const [kernel, bias] = saved("b", 3, 4).tensors;
  assert.ok(kernel !== undefined && bias !== undefined);
  const wide = { name: "b", tensors: [{ ...kernel, shape: [1, 2] }, bias] };
  assert.throws(() => loadByOrder([a, b], fileOf(saved("a", 1, 2), wide), {}), {
    code: "ValueError",
    message:
      "Shape mismatch in layer #1 (named b) for weight b/kernel. Weight expects shape (1, 1). " +
      "Received saved weight with shape (1, 2)",
  });
  assert.deepEqual(valuesOf(a, b), before);
});
