/** The MobileNetV2 of the npm package nsfwjs: its scripts are read as text, and the model answers as TensorFlow.js does. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { uniform } from "../../../src/core/random.ts";
import { sizeOf } from "../../../src/core/shape.ts";
import { Tensor } from "../../../src/core/tensor.ts";
import { evaluate } from "../../../src/graph/evaluate.ts";
import { programOf } from "../../../src/graph/program.ts";
import { loadAnyModel } from "../../../src/models/files/load-model.ts";
import type { AnyModel } from "../../../src/models/files/model-from-description.ts";
import { NSFWJS_CLASSES } from "../../../src/saving/nsfwjs/classes.ts";
import { assertWithin } from "../../support/compare.ts";
import { chosen } from "../files.ts";

const folder = new URL("../../../node_modules/nsfwjs/dist/models/mobilenet_v2/", import.meta.url);
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
  readFileSync(new URL("../../fixtures/saving/nsfwjs.json", import.meta.url), "utf8"),
) as Reference;

function file(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, folder)));
}

const SHARD = "group1-shard1of1.min.js";

async function load(description = file("model.min.js"), shard = file(SHARD)): Promise<AnyModel> {
  return loadAnyModel(
    chosen([
      { name: "model.min.js", bytes: description },
      { name: SHARD, bytes: shard },
    ]),
  );
}

describe("nsfwjs", { skip }, () => {
  test("266 tensors, equal to TensorFlow.js's, and the probabilities of the scalar layers within 1e-5 of its", async () => {
    const model = await load();
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
    assert.deepEqual(model.classNames, NSFWJS_CLASSES);
    assert.equal(NSFWJS_CLASSES[output?.data.indexOf(Math.max(...output.data)) ?? -1], "Neutral");
  });

  test("broken scripts are refused", async () => {
    const description = file("model.min.js");
    const shard = file(SHARD);
    const mangled = shard.slice();
    mangled[100_000] = 0x3b;
    const cases: readonly (readonly [Uint8Array, Uint8Array, RegExp])[] = [
      [description.subarray(0, -500), shard, /The JSON ends early|is broken/],
      [description, shard.subarray(0, 1_000_000), /truncated/],
      [description, mangled, /not base64/],
      [description, description, /exports nothing that we know/],
    ];
    for (const [first, second, message] of cases) {
      await assert.rejects(load(first, second), { name: "MobileNetV2Error", code: "FormatError", message });
    }
    await assert.rejects(loadAnyModel(description), { message: /shard 'group1-shard1of1'.* is missing/ });
  });
});
