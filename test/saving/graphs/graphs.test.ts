/** Models of other frameworks' converters (test/fixtures/saving/graphs, made by its make.py): each answers as where it came from. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { uniform } from "../../../src/core/random.ts";
import { Tensor } from "../../../src/core/tensor.ts";
import { loadModel } from "../../../src/models/files/load-model.ts";
import type { Model } from "../../../src/models/model.ts";
import type { Sequential } from "../../../src/models/sequential.ts";
import type { WrittenFile } from "../../../src/saving/checkpoint.ts";
import { assertWithin } from "../../support/compare.ts";
import { needsShared, sharedPath } from "../../support/shared.ts";
import { chosen, graphModelFiles, savingFixture } from "../files.ts";

const input = new Tensor([1, 20, 20, 3], uniform("graphs/input", 20 * 20 * 3, -1, 1));
const answers = new Map(
  ["keras.json", "torch.json"].flatMap((name) => Object.entries(parsed<Record<string, number[]>>(name))),
);

function parsed<T>(name: string): T {
  return JSON.parse(new TextDecoder().decode(savingFixture(`graphs/${name}`)));
}

function filesOf(name: string): readonly WrittenFile[] {
  return name.endsWith(".json")
    ? graphModelFiles(`graphs/${name}`)
    : [{ name, bytes: savingFixture(`graphs/${name}`) }];
}

async function open(name: string): Promise<Model | Sequential> {
  return loadModel(chosen(filesOf(name)));
}

async function difference(name: string, expected: string): Promise<number> {
  using model = await open(name);
  const { data } = await model.predict(input);
  const theirs = answers.get(expected) ?? [];
  assert.equal(data.length, theirs.length);
  const largest = Math.max(1, ...theirs.map(Math.abs));
  return Math.max(...theirs.map((value, i) => Math.abs(value - (data[i] ?? NaN)))) / largest;
}

describe("float32: within 1e-5 of the framework's own answer", () => {
  for (const [name, expected] of [
    ["tiny.onnx", "tiny.onnx"],
    ["tiny.tflite", "tiny.tflite"],
    ["tiny-float16.tflite", "tiny-float16.tflite"],
    ["tfjs-graph.json", "keras"],
    ["torch.onnx", "torch.onnx"],
    ["torch-opset9.onnx", "torch-opset9.onnx"],
    ["torch-unfolded.onnx", "torch-unfolded.onnx"],
    ["torch-hf.onnx", "torch-hf.onnx"],
  ] as const) {
    test(name, async () => assert.ok((await difference(name, expected)) < 1e-5));
  }
});

describe("weights are integers, activations stay float32", () => {
  for (const name of [
    "tiny-int8.tflite",
    "tiny-int8-per-tensor.tflite",
    "tiny-uint8.tflite",
    "tiny-qdq.onnx",
    "tfjs-graph-uint8.json",
  ]) {
    test(`${name}: within 0.05 of the model before it was quantised`, async () => {
      assert.ok((await difference(name, "keras")) < 0.05);
    });
  }

  for (const name of ["tiny-int8.tflite", "tiny-int8-per-tensor.tflite"]) {
    test(`${name}: every weight within 0.51 of a step of the float32 file's`, async () => {
      const [ours, theirs] = [await open(name), await open("tiny.tflite")];
      for (const layer of theirs.layers) {
        for (const { values, name: weight } of layer.weights) {
          const step = Math.max(...values.map(Math.abs)) / 127;
          const own = ours.getLayer(layer.name).weight(weight).values;
          assertWithin(own, values, 0.51 * step, `${layer.name}/${weight}`);
        }
      }
    });
  }

  test("the ReLU6 layers that a quantizer left out come back", async () => {
    const model = await open("tiny-qdq.onnx");
    assert.equal(model.getLayer("block_1_expand_relu").getConfig().maxValue, 6);
  });
});

const NAMES = [
  "input_layer",
  "Conv1",
  "Conv1_relu",
  "expanded_conv_depthwise",
  "expanded_conv_depthwise_relu",
  "expanded_conv_project",
  "expanded_conv_add",
  "block_1_expand",
  "block_1_expand_relu",
  "block_1_depthwise",
  "block_1_depthwise_relu",
  "block_1_project",
  "block_2_expand",
  "block_2_expand_relu",
  "block_2_depthwise",
  "block_2_depthwise_relu",
  "block_2_project",
  "block_2_add",
  "Conv_1",
  "out_relu",
  "global_average_pooling2d",
  "predictions",
];

describe("layers", () => {
  for (const name of ["tiny.tflite", "tiny-int8.tflite", "tiny.onnx", "tfjs-graph.json"]) {
    test(`${name}: have Keras's names`, async () => {
      const model = await open(name);
      const names = model.layers.map((layer) => layer.name);
      assert.deepEqual(
        names.filter((layer) => !/_(?:BN|pad)$/.test(layer)),
        NAMES,
      );
      const top = model.getLayer("predictions");
      assert.equal(top.getConfig().activation, "softmax");
      assert.deepEqual(model.outputs[0]?.shape, [null, 5]);
    });
  }

  test("a graph with channels first takes pictures with channels last, of any batch", async () => {
    using model = await open("torch.onnx");
    assert.deepEqual(model.input.shape, [null, 20, 20, 3]);
    const two = new Float32Array([...input.data, ...input.data]);
    const { data, shape } = await model.predict(new Tensor([2, 20, 20, 3], two));
    assert.deepEqual(shape, [2, 5]);
    assert.deepEqual(data.subarray(0, 5), data.subarray(5));
  });

  test("PyTorch's symmetric padding is kept where it is not Keras's", async () => {
    const model = await open("torch.onnx");
    assert.deepEqual(model.getLayer("Conv1_pad").getConfig().padding, [
      [1, 1],
      [1, 1],
    ]);
    const google = await open("torch-hf.onnx");
    assert.deepEqual(google.getLayer("Conv1_pad").getConfig().padding, [
      [0, 1],
      [0, 1],
    ]);
  });
});

describe("how pictures are scaled", () => {
  test("torchvision's mean and deviation, where a PyTorch model pads as torchvision's do", async () => {
    const scale = (await open("torch.onnx")).preprocessing?.scale;
    assert.ok(Array.isArray(scale) && Math.abs(scale[0] - 1 / (255 * 0.229)) < 1e-12);
    assert.equal((await open("torch-hf.onnx")).preprocessing, undefined);
  });

  test("TFLite: by its metadata, which also has the names of the classes", async () => {
    const model = await open("tiny-metadata.tflite");
    assert.deepEqual(model.preprocessing, { scale: 1 / 64, offset: -127.5 / 64 });
    assert.deepEqual(model.classNames, ["rose", "tulip", "ox-eye daisy", "Löwenzahn", "sunflower"]);
    assert.ok((await difference("tiny-metadata.tflite", "tiny.tflite")) < 1e-5);
  });

  test("TFLite: by the integers that the model takes", async () => {
    const { scale, offset } = (await open("tiny-uint8.tflite")).preprocessing ?? {};
    assert.ok(Math.abs(Number(scale) - 1 / 127.5) < 1e-4 && Math.abs(Number(offset) + 1) < 0.01);
    assert.equal((await open("tiny-int8.tflite")).preprocessing, undefined);
  });
});

test(
  "MobileNetV2 1.0: ONNX and TFLite answer the same within 1e-7, int8's weights the same class",
  { skip: needsShared },
  async () => {
    const picture = new Tensor([1, 224, 224, 3], uniform("graphs/large", 224 * 224 * 3, -1, 1));
    const results: Float32Array[] = [];
    for (const kind of ["f32.onnx", "f32.tflite", "int8.tflite"]) {
      using model = await loadModel(sharedPath(`peers/mobilenet_v2_1.0_224_${kind}`));
      assert.equal(model.name, kind === "f32.onnx" ? "tf2onnx" : `mobilenet_v2_1.0_224_${kind.slice(0, -7)}`);
      results.push((await model.predict(picture)).data);
    }
    const [onnx, tflite, int8] = results;
    assert.ok(onnx !== undefined && tflite !== undefined && int8 !== undefined);
    assertWithin(onnx, tflite, 1e-7);
    assert.equal(int8.indexOf(Math.max(...int8)), onnx.indexOf(Math.max(...onnx)));
  },
);

const mid = new URL("../../../node_modules/nsfwjs/dist/models/mobilenet_v2_mid/", import.meta.url);

test("nsfwjs's graph model, a MobileNetV2 1.4 of TensorFlow Hub: within 1e-5 of TensorFlow.js", async () => {
  using model = await loadModel(fileURLToPath(mid));
  const pixels = new Tensor([1, 224, 224, 3], uniform("x", 224 * 224 * 3, 0, 1));
  const theirs = [
    0.12567301094532013, 0.013687782920897007, 0.8598018884658813, 0.0003412182559259236, 0.0004961146623827517,
  ];
  assertWithin((await model.predict(pixels)).data, theirs, 1e-5);
  assert.deepEqual(model.classNames, ["Drawing", "Hentai", "Neutral", "Porn", "Sexy"]);
});
