/** Models of TensorFlow Hub say themselves that they take pixels from 0 to 1. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LayerDescription, ModelDescription } from "../../../src/saving/checkpoint.ts";
import { hubPixels } from "../../../src/saving/graphs/tensorflow/hub-pixels.ts";

function modelOf(scale: number, offset: number, users = 1): ModelDescription {
  const image = { layer: "image", node: 0, output: 0 };
  const layers: readonly LayerDescription[] = [
    { className: "InputLayer", name: "image", config: {}, nodes: [] },
    ...Array.from({ length: users }, (_, i) => ({
      className: "Rescaling",
      name: `scale_${i}`,
      config: { scale, offset },
      nodes: [[image]],
    })),
  ];
  return { className: "Functional", name: "hub", trainable: true, layers, inputs: [image], outputs: [image] };
}

test("2x − 1 at the beginning brings 0 to 1 to ±1; anything else says nothing", () => {
  assert.deepEqual(hubPixels(modelOf(2, -1)), { preprocessing: { scale: 1 / 255, offset: 0 } });
  for (const other of [modelOf(1, -1), modelOf(2, 0), modelOf(1 / 127.5, -1), modelOf(2, -1, 2), modelOf(2, -1, 0)]) {
    assert.deepEqual(hubPixels(other), {});
  }
});
