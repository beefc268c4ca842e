/** torchvision, timm and transformers open what we write in their names; we open what they and PyTorch's ONNX export write. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { before, describe, test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { loadModel } from "../../src/models/files/load-model.ts";
import { assertWithin, maxMagnitude } from "../support/compare.ts";
import { seedWeights, seededInput } from "../support/seeded.ts";
import { needsShared, sharedPath } from "../support/shared.ts";
import { type AnyModel, SIZE } from "./models.ts";
import { type Answer, Asked, needsPython } from "./peers.ts";
import { IMAGENET } from "./pictures.ts";

interface TorchAnswer extends Answer {
  readonly files?: readonly string[] | null;
}

const PACKAGES = ["torchvision", "timm", "huggingface"] as const;
const WRITTEN = {
  torchvision: ["new.pth", "old.pth", "model.safetensors", "fixed.onnx", "any.onnx"],
  timm: ["checkpoint.pth.tar", "pytorch_model.bin", "model.safetensors", "fixed.onnx", "any.onnx"],
  huggingface: [".", "pytorch_model.bin", "fixed.onnx", "any.onnx"],
};

const x = seededInput("peers/torch", [2, SIZE, SIZE, 3]);

/** Random weights and no softmax to squeeze the answers: relative to the largest. */
function assertClose(actual: Float32Array, expected: readonly number[] | Float32Array, tolerance = 1e-5): void {
  assertWithin(actual, expected, tolerance * maxMagnitude(expected));
}

function softmax(logits: readonly number[], classes: number): readonly number[] {
  return Array.from({ length: logits.length / classes }, (_, row) => {
    const values = logits.slice(row * classes, (row + 1) * classes);
    const exponents = values.map((value) => Math.exp(value - Math.max(...values)));
    const sum = exponents.reduce((a, b) => a + b, 0);
    return exponents.map((exponent) => exponent / sum);
  }).flat();
}

async function answerOf(model: AnyModel, input = x): Promise<Float32Array> {
  return (await model.predict(input)).data;
}

const missing = needsPython("torch");

describe("what PyTorch's packages write", { skip: missing }, () => {
  const made = new Asked<TorchAnswer>("torch", "torch_models.py");
  const opened = new Asked<TorchAnswer>("torch", "torch_models.py");
  const again = new Map<string, { readonly ours: Float32Array; readonly answer: () => TorchAnswer }>();

  for (const name of PACKAGES) {
    const folder = dirname(made.path(name, "model.safetensors"));
    const answer = made.task({ do: "make", package: name, folder }, x);

    for (const file of WRITTEN[name]) {
      // PyTorch's export folds BatchNormalization into kernels, in float32.
      const tolerance = file.endsWith(".onnx") ? 3e-5 : 1e-5;
      test(`${name}, ${file}: we answer within ${tolerance} of the largest`, async () => {
        const { output = [], files } = answer();
        assert.deepEqual(files, WRITTEN[name]);
        using model = await loadModel(join(folder, file));
        assert.equal(model.getLayer("block_3_depthwise").className, "DepthwiseConv2D");
        if (file === ".") assert.deepEqual(model.classNames, ["background", "cat", "dog", "horse", "Löwenzahn"]);
        assertClose(await answerOf(model), output, tolerance);
      });
    }

    // Written in its names again, each is opened strictly by its package: the other tests come first.
    before(async () => {
      answer();
      const source = join(folder, name === "huggingface" ? "." : "model.safetensors");
      const model = await loadModel(source);
      const target = opened.path(name, "model.safetensors");
      await model.save(target, { format: name });
      const task = { do: "open", package: name, folder: dirname(target) };
      again.set(name, { ours: await answerOf(model), answer: opened.task(task, x) });
    });
    test(`${name} opens it as we write it again: within 1e-5 of the largest`, () => {
      const { ours = new Float32Array(), answer: theirs } = again.get(name) ?? {};
      assertClose(ours, theirs?.().output ?? []);
    });
  }
});

describe("state dicts of networks with heads of their own", { skip: missing }, () => {
  const made = new Asked<TorchAnswer>("torch", "torch_models.py");
  const folder = dirname(made.path("wrapped", "two.pth"));
  const answer = made.task({ do: "make", package: "wrapped", folder }, x);
  const files = [
    "two.pth",
    "normalized.pth",
    "neighbours.pth",
    "nested.pth",
    "sequential.pth",
    "lightning.ckpt.pth",
  ] as const;
  for (const [i, file] of files.entries()) {
    test(`${file}: we answer within 2e-5 of the largest`, async () => {
      const { output = [], files: written } = answer();
      assert.deepEqual(written, files);
      const size = output.length / files.length;
      using model = await loadModel(join(folder, file));
      assertClose(await answerOf(model), output.slice(i * size, (i + 1) * size), 2e-5);
    });
  }
});

describe("our models in PyTorch's packages", { skip: missing }, async () => {
  if (missing !== false) return;
  const asked = new Asked<TorchAnswer>("torch", "torch_models.py");
  const model = await MobileNetV2({ alpha: 0.5, inputShape: [SIZE, SIZE, 3], weights: null, classes: 11 });
  seedWeights(model, "peers/torch");
  const expected = await answerOf(model);
  for (const name of ["timm", "huggingface"]) {
    const path = asked.path(name, "model.safetensors");
    // oxlint-disable-next-line no-await-in-loop -- two files
    await model.save(path, { format: name });
    const answer = asked.task({ do: "open", package: name, folder: dirname(path) }, x);
    test(`${name}: the softmax of its answers is within 1e-5 of ours`, () => {
      assertWithin(softmax(answer().output ?? [], 11), expected, 1e-5);
    });
  }

  if (needsShared !== false) return;
  const picture = seededInput("peers/imagenet", [1, 224, 224, 3]);
  const weights = sharedPath(IMAGENET);
  const imagenet = await MobileNetV2({ weights });
  const probabilities = await answerOf(imagenet, picture);
  for (const name of ["timm", "huggingface"]) {
    const path = asked.path(`imagenet-${name}`, "model.safetensors");
    // oxlint-disable-next-line no-await-in-loop
    await imagenet.save(path, { format: name });
    const answer = asked.task({ do: "open", package: name, folder: dirname(path) }, picture);
    test(`${name} with the ImageNet weights: within 1e-5`, () => {
      assertWithin(softmax(answer().output ?? [], 1000), probabilities, 1e-5);
    });
  }
});
