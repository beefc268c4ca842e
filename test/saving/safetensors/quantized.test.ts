/** Files of quantized models: back to the same bits, and refused where they are broken or hostile. */
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { MobileNetV2 } from "../../../src/applications/mobilenet-v2.ts";
import { MobileNetV2Error } from "../../../src/core/errors.ts";
import { uniform } from "../../../src/core/random.ts";
import { Tensor } from "../../../src/core/tensor.ts";
import { BatchNormalization } from "../../../src/layers/normalization/batch-normalization.ts";
import { Conv2D } from "../../../src/layers/convolutional/conv2d.ts";
import { Dense } from "../../../src/layers/core/dense.ts";
import { GlobalAveragePooling2D } from "../../../src/layers/pooling/global-average-pooling2d.ts";
import { Input } from "../../../src/layers/core/input-layer.ts";
import { loadModel } from "../../../src/models/files/load-model.ts";
import { Model } from "../../../src/models/model.ts";
import { quantize } from "../../../src/models/quantized/quantize.ts";
import { type QuantizedModel, loadQuantized } from "../../../src/models/quantized/quantized-model.ts";
import { Sequential } from "../../../src/models/sequential.ts";
import { type TensorToWrite, readSafetensors, writeSafetensors } from "../../../src/saving/safetensors/safetensors.ts";
import { seedWeights } from "../../support/seeded.ts";

const picture = new Tensor([1, 12, 12, 3], uniform("quantized/picture", 12 * 12 * 3, -1, 1));

/** A small model with all kinds of parts: integers, a normalization that stays float32, names of classes. */
async function small(): Promise<QuantizedModel> {
  const image = Input({ shape: [12, 12, 3], name: "image" });
  let x = new BatchNormalization({ name: "scale" }).apply(image);
  x = new Conv2D({ filters: 8, kernelSize: 3, activation: "relu6", name: "conv" }).apply(x);
  x = new GlobalAveragePooling2D({ name: "pool" }).apply(x);
  const model = new Model({
    inputs: image,
    outputs: new Dense({ units: 3, activation: "softmax", name: "head" }).apply(x),
  });
  seedWeights(model, "quantized file");
  model.classNames = ["cat", "dog", "__proto__"];
  return quantize(model, picture);
}

let bytes: Uint8Array;
let expected: Float32Array;

before(async () => {
  const model = await small();
  bytes = model.toBytes();
  expected = (await model.predict(picture)).data;
});

interface Parts {
  tensors: Map<string, TensorToWrite>;
  metadata: Map<string, string>;
}

/** The file with something changed. */
function changed(change: (parts: Parts) => void): Uint8Array {
  const { tensors, metadata } = readSafetensors(bytes);
  const parts: Parts = {
    tensors: new Map([...tensors].map(([name, tensor]) => [name, { ...tensor, bytes: tensor.bytes.slice() }])),
    metadata: new Map(metadata),
  };
  change(parts);
  return writeSafetensors([...parts.tensors.values()], parts.metadata);
}

function floats(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

const isOurs = (error: unknown): boolean => error instanceof MobileNetV2Error;

describe("files of quantized models", () => {
  it("come back to the same bits, with names of classes", async () => {
    const model = await loadQuantized(bytes);
    assert.deepEqual((await model.predict(picture)).data, expected);
    assert.deepEqual(model.classNames, ["cat", "dog", "__proto__"]);
    assert.deepEqual(model.toBytes(), bytes);
  });

  it("nested models, unknown sizes, several outputs", async () => {
    const base = await MobileNetV2({ weights: null, alpha: 0.35, inputShape: [null, null, 3], includeTop: false });
    const nested = new Sequential([base, new GlobalAveragePooling2D(), new Dense({ units: 4 })]);
    nested.build([[null, 40, 40, 3]]);
    const early = base.getLayer("block_2_add").output;
    const two = new Model({ inputs: base.input, outputs: [early, base.output] });
    const x = new Tensor([2, 40, 40, 3], uniform("quantized/x", 2 * 40 * 40 * 3, -1, 1));
    for (const model of [nested, two]) {
      seedWeights(base, "quantized file");
      const quantized = await quantize(model, [x]);
      const again = await loadQuantized(quantized.toBytes());
      assert.deepEqual(await again.predictAll(x), await quantized.predictAll(x), model.name);
    }
  });

  it("are a byte a weight and little more", async () => {
    const model = await MobileNetV2({ weights: null, alpha: 0.35, inputShape: [32, 32, 3] });
    const x = new Tensor([1, 32, 32, 3], uniform("quantized/y", 32 * 32 * 3, -1, 1));
    const size = (await quantize(model, x)).toBytes().length;
    assert.ok(size < 1.85e6, `${size} bytes`);
  });
});

describe("broken files of quantized models are refused with an error of ours", () => {
  it("cut short", async () => {
    for (let length = 0; length < bytes.length; length += length < 200 ? 1 : 97) {
      await assert.rejects(loadQuantized(bytes.subarray(0, length)), isOurs, `${length} bytes`);
    }
  });

  it("2,000 mutants: an error of ours, or a model that still predicts numbers", async () => {
    for (let seed = 0; seed < 2000; seed++) {
      const mutant = bytes.slice();
      for (const [i, unit] of uniform(`mutant ${seed}`, 3, 0, 1).entries()) {
        // Most of them in the header, where it hurts.
        const at = Math.floor(unit * (i === 0 ? bytes.length : Math.min(bytes.length, 4000)));
        mutant[at] = (mutant[at] ?? 0) ^ (1 << ((seed + i) % 8));
      }
      try {
        const model = await loadQuantized(mutant);
        if (seed % 10 === 0) await model.predictAll(picture);
        model.dispose();
      } catch (error) {
        assert.ok(isOurs(error), `mutant ${seed}: ${String(error)}`);
      }
    }
  });

  const cases: readonly (readonly [string, string | RegExp, (parts: Parts) => void])[] = [
    [
      "a kernel is missing",
      "The file should have a tensor 'conv/kernel' of shape (3, 3, 3, 8). It has none.",
      ({ tensors }) => tensors.delete("conv/kernel"),
    ],
    [
      "scales are missing",
      "The quantized layer 'conv' has no scale of type float32.",
      ({ tensors }) => tensors.delete("conv/scale"),
    ],
    [
      "biases are missing",
      "The quantized layer 'conv' has no bias of type float32.",
      ({ tensors }) => tensors.delete("conv/bias"),
    ],
    [
      "a float32 weight is missing",
      "The file should have a tensor 'scale/gamma' of shape (3,). It has none.",
      ({ tensors }) => tensors.delete("scale/gamma"),
    ],
    [
      "a tensor too many",
      "The file has a tensor 'x', but the model has no such weight.",
      ({ tensors }) => tensors.set("x", { name: "x", dtype: "float32", shape: [1], bytes: floats(1) }),
    ],
    [
      "a layer too many",
      "The file has a quantized layer '__proto__', but the model has none.",
      ({ tensors }) => {
        tensors.set("k", { name: "__proto__/kernel", dtype: "int8", shape: [1, 1], bytes: Uint8Array.of(1) });
        tensors.set("s", { name: "__proto__/scale", dtype: "float32", shape: [1], bytes: floats(1) });
        tensors.set("b", { name: "__proto__/bias", dtype: "float32", shape: [1], bytes: floats(1) });
      },
    ],
    [
      "a kernel of another shape",
      "The quantized layer 'conv' has a kernel of shape (8, 3, 3, 3) with 8 scales, but the model's has the shape (3, 3, 3, 8).",
      ({ tensors }) => {
        const kernel = tensors.get("conv/kernel");
        if (kernel) tensors.set("conv/kernel", { ...kernel, shape: [8, 3, 3, 3] });
      },
    ],
    ...[0, -1, NaN, Infinity, 1e38].map((scale): readonly [string, string, (parts: Parts) => void] => [
      `a scale of ${scale}`,
      "The scale of layer 'head' has impossible numbers.",
      ({ tensors }) =>
        tensors.set("head/scale", { name: "head/scale", dtype: "float32", shape: [3], bytes: floats(1, scale, 1) }),
    ]),
    [
      "scales out of proportion",
      /^A quantized layer's scales are out of proportion: a unit of its sums is \d\.\d+e\+25 units of its output\.$/,
      ({ tensors }) =>
        tensors.set("conv/scale", {
          name: "conv/scale",
          dtype: "float32",
          shape: [8],
          bytes: floats(1, 1, 1, 1, 1, 1, 1, 1e25),
        }),
    ],
    [
      "a bias of NaN",
      "The bias of layer 'head' has impossible numbers.",
      ({ tensors }) =>
        tensors.set("head/bias", { name: "head/bias", dtype: "float32", shape: [3], bytes: floats(1, NaN, 1) }),
    ],
    [
      "a weight of -128",
      "The kernel of layer 'head' goes beyond -127 to 127.",
      ({ tensors }) => tensors.get("head/kernel")?.bytes.set([0x80], 5),
    ],
    [
      "a range that no number of 32 bits divides",
      "The range of 'image' should be a number of 0 or less and one of 0 or more, neither too close nor too far apart.",
      ({ metadata }) => metadata.set("ranges", '{"image":[0,1e-40]}'),
    ],
    [
      "a range upside down",
      "The range of 'image' should be a number of 0 or less and one of 0 or more, neither too close nor too far apart.",
      ({ metadata }) => metadata.set("ranges", '{"image":[1,-1]}'),
    ],
    [
      "a range without end",
      "The range of 'image' should be a number of 0 or less and one of 0 or more, neither too close nor too far apart.",
      ({ metadata }) => metadata.set("ranges", '{"image":[-1e308,1e308]}'),
    ],
    [
      "a range of three",
      "The range of 'image' should be a number of 0 or less and one of 0 or more, neither too close nor too far apart.",
      ({ metadata }) => metadata.set("ranges", '{"image":[-1,0,1]}'),
    ],
    [
      "a range of nothing there",
      "The file has a range for 'constructor', but the model has no such layer.",
      ({ metadata }) => metadata.set("ranges", '{"constructor":[-1,1]}'),
    ],
    [
      "no ranges",
      "The quantized network does not fit its layers: no range for a value that a quantized layer takes.",
      ({ metadata }) => metadata.set("ranges", "{}"),
    ],
    [
      "ranges twice",
      'The JSON has the key "image" twice.',
      ({ metadata }) => metadata.set("ranges", '{"image":[-1,1],"image":[-1,1]}'),
    ],
    [
      "ranges that are none",
      "The ranges of the quantized model are no object.",
      ({ metadata }) => metadata.set("ranges", "[]"),
    ],
    [
      "no model",
      "The metadata of the quantized model has no 'keras_model'.",
      ({ metadata }) => metadata.delete("keras_model"),
    ],
    [
      "a later version",
      "The quantized model has version 2 of the format; 1 is read.",
      ({ metadata }) => metadata.set("mobilenet_v2_int8", "2"),
    ],
    [
      "a layer with code",
      "Layer 'pool' is a Lambda: Python code in the file, which is never run here. Replace it by layers, or cut it off, and save the model again.",
      ({ metadata }) =>
        metadata.set(
          "keras_model",
          (metadata.get("keras_model") ?? "")
            .replace('"ReLU"', '"Lambda"')
            .replaceAll('"GlobalAveragePooling2D"', '"Lambda"'),
        ),
    ],
  ];
  for (const [name, message, change] of cases) {
    it(name, async () => {
      await assert.rejects(loadQuantized(changed(change)), { name: "MobileNetV2Error", message });
    });
  }

  it("a float32 model, and the other way round: the error says what to do", async () => {
    const model = new Sequential([Input({ shape: [4] }), new Dense({ units: 2 })]);
    await assert.rejects(loadQuantized(await model.toBytes("safetensors")), /open it with loadModel\(\)/);
    await assert.rejects(loadModel(bytes), /loadQuantized\(\)/);
  });
});
