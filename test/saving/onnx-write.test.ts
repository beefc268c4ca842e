/** ONNX as we write it: what reads back to the same bits, and what onnxruntime answers where bench/thirdparty is installed. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import type { Tensor } from "../../src/core/tensor.ts";
import { Activation } from "../../src/layers/activation.ts";
import { Add } from "../../src/layers/add.ts";
import { AveragePooling2D } from "../../src/layers/average-pooling2d.ts";
import { BatchNormalization } from "../../src/layers/batch-normalization.ts";
import { Conv2D } from "../../src/layers/conv2d.ts";
import { Dense } from "../../src/layers/dense.ts";
import { DepthwiseConv2D } from "../../src/layers/depthwise-conv2d.ts";
import { Dropout } from "../../src/layers/dropout.ts";
import { Flatten } from "../../src/layers/flatten.ts";
import { GlobalAveragePooling2D } from "../../src/layers/global-average-pooling2d.ts";
import { GlobalMaxPooling2D } from "../../src/layers/global-max-pooling2d.ts";
import { Input } from "../../src/layers/input-layer.ts";
import type { KerasTensor, Layer } from "../../src/layers/layer.ts";
import { ReLU } from "../../src/layers/relu.ts";
import { Rescaling } from "../../src/layers/rescaling.ts";
import { Reshape } from "../../src/layers/reshape.ts";
import { Softmax } from "../../src/layers/softmax.ts";
import { ZeroPadding2D } from "../../src/layers/zero-padding2d.ts";
import { weightsByPath } from "../../src/models/describe-model.ts";
import { loadModel } from "../../src/models/load-model.ts";
import { Model } from "../../src/models/model.ts";
import { Sequential } from "../../src/models/sequential.ts";
import { assertWithin, maxMagnitude } from "../support/compare.ts";
import { seedWeights, seededInput } from "../support/seeded.ts";

type AnyModel = Model | Sequential;

function leaves(model: AnyModel): readonly Layer[] {
  return model.layers.flatMap((layer) =>
    layer instanceof Model || layer instanceof Sequential ? leaves(layer) : [layer],
  );
}

function seeded<M extends AnyModel>(model: M): M {
  seedWeights({ layers: leaves(model) }, "onnx");
  return model;
}

function functional(shape: readonly number[], build: (x: KerasTensor) => KerasTensor): Model {
  const input = Input({ shape });
  return seeded(new Model({ inputs: input, outputs: build(input) }));
}

async function base(shape: readonly [number, number, number]): Promise<Model> {
  return MobileNetV2({ alpha: 0.35, weights: null, inputShape: shape, includeTop: false });
}

/** Every layer that is written, at sizes where paddings differ before and after. */
const MODELS: Readonly<Record<string, () => Promise<AnyModel>>> = {
  MobileNetV2: async () =>
    seeded(await MobileNetV2({ alpha: 0.35, weights: null, inputShape: [32, 32, 3], classes: 5 })),
  "MobileNetV2 without top": async () => seeded(await base([32, 32, 3])),
  "MobileNetV2 within a Sequential": async () =>
    seeded(
      new Sequential([
        Input({ shape: [32, 32, 3] }),
        new Rescaling({ scale: 1 / 127.5, offset: -1 }),
        await base([32, 32, 3]),
        new GlobalAveragePooling2D(),
        new Dropout({ rate: 0.2 }),
        new Dense({ units: 3, activation: "softmax" }),
      ]),
    ),
  "strides, dilations, groups, paddings": async () =>
    functional([13, 10, 4], (input) => {
      let x = new Rescaling({ scale: [1, 2, 3, 4], offset: [0, 1, 0, 1] }).apply(input);
      x = new Conv2D({ filters: 6, kernelSize: [3, 2], strides: 2, padding: "same", activation: "relu6" }).apply(x);
      x = new Conv2D({ filters: 8, kernelSize: 3, dilationRate: 2, padding: "same", groups: 2 }).apply(x);
      x = new ZeroPadding2D({
        padding: [
          [0, 1],
          [2, 0],
        ],
      }).apply(x);
      return new DepthwiseConv2D({ kernelSize: 3, depthMultiplier: 2, activation: "tanh" }).apply(x);
    }),
  "pools, sums, reshapes": async () =>
    functional([8, 9, 6], (input) => {
      const a = new AveragePooling2D({ poolSize: 2, padding: "same" }).apply(input);
      const b = new Conv2D({ filters: 6, kernelSize: 2, strides: 2, padding: "same", useBias: false }).apply(input);
      const sum = new Add().apply([a, new BatchNormalization({ scale: false }).apply(b), a]);
      const dense = new Dense({ units: 5, activation: "elu" }).apply(sum);
      const vector = new Reshape({ targetShape: [10, 10] }).apply(dense);
      return new Softmax().apply(new Flatten().apply(vector));
    }),
  activations: async () =>
    functional([4, 4, 3], (input) => {
      let x = input;
      for (const name of [
        "sigmoid",
        "hard_silu",
        "leaky_relu",
        "softplus",
        "softsign",
        "hard_sigmoid",
        "exponential",
        "linear",
      ] as const) {
        x = new Activation({ activation: name }).apply(x);
      }
      x = new ReLU({ negativeSlope: 0.3 }).apply(x);
      return new ReLU({ maxValue: 2 }).apply(new GlobalMaxPooling2D().apply(new ReLU().apply(x)));
    }),
};

function sizesOf(model: AnyModel): readonly number[] {
  return model.input.shape.map((axis) => axis ?? 2);
}

describe("what is written reads back", () => {
  for (const [name, make] of Object.entries(MODELS)) {
    test(`${name}: every weight bit for bit, the same answers within 1e-6 of the largest`, async () => {
      using model = await make();
      using loaded = await loadModel(await model.toBytes("onnx"));
      // Models within are flattened: their names come before.
      const theirs = new Map([...weightsByPath(loaded)].map(([path, { data }]) => [path.replaceAll("/", "_"), data]));
      for (const [path, { data }] of weightsByPath(model)) {
        const read = theirs.get(path.replaceAll("/", "_"));
        assert.ok(read !== undefined && read.length === data.length, path);
        assert.ok(
          data.every((value, i) => Object.is(value, read[i])),
          path,
        );
      }
      const x = seededInput("onnx", sizesOf(model));
      const [ours, back] = [await model.predict(x), await loaded.predict(x)];
      assert.deepEqual(back.shape, ours.shape);
      assertWithin(back.data, ours.data, 1e-6 * maxMagnitude(ours.data));
    });
  }

  test("layers keep their names and their order", async () => {
    const model = await MobileNetV2({ alpha: 0.35, weights: null, inputShape: [32, 32, 3], classes: 5 });
    const loaded = await loadModel(await model.toBytes("onnx"));
    assert.deepEqual(
      loaded.layers.map(({ name, className }) => [name, className]),
      model.layers.map(({ name, className }) => [name, className]),
    );
    assert.equal(loaded.name, model.name);
    assert.equal(loaded.getLayer("bn_Conv1").getConfig().epsilon, 0.001);
  });

  test("names of classes and the scaling of pixels", async () => {
    const model = await MODELS["activations"]?.();
    assert.ok(model !== undefined);
    model.classNames = ["ox-eye daisy", "向日葵"];
    model.preprocessing = { scale: [1, 2, 3], offset: -1 };
    const loaded = await loadModel(await model.toBytes("onnx"));
    assert.deepEqual(loaded.classNames, model.classNames);
    assert.deepEqual(loaded.preprocessing, model.preprocessing);
  });

  test("pictures of any size stay so", async () => {
    const model = await MobileNetV2({ alpha: 0.35, weights: null, inputShape: [null, null, 3], includeTop: false });
    const loaded = await loadModel(await model.toBytes("onnx"));
    assert.deepEqual(loaded.input.shape, [null, null, null, 3]);
    assert.deepEqual(loaded.output.shape, [null, null, null, 1280]);
  });

  test("what no operator says is refused, naming the layer", async () => {
    const model = functional([4, 4, 3], (x) => new Activation({ activation: "sparsemax", name: "last" }).apply(x));
    await assert.rejects(model.toBytes("onnx"), { code: "UnsupportedError", message: /sparsemax of layer 'last'/ });
  });
});

interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(
    feeds: Record<string, unknown>,
  ): Promise<Record<string, { readonly data: Float32Array; readonly dims: number[] }>>;
}

interface OnnxRuntime {
  readonly InferenceSession: { create(bytes: Uint8Array): Promise<Session> };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => unknown;
}

const peers = new URL("../../bench/thirdparty/node_modules/onnxruntime-node/package.json", import.meta.url);

async function onnxruntime(bytes: Uint8Array, { data, shape }: Tensor<Float32Array>): Promise<Float32Array> {
  const ort = createRequire(peers)("onnxruntime-node") as OnnxRuntime;
  const session = await ort.InferenceSession.create(bytes);
  const results = await session.run({ [session.inputNames[0] ?? ""]: new ort.Tensor("float32", data, shape) });
  const output = results[session.outputNames[0] ?? ""];
  assert.ok(output !== undefined);
  return output.data;
}

describe("onnxruntime", { skip: !existsSync(peers) && "needs the packages of bench/thirdparty" }, () => {
  for (const [name, make] of Object.entries(MODELS)) {
    test(`${name}: within 1e-5 of the largest`, async () => {
      using model = await make();
      const x = seededInput("onnx", sizesOf(model));
      const ours = (await model.predict(x)).data;
      assertWithin(await onnxruntime(await model.toBytes("onnx"), x), ours, 1e-5 * Math.max(1, maxMagnitude(ours)));
    });
  }
});
