/** A transfer as a program makes it: base, head, schedule, phases, without a folder of pictures or a terminal. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Tensor } from "../../../src/core/tensor.ts";
import { Dataset } from "../../../src/training/data/dataset.ts";
import { loadBase } from "../../../src/tasks/transfer/base.ts";
import { firstLayer, setLearning, withHead } from "../../../src/tasks/transfer/head.ts";
import { fitPhase } from "../../../src/tasks/transfer/phase.ts";
import { transferSchedule } from "../../../src/tasks/transfer/schedule.ts";
import { SIZE, seededModel } from "../models.ts";

const alpha = 0.35;

/** Dark pictures and bright ones, in one batch. */
function pictures(count: number): Dataset {
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const pixels = Float32Array.from(
    { length: count * SIZE * SIZE * 3 },
    (_, i) => ((labels[Math.floor(i / (SIZE * SIZE * 3))] ?? 0) === 0 ? 40 : 200) + (i % 17),
  );
  const batch = { x: new Tensor([count, SIZE, SIZE, 3], pixels), y: new Tensor([count], labels) };
  return new Dataset(
    async function* () {
      yield batch;
    },
    { cardinality: 1, size: count, deterministic: true },
  );
}

describe("a transfer", () => {
  test("of the weights of another model: the base has them, the head is new and takes pixels from 0 to 255", async () => {
    using other = await seededModel();
    const base = await loadBase({ weights: await other.toBytes("keras"), size: SIZE });
    assert.deepEqual([base.alpha, base.weights], [alpha, "bytes"]);
    const weightOf = (layers: typeof other.layers): Float32Array | undefined =>
      layers.find(({ name }) => name === "block_3_expand")?.weights[0]?.values;
    assert.deepEqual(weightOf(base.base.layers), weightOf(other.layers));
    using model = withHead(base, { size: SIZE, classNames: ["dark", "bright"] });
    assert.deepEqual(
      [model.output.shape, model.classNames],
      [
        [null, 2],
        ["dark", "bright"],
      ],
    );
    assert.deepEqual(model.preprocessing, { scale: 1, offset: 0 });
    await assert.rejects(loadBase({ weights: await other.toBytes("keras"), alpha: 1 }), {
      code: "ValueError",
      message: "It is of alpha 0.35. Received: `alpha: 1`",
    });
  });

  test("what learns: the head alone, the base from a block on without its normalization, or all of it", async () => {
    const { base } = await loadBase({ weights: null, alpha, size: SIZE });
    setLearning(base, undefined);
    assert.equal(base.trainableWeights.length, 0);
    setLearning(base, "block_15");
    const learning = base.layers.filter((layer) => layer.trainableWeights.length > 0).map(({ name }) => name);
    assert.equal(learning[0], "block_15_expand");
    assert.ok(
      learning.every((name) => !name.endsWith("BN")),
      learning.join(),
    );
    setLearning(base, "");
    assert.ok(base.trainableWeights.length > learning.length);
    assert.throws(() => firstLayer(base, "block_99"), {
      code: "ValueError",
      message: /^The model has no layer or block block_99\./,
    });
  });

  test("the head of seeded features learns to tell dark from bright, and the base stays as it was", async () => {
    using other = await seededModel();
    const base = await loadBase({ weights: await other.toBytes("keras"), size: SIZE });
    const before = base.base.layers.flatMap(({ weights }) => weights.map(({ values }) => values.slice()));
    using model = withHead(base, { size: SIZE, classNames: ["dark", "bright"], dropout: 0 });
    const settings = { size: SIZE, epochs: 12, learningRate: 0.01, fineTuneFrom: null, dropout: 0 };
    const labels = [0, 1, 0, 1, 0, 1, 0, 1];
    const schedule = transferSchedule(settings, { counts: [4, 4], labels, validates: false });
    const [phase, ...more] = schedule.phases;
    assert.ok(phase !== undefined && more.length === 0);
    const { history } = await fitPhase(phase, {
      base,
      model,
      schedule,
      size: SIZE,
      training: pictures(8),
      validation: undefined,
    });
    const losses = history["loss"] ?? [];
    assert.equal(losses.length, 12);
    assert.ok((losses.at(-1) ?? Infinity) < 0.5 * (losses[0] ?? 0), losses.join());
    const after = base.base.layers.flatMap(({ weights }) => weights.map(({ values }) => values));
    assert.deepEqual(after, before);
  });
});
