/** Configs: defaults and everything else as real Keras has them, there and back; and what the registry refuses. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Activation } from "../../src/layers/activations/activation.ts";
import { isRecord } from "../../src/layers/arguments.ts";
import { AveragePooling2D } from "../../src/layers/pooling/average-pooling2d.ts";
import { BatchNormalization } from "../../src/layers/normalization/batch-normalization.ts";
import { CenterCrop } from "../../src/layers/preprocessing/center-crop.ts";
import { Concatenate } from "../../src/layers/merging/concatenate.ts";
import { Conv2D } from "../../src/layers/convolutional/conv2d.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { DepthwiseConv2D } from "../../src/layers/convolutional/depthwise-conv2d.ts";
import { Dropout } from "../../src/layers/regularization/dropout.ts";
import { Flatten } from "../../src/layers/reshaping/flatten.ts";
import { GlobalAveragePooling2D } from "../../src/layers/pooling/global-average-pooling2d.ts";
import { GlobalMaxPooling2D } from "../../src/layers/pooling/global-max-pooling2d.ts";
import { InputLayer } from "../../src/layers/core/input-layer.ts";
import { ReLU } from "../../src/layers/activations/relu.ts";
import { layerFromConfig } from "../../src/layers/registry.ts";
import { Rescaling } from "../../src/layers/preprocessing/rescaling.ts";
import { MaxPooling2D } from "../../src/layers/pooling/max-pooling2d.ts";
import { Reshape } from "../../src/layers/reshaping/reshape.ts";
import { Resizing } from "../../src/layers/preprocessing/resizing.ts";
import { Softmax } from "../../src/layers/activations/softmax.ts";
import { ZeroPadding2D } from "../../src/layers/reshaping/zero-padding2d.ts";
import { fixture } from "./fixture.ts";

/** Keras's serialized objects without what only Python needs. */
function withoutModules(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutModules);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "module" && key !== "registeredName")
      .map(([key, item]) => [key, withoutModules(item)]),
  );
}

describe("configs equal Keras's", () => {
  for (const { layer: className, config, whole } of fixture.configs) {
    const title = `${className} ${JSON.stringify(config)}`;
    test(`${title}: ours, made of the same arguments, says what Keras's says`, () => {
      const ours: Record<string, unknown> = layerFromConfig(className, {
        name: "layer",
        ...config,
        shape: undefined,
        batchShape: config.batchShape ?? (Array.isArray(config.shape) ? [null, ...config.shape] : undefined),
      }).getConfig();
      for (const [key, value] of Object.entries(ours)) {
        // Regularizers and constraints are kept as they were given.
        if (typeof value === "string" && /Regularizer|Constraint/.test(key)) continue;
        assert.deepEqual(withoutModules(value), withoutModules(whole[key]), key);
      }
    });

    test(`${title}: Keras's whole config makes the layer, and its own makes it again`, () => {
      const layer = layerFromConfig(className, whole);
      assert.equal(layer.className, className);
      assert.equal(layer.name, "layer");
      const written: unknown = JSON.parse(JSON.stringify(layer.getConfig()));
      assert.deepEqual(written, layer.getConfig(), "plain JSON");
      assert.ok(isRecord(written));
      assert.deepEqual(layerFromConfig(className, written).getConfig(), written);
    });
  }

  test("what Keras writes is not lost, but for what has no effect here", () => {
    const none = new Set([
      "dtype",
      "sparse",
      "ragged",
      "optional",
      "synchronized",
      "renorm",
      "renormClipping",
      "renormMomentum",
    ]);
    for (const { layer: className, whole } of fixture.configs) {
      const ours = layerFromConfig(className, whole).getConfig();
      const lost = Object.keys(whole).filter(
        (key) => whole[key] !== null && !none.has(key) && !Object.hasOwn(ours, key),
      );
      assert.deepEqual(lost, [], className);
    }
  });
});

test("constructors take the configs that their layers give", () => {
  const layers = [
    new Activation(new Activation({ activation: "tanh" }).getConfig()),
    new AveragePooling2D(new AveragePooling2D({ poolSize: 3 }).getConfig()),
    new BatchNormalization(new BatchNormalization({ momentum: 0.999 }).getConfig()),
    new Conv2D(new Conv2D({ filters: 3, kernelSize: 3, kernelRegularizer: "l2" }).getConfig()),
    new Dense(new Dense({ units: 3 }).getConfig()),
    new DepthwiseConv2D(new DepthwiseConv2D({ kernelSize: 3 }).getConfig()),
    new Dropout(new Dropout({ rate: 0.2 }).getConfig()),
    new Flatten(new Flatten().getConfig()),
    new CenterCrop(new CenterCrop({ height: 2, width: 3 }).getConfig()),
    new Concatenate(new Concatenate({ axis: 1 }).getConfig()),
    new MaxPooling2D(new MaxPooling2D().getConfig()),
    new Resizing(new Resizing({ height: 2, width: 3, padToAspectRatio: true }).getConfig()),
    new GlobalMaxPooling2D(new GlobalMaxPooling2D().getConfig()),
    new InputLayer(new InputLayer({ shape: [3] }).getConfig()),
    new ReLU(new ReLU({ maxValue: 6 }).getConfig()),
    new Rescaling(new Rescaling({ scale: 2 }).getConfig()),
    new Reshape(new Reshape({ targetShape: [1] }).getConfig()),
    new Softmax(new Softmax().getConfig()),
    new ZeroPadding2D(new ZeroPadding2D({ padding: [1, 2] }).getConfig()),
  ];
  for (const layer of layers)
    assert.deepEqual(layerFromConfig(layer.className, layer.getConfig()).getConfig(), layer.getConfig());
});

test("an unknown option of a global pool is an error that names the class called", () => {
  const options: object = { keepDims: true };
  for (const Pool of [GlobalAveragePooling2D, GlobalMaxPooling2D]) {
    assert.throws(() => new Pool(options), {
      code: "ValueError",
      message: `Unknown option \`keepDims\` of ${Pool.name}. Did you mean \`keepdims\`?`,
    });
  }
});

describe("the registry", () => {
  test("knows no layer by the names of Object", () => {
    for (const name of ["__proto__", "constructor", "toString", "Lambda", "Functional", ""]) {
      assert.throws(() => layerFromConfig(name, {}), { code: "UnsupportedError", message: /^Unknown layer: '/ });
    }
  });

  test("refuses arguments that we do not have, unless they say that they are not used", () => {
    const config = { filters: 1, kernelSize: 3 };
    assert.throws(() => layerFromConfig("Conv2D", { ...config, loraRank: 4 }), {
      code: "UnsupportedError",
      message: /^Unrecognized keyword arguments passed to Conv2D 'conv2d(_\d+)?': loraRank=4$/,
    });
    assert.equal(layerFromConfig("Conv2D", { ...config, loraRank: null, dtype: "mixed_float16" }).className, "Conv2D");
    assert.throws(() => layerFromConfig("BatchNormalization", { renorm: true }), { code: "UnsupportedError" });
  });

  test("takes axes as lists of one and arrays of NumPy's", () => {
    assert.deepEqual(layerFromConfig("BatchNormalization", { axis: [3] }).getConfig()["axis"], 3);
    assert.throws(() => layerFromConfig("Softmax", { axis: [1, 2] }), {
      code: "UnsupportedError",
      message: /axis=\(1, 2\)/,
    });
    const scale = { className: "__numpy__", config: { value: [1, 2], dtype: "float64" } };
    assert.deepEqual(layerFromConfig("Rescaling", { scale }).getConfig()["scale"], [1, 2]);
  });
});

describe("values of a wrong kind are refused with a word, whatever a file says", () => {
  const bad = [NaN, Infinity, -1, 1.5, 2 ** 53, "3", true, {}, [], [[]], [1, 2, 3], { length: 2 }];
  const needed: Record<string, Record<string, unknown>> = {
    Activation: { activation: "relu" },
    AveragePooling2D: { poolSize: 2 },
    Conv2D: { filters: 2, kernelSize: 1 },
    Dense: { units: 2 },
    DepthwiseConv2D: { kernelSize: 1 },
    Dropout: { rate: 0.5 },
    CenterCrop: { height: 2, width: 2 },
    InputLayer: { batchShape: [null, 3] },
    Rescaling: { scale: 1 },
    Reshape: { targetShape: [3] },
    Resizing: { height: 2, width: 2 },
  };
  const classes = [...new Set(fixture.configs.map(({ layer }) => layer))];
  for (const className of classes) {
    test(className, () => {
      const base = needed[className] ?? {};
      let refusals = 0;
      for (const argument of Object.keys(layerFromConfig(className, base).getConfig())) {
        for (const value of bad) {
          try {
            layerFromConfig(className, { ...base, [argument]: value });
          } catch (error) {
            refusals++;
            assert.ok(error instanceof Error && error.name === "MobileNetV2Error", `${argument}: ${String(error)}`);
          }
        }
      }
      assert.ok(refusals >= bad.length, `${refusals} refusals`);
    });
  }

  test("channels_first", () => {
    for (const make of [
      () => layerFromConfig("Conv2D", { filters: 1, kernelSize: 1, dataFormat: "channels_first" }),
      () => layerFromConfig("Flatten", { dataFormat: "channels_first" }),
    ]) {
      assert.throws(make, { code: "UnsupportedError", message: /channels_first.*Use dataFormat='channels_last'/ });
    }
  });
});
