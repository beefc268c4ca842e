/** PyTorch's packages against us: the same weights, the same answers. test/fixtures/saving/torch/make.py asked the packages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { uniform } from "../../../src/core/random.ts";
import { sizeOf } from "../../../src/core/shape.ts";
import { Tensor } from "../../../src/core/tensor.ts";
import { evaluate } from "../../../src/graph/evaluate.ts";
import { programOf } from "../../../src/graph/program.ts";
import { modelFromDescription } from "../../../src/models/files/model-from-description.ts";
import type { Checkpoint } from "../../../src/saving/checkpoint.ts";
import { openCheckpoint } from "../../../src/saving/formats.ts";
import { assertWithin, maxMagnitude } from "../../support/compare.ts";
import { answers, stateDictFile } from "./answers.ts";

/** What is expected of the checkpoint beside its answers. */
const CHECKPOINTS: Readonly<Record<string, Partial<Checkpoint>>> = {
  torchvision: { origin: "torchvision" },
  timm: { origin: "timm" },
  "timm-deep-same": {
    origin: "timm",
    preprocessing: { scale: [1 / 51, 4 / 255, 2 / 255], offset: [-2.5, -1.6, -0.6] },
  },
  "timm-features": { origin: "timm" },
  huggingface: { origin: "huggingface", classNames: ["background", "cat", "dog"], preprocessing: undefined },
  "huggingface-options": { origin: "huggingface", classNames: undefined },
  "huggingface-dilated": { origin: "huggingface" },
  "huggingface-base": { origin: "huggingface" },
};

for (const [name, answer] of Object.entries(answers)) {
  test(`${name}: its answers within 1e-5 of the largest from the layers' scalar forwards, within 1e-4 from the engine`, async () => {
    const files = new Map(Object.entries(answer.files));
    const checkpoint = await openCheckpoint({
      name: "model.safetensors",
      bytes: stateDictFile(name, answer.shapes),
      sibling: async (file) => {
        const text = files.get(file);
        return text === undefined ? undefined : new TextEncoder().encode(text);
      },
    });
    const { preprocessing, ...expected } = CHECKPOINTS[name] ?? {};
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(Reflect.get(checkpoint, key), value, key);
    if (preprocessing !== undefined) {
      assertWithin([checkpoint.preprocessing?.scale ?? []].flat(), [preprocessing.scale].flat(), 1e-12);
      assertWithin([checkpoint.preprocessing?.offset ?? []].flat(), [preprocessing.offset].flat(), 1e-12);
    }
    assert.ok(checkpoint.model !== undefined);
    const model = modelFromDescription(checkpoint.model, checkpoint.weights);
    const shape = [2, ...answer.size, 3];
    const input = new Tensor(shape, uniform(`${name}/input`, sizeOf(shape), -1, 1));
    const [scalar] = evaluate(programOf(model.graph), [input]);
    const [output] = await model.predictAll(input);
    assert.deepEqual(scalar?.shape, answer.outputShape);
    assert.deepEqual(output?.shape, answer.outputShape);
    const kept = answer.output.length;
    assertWithin(scalar.data.subarray(0, kept), answer.output, 1e-5 * maxMagnitude(answer.output));
    assertWithin(output.data.subarray(0, kept), answer.output, 1e-4 * maxMagnitude(answer.output));
    model.dispose();
  });
}
