/** State dicts as they lie about: older names, wrappers, training checkpoints, files beside them, and what does not fit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Dims } from "../../../src/core/shape.ts";
import type { Checkpoint } from "../../../src/saving/checkpoint.ts";
import { openCheckpoint } from "../../../src/saving/formats.ts";
import { type Answer, answers, stateDictFile } from "./answers.ts";

function answerOf(name: string): Answer {
  const answer = answers[name];
  assert.ok(answer !== undefined);
  return answer;
}

function open(shapes: Answer["shapes"], files: Readonly<Record<string, string>> = {}): Promise<Checkpoint> {
  const beside = new Map(Object.entries(files));
  return openCheckpoint({
    name: "model.safetensors",
    bytes: stateDictFile("seed", shapes),
    sibling: async (name) => {
      const text = beside.get(name);
      return text === undefined ? undefined : new TextEncoder().encode(text);
    },
  });
}

function renamed(shapes: Answer["shapes"], rename: (name: string) => string): Answer["shapes"] {
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [rename(name), shape]));
}

function changed(shapes: Answer["shapes"], name: string, shape: Dims | undefined): Answer["shapes"] {
  const { [name]: _, ...others } = shapes;
  return shape === undefined ? others : { ...others, [name]: shape };
}

const torchvision = answerOf("torchvision").shapes;

/** `features.3.conv.1.0` → `features.3.conv.3`, and so on: the Sequential without Sequentials in it. */
function flat(name: string): string {
  const [, block, part = "", rest = ""] = /^(features\.\d+\.conv)\.(\d(?:\.\d)?)(\..*)$/.exec(name) ?? [];
  if (block === undefined) return name;
  const first = block === "features.1.conv";
  const order = first ? ["0.0", "0.1", "-", "1", "2"] : ["0.0", "0.1", "-", "1.0", "1.1", "-", "2", "3"];
  return `${block}.${order.indexOf(part)}${rest}`;
}

const NAMINGS: readonly [string, (name: string) => string][] = [
  ["of DataParallel", (name) => `module.${name}`],
  ["of torch.compile", (name) => `_orig_mod.${name}`],
  ["of one flat Sequential a block", flat],
  ["with the classifier alone", (name) => name.replace("classifier.1.", "classifier.")],
  [
    "flat, with the last convolution and the classifier apart",
    (name) => flat(name).replace("features.18.", "conv.").replace("classifier.1.", "classifier."),
  ],
];
for (const [what, rename] of NAMINGS) {
  test(`names ${what}: the same network`, async () => {
    const names = renamed(torchvision, rename);
    assert.notDeepEqual(Object.keys(names), Object.keys(torchvision));
    assert.deepEqual((await open(names)).model, (await open(torchvision)).model);
  });
}

const timm = answerOf("timm").shapes;
const huggingface = answerOf("huggingface");
const MISFITS: readonly [string, Answer["shapes"], RegExp][] = [
  [
    "a missing tensor",
    changed(torchvision, "features.4.conv.1.1.bias", undefined),
    /no tensor 'features\.4\.conv\.1\.1\.bias'/,
  ],
  [
    "a depthwise convolution of 5 × 5",
    changed(timm, "blocks.2.0.conv_dw.weight", [48, 1, 5, 5]),
    /'blocks\.2\.0\.conv_dw\.weight' has the shape \(48, 1, 5, 5\); .* \(48, 1, 3, 3\)/,
  ],
  [
    "squeeze and excitation",
    { ...timm, "blocks.1.0.se.conv_reduce.weight": [2, 48, 1, 1] },
    /'blocks\.1\.0\.se\.conv_reduce\.weight' is of no layer of a MobileNetV2/,
  ],
  [
    "a head for segmentation",
    { ...huggingface.shapes, "segmentation_head.classifier.weight": [21, 256, 1, 1] },
    /'segmentation_head\.classifier\.weight' is of no layer/,
  ],
  ["channels that do not meet", changed(timm, "conv_head.weight", [1280, 31, 1, 1]), /'conv_head\.weight'.*31/],
  ["no filters", changed(timm, "conv_head.weight", [0, 32, 1, 1]), /'conv_head\.weight' has the shape \(0, 32, 1, 1\)/],
  ["a stem without axes", changed(timm, "conv_stem.weight", []), /'conv_stem\.weight' has the shape \(\)/],
  ["a transformer", { "embeddings.patch.weight": [4, 3, 2, 2] }, /'embeddings\.patch\.weight': it is not ours/],
];
for (const [what, shapes, message] of MISFITS) {
  test(`${what}: an error that names what does not fit`, async () => {
    await assert.rejects(open(shapes), { name: "MobileNetV2Error", message });
  });
}

const CONFIG = { model_type: "mobilenet_v2", image_size: 64 };
const CONFIGS: readonly [string, Record<string, unknown> | string, RegExp][] = [
  ["a size of 0", { ...CONFIG, image_size: 0 }, /image_size/],
  ["a size of 10^9", { ...CONFIG, image_size: 1e9 }, /image_size/],
  ["a size of three", { ...CONFIG, image_size: [1, 2, 3] }, /image_size/],
  ["an epsilon below 0", { ...CONFIG, layer_norm_eps: -1 }, /layer_norm_eps/],
  ["an epsilon of text", { ...CONFIG, layer_norm_eps: "1" }, /layer_norm_eps/],
  ["an activation that is none", { ...CONFIG, hidden_act: "__proto__" }, /activation '__proto__'/],
  ["an output_stride of 7", { ...CONFIG, output_stride: 7 }, /output_stride of 7/],
  ["a config.json that is cut", `{"model_type": "mobil`, /JSON/],
];
for (const [what, config, message] of CONFIGS) {
  test(`${what} in config.json: an error of ours`, async () => {
    const text = typeof config === "string" ? config : JSON.stringify(config);
    await assert.rejects(open(huggingface.shapes, { "config.json": text }), { name: "MobileNetV2Error", message });
  });
}

test("a config.json of something else is left alone, and labels that are no names or too few are none", async () => {
  const { shapes } = huggingface;
  const plain = await open(shapes);
  assert.deepEqual(
    (await open(shapes, { "config.json": `{"model_type": "bert", "image_size": 7}` })).model,
    plain.model,
  );
  for (const id2label of [
    { 0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2" },
    { 0: "a", 1: "b" },
    { 0: "a", 2: "b", 3: "c" },
    [],
  ]) {
    const config = JSON.stringify({ ...CONFIG, id2label });
    // oxlint-disable-next-line no-await-in-loop -- they are few
    assert.equal((await open(shapes, { "config.json": config })).classNames, undefined);
  }
});
