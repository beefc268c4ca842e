/** model.summary() to the letter as the real Keras prints it (test/fixtures/models/make.py). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Dropout } from "../../src/layers/regularization/dropout.ts";
import { GlobalAveragePooling2D } from "../../src/layers/pooling/global-average-pooling2d.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import { clearSession } from "../../src/layers/naming.ts";
import { zeros } from "../../src/core/tensor.ts";
import { Sequential } from "../../src/models/sequential.ts";
import { SGD } from "../../src/training/optimizers/sgd.ts";
import type { SummaryOptions } from "../../src/models/summary/summary.ts";

beforeEach(() => {
  clearSession();
  process.env["COLUMNS"] = "200";
});

function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/models/${name}`, import.meta.url), "utf8").trimEnd();
}

function printed(model: { summary(options: SummaryOptions): void }, options: SummaryOptions = {}): string {
  const texts: string[] = [];
  model.summary({ ...options, printFn: (text) => texts.push(text) });
  return texts.join("\n");
}

async function nested(): Promise<Sequential> {
  const base = await MobileNetV2({ inputShape: [96, 96, 3], alpha: 0.35, weights: null, includeTop: false });
  base.trainable = false;
  return new Sequential([
    Input({ shape: [96, 96, 3] }),
    base,
    new GlobalAveragePooling2D({ name: "gap" }),
    new Dropout({ rate: 0.2 }),
    new Dense({ units: 3, activation: "softmax", name: "head" }),
  ]);
}

test("the summary of mobilenetv2_0.35_96 is Keras's", async () => {
  const model = await MobileNetV2({ inputShape: [96, 96, 3], alpha: 0.35, weights: null });
  assert.equal(printed(model), fixture("summary-0.35-96.txt"));
});

test("the summary of a Sequential with a frozen base is Keras's, with the trainable column", async () => {
  assert.equal(printed(await nested(), { showTrainable: true }), fixture("summary-sequential-trainable.txt"));
});

test("the summary with nested layers is Keras's", async () => {
  assert.equal(printed(await nested(), { expandNested: true }), fixture("summary-sequential-expanded.txt"));
});

test("layerRange lists from the first to the last layer named, and refuses names that fit none", async () => {
  const model = await MobileNetV2({ inputShape: [96, 96, 3], alpha: 0.35, weights: null });
  const text = printed(model, { layerRange: ["Conv1", "Conv1_relu"] });
  assert.match(text, /bn_Conv1/);
  assert.doesNotMatch(text, /expanded_conv|input_layer \(/);
  assert.throws(() => printed(model, { layerRange: ["nothing", "Conv1"] }), /do not match the layer names/);
  assert.throws(() => printed(model, { lineLength: 10 }), /Insufficient console width to print summary\./);
});

test("in 80 columns, which is the width without a terminal, the table fits as Keras fits it", async () => {
  process.env["COLUMNS"] = "80";
  const model = await MobileNetV2({ inputShape: [96, 96, 3], alpha: 0.35, weights: null });
  assert.equal(printed(model), fixture("summary-80-columns.txt"));
});

for (const [name, optimizer] of [
  ["adam", "adam"],
  ["sgd", "sgd"],
  ["momentum", new SGD({ momentum: 0.9 })],
] as const) {
  test(`once it was trained with ${name}, the model counts the optimizer's parameters as Keras does`, async () => {
    process.env["COLUMNS"] = "80";
    const model = new Sequential([
      Input({ shape: [3] }),
      new Dense({ units: 4, name: "a_layer_whose_name_is_longer_than_its_column" }),
      new Dense({ units: 2 }),
    ]);
    model.compile({ optimizer, loss: "mse" });
    assert.doesNotMatch(printed(model), /Optimizer params/);
    await model.fit(zeros([4, 3]), zeros([4, 2]), { verbose: 0 });
    assert.equal(printed(model, { showTrainable: name === "momentum" }), fixture(`summary-${name}.txt`));
  });
}
