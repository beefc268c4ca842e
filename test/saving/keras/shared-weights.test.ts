/** The real files of ../shared/weights: the layers of Keras's own table of layers take them, with the values of h5py. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sizeOf } from "../../../src/core/shape.ts";
import { MobileNetV2 } from "../../../src/applications/mobilenet-v2.ts";
import { Tensor } from "../../../src/core/tensor.ts";
import { evaluate } from "../../../src/graph/evaluate.ts";
import { programOf } from "../../../src/graph/program.ts";
import { Dense } from "../../../src/layers/core/dense.ts";
import { Dropout } from "../../../src/layers/regularization/dropout.ts";
import { GlobalAveragePooling2D } from "../../../src/layers/pooling/global-average-pooling2d.ts";
import { Input } from "../../../src/layers/core/input-layer.ts";
import type { BaseModel } from "../../../src/models/base-model.ts";
import { Model } from "../../../src/models/model.ts";
import { Sequential } from "../../../src/models/sequential.ts";
import { assertWithin } from "../../support/compare.ts";
import { uniform } from "../../../src/core/random.ts";
import { Layer } from "../../../src/layers/layer.ts";
import type { WeightSpec } from "../../../src/layers/weight.ts";
import { loadKerasWeights } from "../../../src/saving/keras/load-weights.ts";
import { needsShared, sharedBytes, sharedJson } from "../../support/shared.ts";

interface Described {
  readonly name: string;
  readonly type: string;
  readonly weights: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** A layer of which only class, name and weights are known. */
class Stub extends Layer {
  readonly className: string;
  readonly #weights: readonly WeightSpec[];

  constructor({ name, type, weights }: Described) {
    super({ name });
    this.className = type;
    const initializer = {
      className: "Zeros",
      getConfig: () => ({}),
      initialize: (shape: readonly number[]) => new Float32Array(sizeOf(shape)),
    };
    this.#weights = weights.map((weight) => ({
      ...weight,
      initializer,
      trainable: !weight.name.startsWith("moving_"),
    }));
    this.build([]);
  }

  protected override weightSpecs(): readonly WeightSpec[] {
    return this.#weights;
  }

  override computeOutputShape(): never {
    throw new Error("not run");
  }

  override forward(): never {
    throw new Error("not run");
  }
}

function stubs(alpha: number, rows: number, change: (layers: Described[]) => Described[] = (same) => same): Layer[] {
  const table = sharedJson<{ alpha: number; rows: number; layers: Described[] }[]>("reference/configurations.json");
  const model = table.find((entry) => entry.alpha === alpha && entry.rows === rows);
  assert.ok(model);
  return change(model.layers).map((layer) => new Stub(layer));
}

const withoutTop = (layers: Described[]): Described[] => layers.slice(0, -2);

/** The head of the flowers model in place of ImageNet's. */
const flowers = (layers: Described[]): Described[] => [
  ...layers.slice(0, -1),
  { name: "drop", type: "Dropout", weights: [] },
  {
    name: "head",
    type: "Dense",
    weights: [
      { name: "kernel", shape: [1280, 5] },
      { name: "bias", shape: [5] },
    ],
  },
];

function sums(layers: readonly Layer[]): number[] {
  return layers.flatMap((layer) => layer.weights.map(({ values }) => values.reduce((sum, value) => sum + value, 0)));
}

describe("weights files of ../shared", { skip: needsShared }, () => {
  test("three files of the same ImageNet weights, in three layouts, are equal bit for bit", () => {
    const models = [
      "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5",
      "imagenet_1.0_224_as_of_2018.h5",
      "mobilenet_v2_1.0_224.weights.h5",
    ].map((file) => {
      const layers = stubs(1, 224);
      loadKerasWeights(layers, sharedBytes(`weights/${file}`));
      return layers.flatMap((layer) => layer.weights);
    });
    const [first, ...others] = models;
    assert.equal(first?.length, 262);
    for (const other of others) {
      for (const [i, weight] of first.entries()) assert.deepEqual(other[i]?.values, weight.values, weight.name);
    }
    assert.ok(first.every(({ version }) => version === 1));
  });

  test("the weights without top are those of the whole model", () => {
    const whole = stubs(1, 224);
    const base = stubs(1, 224, withoutTop);
    loadKerasWeights(whole, sharedBytes("weights/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5"));
    loadKerasWeights(base, sharedBytes("weights/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"));
    assert.deepEqual(sums(base), sums(whole).slice(0, 260));
  });

  for (const file of ["flowers_0.35_96.h5", "flowers_0.35_96.weights.h5", "flowers_0.35_96.keras"]) {
    test(`${file} has the seeded values, exactly`, () => {
      const layers = stubs(0.35, 96, flowers);
      loadKerasWeights(layers, sharedBytes(`weights/${file}`));
      for (const layer of layers) {
        for (const { name, values, shape } of layer.weights) {
          const ranges: Record<string, readonly [number, number]> = {
            gamma: [0.5, 1.5],
            moving_variance: [0.5, 1.5],
            beta: [-0.5, 0.5],
            moving_mean: [-0.5, 0.5],
            bias: [-0.1, 0.1],
          };
          const fanIn = sizeOf(layer.className === "DepthwiseConv2D" ? shape.slice(0, 2) : shape.slice(0, -1));
          const [lo, hi] = ranges[name] ?? [-Math.sqrt(6 / fanIn), Math.sqrt(6 / fanIn)];
          const seeded = uniform(`ref/formats/${layer.name}/${name}`, values.length, lo, hi);
          assert.deepEqual(values, seeded, `${layer.name}/${name}`);
        }
      }
    });
  }

  for (const file of ["flowers_0.35_96.h5", "flowers_0.35_96.weights.h5", "flowers_0.35_96.keras"]) {
    test(`${file} in our model answers as Keras does, within 1e-5`, async () => {
      const base = await MobileNetV2({
        alpha: 0.35,
        inputShape: [96, 96, 3],
        includeTop: false,
        pooling: "avg",
        weights: null,
      });
      const dropped = new Dropout({ rate: 0.2 }).apply(base.output);
      const head = new Dense({ units: 5, activation: "softmax" }).apply(dropped);
      assertAnswers(new Model({ inputs: base.input, outputs: head }), file);
    });
  }

  test("nested_0.35_96.keras, a model within a Sequential, answers as Keras does, within 1e-5", async () => {
    const base = await MobileNetV2({ alpha: 0.35, inputShape: [96, 96, 3], includeTop: false, weights: null });
    const layers = [
      base,
      new GlobalAveragePooling2D(),
      new Dropout({ rate: 0.2 }),
      new Dense({ units: 3, activation: "softmax" }),
    ];
    assertAnswers(new Sequential({ layers: [Input({ shape: [96, 96, 3] }), ...layers] }), "nested_0.35_96.keras");
  });
});

/** Loads the file and compares the answer of the scalar layers with that in formats.json. */
function assertAnswers(model: BaseModel, file: string): void {
  loadKerasWeights(model.layers, sharedBytes(`weights/${file}`));
  const formats =
    sharedJson<Record<string, { input_seed: string; input_shape: number[]; output: number[][]; parameters: number }>>(
      "reference/formats.json",
    );
  const expected = formats[file];
  assert.ok(expected);
  assert.equal(model.countParams(), expected.parameters);
  const input = uniform(expected.input_seed, sizeOf(expected.input_shape), -1, 1);
  const [output] = evaluate(programOf(model.graph), [new Tensor(expected.input_shape, input)]);
  assertWithin(output?.data ?? [], expected.output.flat(), 1e-5);
}
