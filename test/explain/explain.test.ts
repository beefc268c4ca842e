/** Grad-CAM and class activation maps against Keras's, and what cannot be explained. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { Dims } from "../../src/core/shape.ts";
import { Tensor, zeros } from "../../src/core/tensor.ts";
import { classActivationMap } from "../../src/explain/class-activation-map.ts";
import { GradCam, gradCam } from "../../src/explain/grad-cam.ts";
import { AveragePooling2D } from "../../src/layers/pooling/average-pooling2d.ts";
import { Conv2D } from "../../src/layers/convolutional/conv2d.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Flatten } from "../../src/layers/reshaping/flatten.ts";
import { GlobalAveragePooling2D } from "../../src/layers/pooling/global-average-pooling2d.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import { Softmax } from "../../src/layers/activations/softmax.ts";
import type { Layer } from "../../src/layers/layer.ts";
import { Model } from "../../src/models/model.ts";
import { Sequential } from "../../src/models/sequential.ts";
import type { TrainableModel } from "../../src/models/trainable-model.ts";
import { assertWithin } from "../support/compare.ts";
import { seedWeights, seededInput } from "../support/seeded.ts";
import { binary, classifier, nested } from "./models.ts";

interface Answers {
  readonly model: string;
  readonly input: Dims;
  readonly best: number;
  readonly scores: readonly number[];
  readonly cases: readonly {
    readonly method: "grad-cam" | "cam";
    readonly layer: string;
    readonly classIndex: number;
    readonly shape: Dims;
    readonly heatmap: readonly number[];
  }[];
}

const answers: readonly Answers[] = JSON.parse(
  readFileSync(new URL("../fixtures/explain/keras.json", import.meta.url), "utf8"),
);
const models: Readonly<Record<string, () => Promise<TrainableModel>>> = { classifier, nested, binary };

for (const { model: name, input, best, scores, cases } of answers) {
  describe(`${name} answers as in Keras`, () => {
    const x = seededInput(`explain/${name}`, input);
    const made = models[name]?.();
    for (const { method, layer, classIndex, shape, heatmap } of cases) {
      // Between an early layer and the answer a few values lie within a rounding of a kink of ReLU6; Keras's are in float64.
      const tolerance = /^block_(6|13)/.test(layer) ? 2e-2 : 1e-4;
      test(`${method} of class ${classIndex} at ${layer}: the heat map within ${tolerance}, the score within 1e-5`, async () => {
        const model = await made;
        assert.ok(model !== undefined);
        const found = await (method === "cam"
          ? classActivationMap(model, x, { classIndex })
          : gradCam(model, x, { classIndex, layer }));
        assert.deepEqual([found.classIndex, found.layer, found.heatmap.shape], [classIndex, layer, shape]);
        assertWithin([found.score], [scores[classIndex] ?? NaN], 1e-5, "score");
        assertWithin(found.heatmap.data, heatmap, tolerance, "heat map");
      });
    }

    test("by default the last feature map, and the best class", async () => {
      const model = await made;
      assert.ok(model !== undefined);
      const { classIndex, layer } = await gradCam(model, x);
      assert.deepEqual([classIndex, layer.split("/").at(-1)], [best, "out_relu"]);
    });
  });
}

describe("gradCam", () => {
  test("one GradCam explains many pictures, as gradCam does each, and sees new weights", async () => {
    const model = await nested();
    using explainer = await GradCam.create(model, { layer: "out_relu" });
    for (const name of ["a", "b"]) {
      const x = seededInput(name, [64, 80, 3]);
      assert.deepEqual(await explainer.explain(x, { classIndex: 2 }), await gradCam(model, x, { classIndex: 2 }));
    }
    const x = seededInput("a", [64, 80, 3]);
    const before = await explainer.explain(x, { classIndex: 2 });
    seedWeights({ layers: [model.getLayer("head")] }, "others");
    const after = await explainer.explain(x, { classIndex: 2 });
    assert.notDeepEqual(after, before);
    assert.deepEqual(after, await gradCam(model, x, { classIndex: 2 }));
  });

  test("a nested model is its own last layer; a name is looked for within", async () => {
    const model = await nested();
    const x = seededInput("a", [64, 80, 3]);
    const [byPath, byName, byModel] = [
      await gradCam(model, x, { layer: "mobilenetv2_0.35_64/out_relu" }),
      await gradCam(model, x, { layer: "out_relu" }),
      await gradCam(model, x, { layer: "mobilenetv2_0.35_64" }),
    ];
    assert.deepEqual(byName, byPath);
    assert.deepEqual(byModel, { ...byPath, layer: "mobilenetv2_0.35_64" });
  });

  test("models in models: by the name alone, by a part of the path, by all of it; a layer that two models share", async () => {
    const shared = new Conv2D({ filters: 3, kernelSize: 1, name: "shared" });
    const wrap = (name: string, layers: readonly Layer[]) =>
      new Sequential({ name, layers: [Input({ shape: [4, 4, 3] }), ...layers] });
    const inner = wrap("inner", [new Conv2D({ filters: 3, kernelSize: 1, name: "conv" }), shared]);
    const outer = wrap("outer", [inner, new Conv2D({ filters: 3, kernelSize: 1, name: "last" })]);
    const model = wrap("whole", [
      outer,
      wrap("other", [shared]),
      new GlobalAveragePooling2D(),
      new Dense({ units: 2, activation: "softmax" }),
    ]);
    const x = seededInput("x", [4, 4, 3]);
    for (const layer of ["conv", "inner/conv", "outer/inner/conv"]) {
      assert.equal((await gradCam(model, x, { layer })).layer, "outer/inner/conv");
    }
    assert.equal((await gradCam(model, x, { layer: "outer/last" })).layer, "outer/last");
    assert.equal((await gradCam(model, x, { layer: "shared" })).layer, "outer/inner/shared");
    await assert.rejects(gradCam(model, x, { layer: "other/conv" }), {
      message: /^No such layer: other\/conv\. Did you mean outer\/inner\/conv/,
    });
  });

  test("weights do not change, nor does what the model predicts", async () => {
    const model = await classifier();
    const x = seededInput("x", [96, 96, 3]);
    const before = await model.predict(x);
    const versions = model.weights.map(({ version }) => version);
    const { score, classIndex } = await gradCam(model, x);
    assert.deepEqual(
      model.weights.map(({ version }) => version),
      versions,
    );
    assert.deepEqual(await model.predict(x), before);
    assertWithin([score], [before.data[classIndex] ?? NaN], 1e-6, "score");
  });

  test("where nothing speaks for the class, the heat map is 0", async () => {
    const model = await classifier();
    const { heatmap } = await gradCam(model, zeros([96, 96, 3]), { classIndex: 0 });
    assert.ok(heatmap.data.every((value) => value >= 0 && value <= 1));
    const head = model.getLayer("predictions");
    for (const { values } of head.weights) values.fill(0);
    for (const weight of head.weights) weight.assign(weight.values);
    const dead = await gradCam(model, zeros([96, 96, 3]), { classIndex: 0 });
    assert.deepEqual(new Set(dead.heatmap.data), new Set([0]));
  });

  test("models with logits, and pictures of any size", async () => {
    const input = Input({ shape: [null, null, 3] });
    const features = new Conv2D({ filters: 4, kernelSize: 3, activation: "relu", name: "conv" }).apply(input);
    const outputs = new Dense({ units: 3, name: "head" }).apply(new GlobalAveragePooling2D().apply(features));
    const model = new Model({ inputs: input, outputs });
    seedWeights(model, "logits");
    for (const [rows, cols] of [
      [8, 10],
      [5, 4],
    ] as const) {
      const x = seededInput("x", [rows, cols, 3]);
      const { heatmap, layer, score, classIndex } = await gradCam(model, x);
      assert.deepEqual([heatmap.shape, layer], [[rows - 2, cols - 2], "conv"]);
      assertWithin([score], [(await model.predict(x)).data[classIndex] ?? NaN], 1e-6, "score");
    }
  });
});

function pooledBy(pool: AveragePooling2D | GlobalAveragePooling2D, isConvolution: boolean): Model {
  const input = Input({ shape: [6, 6, 3] });
  const conv = new Conv2D({ filters: 4, kernelSize: 3, activation: "relu", name: "conv" }).apply(input);
  const pooled = pool.apply(conv);
  const head = isConvolution
    ? new Flatten().apply(new Conv2D({ filters: 3, kernelSize: 1, name: "head" }).apply(pooled))
    : new Dense({ units: 3, name: "head" }).apply(
        pool instanceof AveragePooling2D ? new Flatten().apply(pooled) : pooled,
      );
  const model = new Model({ inputs: input, outputs: new Softmax().apply(head) });
  seedWeights(model, "pooled");
  return model;
}

describe("class activation maps", () => {
  test("the pool may be an average over the whole map, and the classifier a convolution: the same map", async () => {
    const x = seededInput("x", [6, 6, 3]);
    const expected = await classActivationMap(pooledBy(new GlobalAveragePooling2D(), false), x);
    const others = [
      pooledBy(new AveragePooling2D({ poolSize: 4 }), false),
      pooledBy(new AveragePooling2D({ poolSize: 4 }), true),
      pooledBy(new GlobalAveragePooling2D({ keepdims: true }), true),
    ];
    for (const other of others) assert.deepEqual(await classActivationMap(other, x), expected);
  });

  test("other models are told what is in the way", async () => {
    const needs = "A class activation map needs a model that ends with GlobalAveragePooling2D and one Dense layer. ";
    await assert.rejects(classActivationMap(await binary(), zeros([64, 64, 3])), {
      code: "ValueError",
      message: `${needs}Layer 'hidden' (Dense) is in the way. Grad-CAM works for any model.`,
    });
    const quarter = pooledBy(new AveragePooling2D({ poolSize: 2, strides: 3 }), false);
    await assert.rejects(classActivationMap(quarter, zeros([6, 6, 3])), {
      message: /\(AveragePooling2D\) is in the way/,
    });
    const input = Input({ shape: [3] });
    const model = new Model({ inputs: input, outputs: new Dense({ units: 2 }).apply(input) });
    await assert.rejects(classActivationMap(model, zeros([3])), {
      message: `${needs}This model has none. Grad-CAM works for any model.`,
    });
  });
});

describe("what cannot be explained is refused", () => {
  const x = zeros([64, 80, 3]);

  test("layers that are not there, or have no feature map", async () => {
    const model = await nested();
    const maps =
      /Layers with feature maps, from the last: mobilenetv2_0\.35_64\/out_relu, mobilenetv2_0\.35_64\/Conv_1_bn, .*, …\.$/;
    await assert.rejects(gradCam(model, x, { layer: "conv" }), {
      code: "ValueError",
      message: /^No such layer: conv\. /,
    });
    await assert.rejects(gradCam(model, x, { layer: "conv" }), { message: maps });
    for (const [given, meant] of [
      ["out_rely", "mobilenetv2_0.35_64/out_relu"],
      ["OutRelu", "mobilenetv2_0.35_64/out_relu"],
      ["mobilenetv2/out_relu", "mobilenetv2_0.35_64/out_relu"],
      ["block_14_expand_rel", "mobilenetv2_0.35_64/block_14_expand_relu"],
    ] as const) {
      await assert.rejects(
        gradCam(model, x, { layer: given }),
        ({ message }: Error) =>
          message.startsWith(`No such layer: ${given}. Did you mean ${meant}, or mobilenetv2_0.35_64/`) ||
          message.startsWith(`No such layer: ${given}. Did you mean ${meant}? Layers with feature maps`),
      );
    }
    await assert.rejects(gradCam(model, x, { layer: "xyz" }), { message: /^No such layer: xyz\. Layers with/ });
    await assert.rejects(gradCam(model, x, { layer: "head" }), {
      code: "ValueError",
      message: /^Layer 'head' has no feature map: its output has the shape \(None, 4\)\. /,
    });
    await assert.rejects(gradCam(await classifier(), zeros([96, 96, 3]), { layer: "input_layer" }), {
      code: "ValueError",
    });
  });

  test("names that several nested models have", async () => {
    const inner = () => {
      const input = Input({ shape: [4, 4, 3] });
      const outputs = new Conv2D({ filters: 3, kernelSize: 1, name: "conv" }).apply(input);
      return new Model({ inputs: input, outputs });
    };
    const input = Input({ shape: [4, 4, 3] });
    const [first, second] = [inner(), inner()];
    const pooled = new GlobalAveragePooling2D().apply(second.apply(first.apply(input)));
    const model = new Model({ inputs: input, outputs: new Dense({ units: 2, activation: "softmax" }).apply(pooled) });
    const picture = seededInput("x", [4, 4, 3]);
    await assert.rejects(gradCam(model, picture, { layer: "conv" }), {
      code: "ValueError",
      message: `Several layers are named conv: ${first.name}/conv, ${second.name}/conv. Give one of these paths.`,
    });
    const { heatmap } = await gradCam(model, picture, { layer: `${first.name}/conv` });
    assert.deepEqual(heatmap.shape, [4, 4]);
  });

  test("classes that are not there", async () => {
    const model = await nested();
    for (const classIndex of [4, -1, 0.5]) {
      const error = {
        code: "ValueError",
        message: `\`classIndex\` should be a whole number of 0 to 3. Received: classIndex=${classIndex}`,
      };
      await assert.rejects(gradCam(model, x, { classIndex }), error);
      await assert.rejects(classActivationMap(model, x, { classIndex }), error);
    }
    await assert.rejects(gradCam(model, new Tensor([64, 80, 3], new Float32Array(x.size).fill(NaN))), {
      code: "ValueError",
      message: "The model's answer has NaN in it: there is no best class.",
    });
  });

  test("batches, and pictures of another size", async () => {
    const model = await nested();
    await assert.rejects(gradCam(model, zeros([2, 64, 80, 3])), {
      code: "ValueError",
      message: "One picture is explained at a time. Received a batch of 2: shape=(2, 64, 80, 3)",
    });
    await assert.rejects(gradCam(model, zeros([64, 64, 3])), {
      code: "ValueError",
      message: /found shape=\(64, 64, 3\)/,
    });
  });

  test("models without a classifier, without maps, with several outputs", async () => {
    const input = Input({ shape: [4, 4, 3] });
    const map = new Conv2D({ filters: 2, kernelSize: 3 }).apply(input);
    await assert.rejects(gradCam(new Model({ inputs: input, outputs: map }), zeros([4, 4, 3])), {
      code: "ValueError",
      message: "The model has no classifier: it answers with features of shape (1, 2, 2, 2).",
    });
    await assert.rejects(gradCam(new Model({ inputs: input, outputs: [map, map] }), zeros([4, 4, 3])), {
      code: "ValueError",
      message: /has 2 outputs\. One with one output can be explained\.$/,
    });
    const line = Input({ shape: [3] });
    await assert.rejects(
      gradCam(new Model({ inputs: line, outputs: new Dense({ units: 2 }).apply(line) }), zeros([3])),
      {
        code: "ValueError",
        message: "No layer of the model has a feature map: an output of the shape (batch, rows, cols, channels).",
      },
    );
  });
});
