/** Answers of MobileNetV2 with seeded weights against the real Keras's. */
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { evaluate } from "../../src/graph/evaluate.ts";
import { programOf } from "../../src/graph/program.ts";
import { clearSession } from "../../src/layers/naming.ts";
import { Model } from "../../src/models/model.ts";
import { assertWithin, maxMagnitude } from "../support/compare.ts";
import { type ForwardCase, optionsOf } from "../support/forward-reference.ts";
import { seedWeights, seededInput } from "../support/seeded.ts";
import { needsShared, sharedJson, sharedTensors } from "../support/shared.ts";

interface Forward {
  readonly cases: readonly ForwardCase[];
  readonly layers_of_0_35_96: {
    readonly seed: string;
    readonly layers: readonly {
      readonly layer: string;
      readonly shape: readonly number[];
      readonly mean: number;
      readonly std: number;
      readonly first: readonly number[];
      readonly last: readonly number[];
    }[];
  };
}

const { cases, layers_of_0_35_96: layersReference } = needsShared
  ? { cases: [], layers_of_0_35_96: { seed: "", layers: [] } }
  : sharedJson<Forward>("reference/forward.json");
const outputs = needsShared ? new Map<string, never>() : sharedTensors("reference/forward.safetensors");

beforeEach(() => clearSession());

test("the 33 reference cases are there", { skip: needsShared }, () => {
  assert.equal(cases.length, 33);
});

describe("the engine answers as Keras: softmax within 1e-5, features within 1e-4 of the largest magnitude", () => {
  for (const reference of cases) {
    test(reference.name, async () => {
      const options = optionsOf(reference);
      using model = await MobileNetV2(options);
      assert.equal(model.name, reference.model_name);
      seedWeights(model, reference.seed);
      const y = await model.predict(seededInput(reference.seed, reference.input_shape_with_batch));
      const expected = outputs.get(reference.name);
      assert.ok(expected !== undefined);
      assert.deepEqual(y.shape, reference.output_shape);
      const isSoftmax = (options.includeTop ?? true) && options.classifierActivation === undefined;
      assertWithin(y.data, expected.data, isSoftmax ? 1e-5 : 1e-4 * maxMagnitude(expected.data));
    });
  }
});

describe("every layer of mobilenetv2_0.35_96, within 1e-4 of the layer's spread", { skip: needsShared }, () => {
  const check = (name: string, data: Float32Array): void => {
    const expected = layersReference.layers.find(({ layer }) => layer === name);
    assert.ok(expected !== undefined, `the reference has a layer ${name}`);
    const tolerance = 1e-4 * Math.max(1e-3, expected.std, Math.abs(expected.mean));
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    const std = Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length);
    assertWithin([mean, std], [expected.mean, expected.std], tolerance, `${name}: mean and deviation`);
    assertWithin(data.slice(0, 4), expected.first, tolerance * 10, `${name}: first values`);
    assertWithin(data.slice(-4), expected.last, tolerance * 10, `${name}: last values`);
  };
  const make = async (): Promise<Model> => {
    const model = await MobileNetV2({ alpha: 0.35, inputShape: [96, 96, 3], weights: null });
    seedWeights(model, layersReference.seed);
    return model;
  };

  test("in the scalar layers", async () => {
    const model = await make();
    let seen = 0;
    evaluate(programOf(model.graph), [seededInput(layersReference.seed, [1, 96, 96, 3])], (name, { data }) => {
      check(name, data);
      seen++;
    });
    assert.equal(seen, layersReference.layers.length - 1);
  });

  test("in the engine, with every layer as an output", async () => {
    const model = await make();
    const layers = model.layers.slice(1);
    using all = new Model({ inputs: model.input, outputs: layers.map((layer) => layer.output) });
    const values = await all.predict(seededInput(layersReference.seed, [1, 96, 96, 3]));
    assert.equal(values.length, layersReference.layers.length - 1);
    for (const [i, { data }] of values.entries()) check(layers[i]?.name ?? "", data);
  });

  test("in the engine, every seventh layer alone", async () => {
    const model = await make();
    for (const layer of model.layers.filter((_, i) => i % 7 === 3)) {
      using part = new Model({ inputs: model.input, outputs: layer.output });
      const { data } = await part.predict(seededInput(layersReference.seed, [1, 96, 96, 3]));
      check(layer.name, data);
    }
  });
});
