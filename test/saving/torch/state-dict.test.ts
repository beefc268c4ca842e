/** State dicts as they lie about: older names, wrappers, training checkpoints, files beside them, and what does not fit. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { Dims } from "../../../src/core/shape.ts";
import type { Checkpoint } from "../../../src/saving/checkpoint.ts";
import { loadModel } from "../../../src/models/files/load-model.ts";
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

/** What a file opens as, and what is said meanwhile. */
async function heard(shapes: Answer["shapes"]): Promise<{ readonly checkpoint: Checkpoint; readonly said: string }> {
  const warn = mock.method(console, "warn", () => undefined);
  try {
    const checkpoint = await open(shapes);
    return { checkpoint, said: warn.mock.calls.map(({ arguments: [text] }) => String(text)).join("\n") };
  } finally {
    warn.mock.restore();
  }
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

for (const [what, shapes] of Object.entries({ torchvision, timm, huggingface: huggingface.shapes })) {
  for (const prefix of ["model.", "net.", "backbone.", "module.model._orig_mod.", "0.", "ema_model.module."]) {
    test(`${what}'s names after '${prefix}': the same network, and nothing is said`, async () => {
      const { checkpoint, said } = await heard(renamed(shapes, (name) => prefix + name));
      assert.deepEqual(checkpoint.model, (await open(shapes)).model);
      assert.equal(said, "");
    });
  }
}

test("the network that is a part of another, with a head beside it, with averages before those in training", async () => {
  const small = renamed(torchvision, (name) => name.replace("classifier.1.", "fc."));
  for (const prefix of ["backbone.", "lit.encoder.0.", "features."]) {
    const parted = renamed(small, (name) => (name.startsWith("fc.") ? name : name.replace("features.", prefix)));
    // oxlint-disable-next-line no-await-in-loop -- they are few
    const { checkpoint, said } = await heard(parted);
    assert.deepEqual(checkpoint.model?.layers.at(-1)?.className, "Dense");
    assert.deepEqual(checkpoint.weights.get("predictions/kernel")?.name, "fc.weight");
    assert.equal(said, "");
  }
  const both = {
    ...renamed(torchvision, (name) => `model.${name}`),
    ...renamed(torchvision, (name) => `model_ema.module.${name}`),
    n_averaged: [],
  };
  const { checkpoint, said } = await heard(both);
  assert.equal(checkpoint.weights.get("Conv1/kernel")?.name, "model_ema.module.features.0.0.weight");
  assert.equal(checkpoint.weights.get("predictions/kernel")?.name, "model_ema.module.classifier.1.weight");
  assert.match(said, /has 2 networks, with the prefixes 'model_ema.module.', 'model.': the first is opened/);
});

const FEATURES = torchvision["classifier.1.weight"]?.[1] ?? 0;
const linear = (name: string, from: number, to: number, hasBias = true): Answer["shapes"] => ({
  [`${name}.weight`]: [to, from],
  ...(hasBias ? { [`${name}.bias`]: [to] } : {}),
});
const batchNorm = (name: string, width: number): Answer["shapes"] => ({
  ...Object.fromEntries(["weight", "bias", "running_mean", "running_var"].map((part) => [`${name}.${part}`, [width]])),
  [`${name}.num_batches_tracked`]: [],
});

/** Without its own classifier. */
const headless = changed(changed(torchvision, "classifier.1.weight", undefined), "classifier.1.bias", undefined);

const HEADS: readonly [string, Answer["shapes"], string, RegExp | ""][] = [
  ["one of another name", linear("fc", FEATURES, 4), "Dense(4)", ""],
  ["one without a bias", linear("last_layer", FEATURES, 4, false), "Dense(4)", ""],
  ["one that is nested", linear("classifier.1.1", FEATURES, 4), "Dense(4)", ""],
  [
    "two with Dropout and an activation between",
    { ...linear("classifier.1", FEATURES, 8), ...linear("classifier.4", 8, 3) },
    "Dense(8) ReLU Dense(3)",
    /which activations stand between 'classifier.1', 'classifier.4': ReLU is taken/,
  ],
  [
    "two that are neighbours: no room for an activation",
    { ...linear("classifier.0", FEATURES, 8), ...linear("classifier.1", 8, 3) },
    "Dense(8) Dense(3)",
    "",
  ],
  [
    "numbers beyond 9, as safetensors sorts them",
    { ...linear("head.10", 8, 8), ...linear("head.2", FEATURES, 8), ...linear("head.6", 8, 8) },
    "Dense(8) ReLU Dense(8) ReLU Dense(8)",
    /'head.2', 'head.6', 'head.10'/,
  ],
  [
    "a normalization before the activation",
    { ...linear("fc1", FEATURES, 8), ...batchNorm("bn1", 8), ...linear("fc2", 8, 3) },
    "Dense(8) BatchNormalization ReLU Dense(3)",
    /ReLU is taken/,
  ],
  [
    "a normalization after the activation, and one of the features",
    {
      ...batchNorm("classifier.0", FEATURES),
      ...linear("classifier.2", FEATURES, 8),
      ...batchNorm("classifier.4", 8),
      ...linear("classifier.5", 8, 3),
    },
    "BatchNormalization Dense(8) ReLU BatchNormalization Dense(3)",
    /ReLU is taken/,
  ],
  [
    "an order that only the widths tell",
    { ...linear("classifier", 8, 3), ...linear("hidden", FEATURES, 8) },
    "Dense(8) ReLU Dense(3)",
    /'hidden', 'classifier'/,
  ],
  ["layers after the features in one Sequential", linear("features.21", FEATURES, 4), "Dense(4)", ""],
  [
    "a loss with weights beside it",
    { ...linear("fc", FEATURES, 4), "criterion.weight": [4] },
    "Dense(4)",
    /no layer of the model takes; they are left out: 'criterion.weight'/,
  ],
  [
    "two outputs",
    { ...linear("age", FEATURES, 1), ...linear("sex", FEATURES, 2) },
    "",
    /without a head: from 'age.weight', 'age.bias', 'sex.weight', 'sex.bias' .*skipMismatch: true/,
  ],
  ["one that takes other features", linear("fc", 7 * FEATURES, 4), "", /Only the features .*'fc.weight'.*skipMismatch/],
  ["a convolution", { "decoder.0.weight": [21, FEATURES, 3, 3] }, "", /Only the features .*'decoder.0.weight'/],
];
for (const [what, head, layers, expected] of HEADS) {
  test(`a head with ${what}: ${layers === "" ? "the features open" : layers}`, async () => {
    const { checkpoint, said } = await heard({ ...headless, ...head });
    const after = checkpoint.model?.layers.slice(
      1 + checkpoint.model.layers.findIndex(({ name }) => name === "global_average_pooling2d"),
    );
    const shown = after?.map(({ className, config }) =>
      className === "Dense" ? `Dense(${String(config.units)})` : className,
    );
    assert.equal(shown?.join(" "), layers);
    if (expected === "") assert.equal(said, "");
    else assert.match(said, expected);
    assert.doesNotThrow(() => checkpoint.tensors.forEach(({ read }) => read()));
  });
}

test("with skipMismatch, features are loaded into a model with another head, which stays as it is", async () => {
  const file = stateDictFile("seed", { ...headless, ...linear("age", FEATURES, 1), ...linear("sex", FEATURES, 2) });
  const warn = mock.method(console, "warn", () => undefined);
  try {
    const shape = stateDictFile("other", { ...headless, ...linear("fc", FEATURES, 4) });
    using model = await loadModel(shape);
    const head = model.getLayer("predictions").getWeights()[0]?.data.slice();
    await assert.rejects(model.loadWeights(file), { code: "ValueError", message: /the file has no such layer/ });
    await model.loadWeights(file, { skipMismatch: true });
    const expected = (await openCheckpoint({ name: "", bytes: file, sibling: async () => undefined })).weights.get(
      "Conv_1/kernel",
    );
    assert.deepEqual(model.getLayer("Conv_1").getWeights()[0]?.data, expected?.read());
    assert.deepEqual(model.getLayer("predictions").getWeights()[0]?.data, head);
    const said = warn.mock.calls.map(({ arguments: [text] }) => String(text)).join("\n");
    assert.match(said, /Skipping loading weights for a layer that does not fit.*Dense 'predictions'/);
  } finally {
    warn.mock.restore();
  }
});

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
  ["channels that do not meet", changed(timm, "conv_head.weight", [1280, 31, 1, 1]), /'conv_head\.weight'.*31/],
  ["no filters", changed(timm, "conv_head.weight", [0, 32, 1, 1]), /'conv_head\.weight' has the shape \(0, 32, 1, 1\)/],
  [
    "a layer too many within the network",
    { ...torchvision, "features.18.2.weight": [8, 8] },
    /'features\.18\.2\.weight' is of no layer/,
  ],
  [
    "a quantised network",
    { ...torchvision, "features.0.0.zero_point": [] },
    /quantised network of PyTorch \(it names 'features\.0\.0\.zero_point'\).*quantize\(\)/,
  ],
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
