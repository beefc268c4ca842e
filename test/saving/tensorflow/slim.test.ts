/** Checkpoints named as Google's own code names them: whole models, with the weights that belong to them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MobileNetV2 } from "../../../src/applications/mobilenet-v2.ts";
import { loadModel, readCheckpoint } from "../../../src/models/files/load-model.ts";
import { weightsByPath } from "../../../src/models/files/describe-model.ts";
import { chosen } from "../files.ts";
import { seedWeights, seededInput } from "../../support/seeded.ts";
import { type Written, bundle } from "./bundle-writer.ts";

const NAME = "mobilenet_v2_0.1_32.ckpt";
const CLASSIFIER = "MobilenetV2/Logits/Conv2d_1c_1x1";

/** `block_3_expand_BN/gamma` → `MobilenetV2/expanded_conv_3/expand/BatchNorm/gamma`. */
function slimName(path: string): string {
  const [layer = "", weight = ""] = path.split("/");
  if (layer === "predictions") return `${CLASSIFIER}/${weight === "kernel" ? "weights" : "biases"}`;
  const scope = layer
    .replace(/^bn_Conv1$|^Conv1$/, "Conv")
    .replace(/^Conv_1_bn$/, "Conv_1")
    .replace(/^block_(\d+)_/, "expanded_conv_$1/")
    .replace(/^expanded_conv_(?=[dp])/, "expanded_conv/")
    .replace(/_BN$/, "");
  const isDepthwise = layer.endsWith("depthwise");
  return `MobilenetV2/${scope}/${weight === "kernel" ? (isDepthwise ? "depthwise_weights" : "weights") : `BatchNorm/${weight}`}`;
}

describe("slim's MobileNetV2", async () => {
  const model = await MobileNetV2({
    alpha: 0.1,
    inputShape: [32, 32, 3],
    weights: null,
    classes: 3,
    classifierActivation: null,
  });
  seedWeights(model, "slim");
  const tensors = new Map<string, Written>();
  for (const [path, { shape, data }] of weightsByPath(model)) {
    const name = slimName(path);
    tensors.set(name, { shape: name === `${CLASSIFIER}/weights` ? [1, 1, ...shape] : shape, values: data });
  }
  const x = seededInput("slim", [2, 32, 32, 3]);
  const expected = (await model.predict(x)).data;
  const open = (changed: ReadonlyMap<string, Written>) => loadModel(chosen(bundle(NAME, changed)));

  test("gives logits, to the bit those of our model; the name of the file says the size", async () => {
    using read = await open(tensors);
    assert.deepEqual(read.inputs[0]?.shape, [null, 32, 32, 3]);
    assert.deepEqual((await read.predict(x)).data, expected);
    assert.equal(
      (await readCheckpoint(chosen(bundle("model", tensors)))).model?.layers[0]?.config.batchShape?.toString(),
      ",224,224,3",
    );
  });

  test("averages over the training are taken in place of weights; what an optimizer keeps is left out", async () => {
    const averaged = new Map<string, Written>([["global_step", { shape: [], values: Float32Array.of(7) }]]);
    for (const [name, { shape, values }] of tensors) {
      averaged.set(name, { shape, values: values.map((value) => value * 2 + 1) });
      averaged.set(`${name}/ExponentialMovingAverage`, { shape, values });
      averaged.set(`${name}/RMSProp`, { shape, values });
    }
    using read = await open(averaged);
    assert.deepEqual((await read.predict(x)).data, expected);
  });

  test("without the classifier it gives features", async () => {
    using read = await open(new Map([...tensors].filter(([name]) => !name.startsWith(CLASSIFIER))));
    assert.deepEqual(read.outputs[0]?.shape, [null, 1280]);
  });

  const missing = "MobilenetV2/expanded_conv_5/depthwise/BatchNorm/beta";
  const broken: readonly (readonly [what: string, change: (map: Map<string, Written>) => unknown, says: RegExp])[] = [
    [
      "a tensor is missing",
      (map) => map.delete(missing),
      /has no tensor 'MobilenetV2\/expanded_conv_5\/depthwise\/BatchNorm\/beta'/,
    ],
    [
      "a tensor does not fit",
      (map) => map.set(missing, { shape: [2], values: new Float32Array(2) }),
      /has the shape \(2,\)/,
    ],
    [
      "a layer is left over",
      (map) => map.set("MobilenetV2/Extra/weights", { shape: [2], values: new Float32Array(2) }),
      /another network's/,
    ],
  ];
  for (const [what, change, says] of broken) {
    test(`${what}: UnsupportedError`, async () => {
      const map = new Map(tensors);
      change(map);
      await assert.rejects(open(map), { code: "UnsupportedError", message: says });
    });
  }
});
