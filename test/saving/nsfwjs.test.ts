/** The MobileNetV2 of the npm package nsfwjs: its scripts are read as text, and the model answers as TensorFlow.js does. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { uniform } from "../../src/core/random.ts";
import { sizeOf } from "../../src/core/shape.ts";
import { Tensor } from "../../src/core/tensor.ts";
import { evaluate } from "../../src/graph/evaluate.ts";
import { programOf } from "../../src/graph/program.ts";
import { AveragePooling2D } from "../../src/layers/average-pooling2d.ts";
import { Dense } from "../../src/layers/dense.ts";
import { Flatten } from "../../src/layers/flatten.ts";
import { Model } from "../../src/models/model.ts";
import { NSFWJS_CLASSES, loadNsfwjsInto } from "../../src/saving/nsfwjs.ts";
import { assertWithin } from "../support/compare.ts";
import { versions } from "./tiny.ts";

const folder = new URL("../../node_modules/nsfwjs/dist/models/mobilenet_v2/", import.meta.url);
const skip = existsSync(folder) ? false : "needs the development dependency nsfwjs, which is not installed";

interface Reference {
  readonly inputSeed: string;
  readonly inputShape: readonly number[];
  readonly output: readonly number[];
  readonly tensors: readonly {
    readonly layer: string;
    readonly shape: readonly number[];
    readonly first: number;
    readonly last: number;
    readonly sum: number;
  }[];
}

const reference = JSON.parse(
  readFileSync(new URL("../fixtures/saving/nsfwjs.json", import.meta.url), "utf8"),
) as Reference;

function file(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, folder)));
}

function load(model: Model, description = file("model.min.js"), shard = file("group1-shard1of1.min.js")): void {
  loadNsfwjsInto(model.layers, description, { "group1-shard1of1": shard });
}

async function buildModel(): Promise<Model> {
  const base = await MobileNetV2({ includeTop: false, weights: null, inputShape: [224, 224, 3] });
  let x = new AveragePooling2D({ poolSize: 7 }).apply(base.output);
  x = new Flatten().apply(x);
  x = new Dense({ units: 256, activation: "relu" }).apply(x);
  x = new Dense({ units: 128, activation: "relu" }).apply(x);
  x = new Dense({ units: 5, activation: "softmax" }).apply(x);
  return new Model({ inputs: base.input, outputs: x });
}

describe("nsfwjs", { skip }, () => {
  test("266 tensors, equal to TensorFlow.js's, and the probabilities of the scalar layers within 1e-5 of its", async () => {
    const model = await buildModel();
    load(model);
    const weights = model.layers.flatMap((layer) => layer.weights);
    assert.deepEqual(
      weights.map(({ shape, values }) => ({
        shape,
        first: values[0],
        last: values.at(-1),
        sum: values.reduce((a, b) => a + b, 0),
      })),
      reference.tensors.map(({ shape, first, last, sum }) => ({ shape, first, last, sum })),
    );
    const input = uniform(reference.inputSeed, sizeOf(reference.inputShape), 0, 1);
    const [output] = evaluate(programOf(model.graph), [new Tensor(reference.inputShape, input)]);
    assertWithin(output?.data ?? [], reference.output, 1e-5);
    assert.equal(NSFWJS_CLASSES[output?.data.indexOf(Math.max(...output.data)) ?? -1], "Neutral");
  });

  test("broken scripts are refused, and no weight is set", async () => {
    const model = await buildModel();
    const description = file("model.min.js");
    const shard = file("group1-shard1of1.min.js");
    const mangled = shard.slice();
    mangled[100_000] = 0x3b;
    const cases: readonly (readonly [Uint8Array, Uint8Array, RegExp])[] = [
      [description.subarray(0, -500), shard, /The JSON ends early|is broken/],
      [description, shard.subarray(0, 1_000_000), /truncated/],
      [description, mangled, /not base64/],
      [shard, shard, /exports nothing that we know/],
      [description, description, /exports nothing that we know/],
    ];
    for (const [first, second, message] of cases) {
      assert.throws(() => load(model, first, second), { name: "MobileNetV2Error", code: "FormatError", message });
    }
    assert.throws(() => loadNsfwjsInto(model.layers, description, {}), {
      message: /shard 'group1-shard1of1'.* is missing/,
    });
    assert.equal(versions(model.layers), 0);
  });
});
