/** Labels that are no class indices: numbers and lists of numbers for regression (what Keras 3.15 gives for lists of floats and of tuples). */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Dense, Flatten, Input, Sequential, Tensor } from "../../../src/index.ts";
import { type Batch, ImageDataset, imageDatasetFromDirectory } from "../../../src/public/data.ts";
import { pngBytes } from "../../support/doors.ts";

const grey = (level: number): Tensor<Float32Array> => new Tensor([1, 1, 1], Float32Array.of(level));
const names = ["0", "1", "2", "3"];
const load = (source: unknown): Promise<Tensor<Float32Array>> => Promise.resolve(grey(Number(source) / 4));

async function firstBatch(dataset: ImageDataset): Promise<Batch> {
  for await (const batch of dataset.batches(0)) return batch;
  throw new Error("There is no batch.");
}

async function targetOf(dataset: ImageDataset): Promise<Tensor> {
  const { y } = await firstBatch(dataset);
  assert.ok(y);
  return y;
}

describe("labels that are no class indices", () => {
  const folder = mkdtempSync(join(tmpdir(), "labels-"));
  before(async () => {
    mkdirSync(folder, { recursive: true });
    const png = await pngBytes();
    for (const name of names) writeFileSync(join(folder, `${name}.png`), png);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("are float32 if one is not whole, int32 if all are, and as they are in a Float32Array", async () => {
    const of = (labels: ArrayLike<number>): Promise<Tensor> =>
      targetOf(new ImageDataset({ filePaths: names, labels, load, shuffle: false }));
    const floats = await of([0.5, 1.5, 2, -3]);
    assert.deepEqual([floats.dtype, floats.shape, [...floats.data]], ["float32", [4], [0.5, 1.5, 2, -3]]);
    assert.equal((await of([0, 1, 2, 3])).dtype, "int32");
    assert.equal((await of(Float32Array.of(0, 1, 2, 3))).dtype, "float32");
  });

  it("are rows if each is a list, which stay together in any order and selection", async () => {
    const labels = [
      [0.25, 1],
      [0.5, 2],
      [0.75, 3],
      [1, 4],
    ];
    const dataset = new ImageDataset({ filePaths: names, labels, load, seed: 3 });
    const batch = await firstBatch(dataset);
    assert.deepEqual(batch.y?.shape, [4, 2]);
    assert.deepEqual(
      [...(batch.indices ?? [])].map((index) => labels[index]),
      [0, 1, 2, 3].map((row) => [...(batch.y?.data.slice(row * 2, row * 2 + 2) ?? [])]),
    );
    const chosen = await targetOf(dataset.select([2], { shuffle: false }));
    assert.deepEqual([...chosen.data], [0.75, 3]);
  });

  it("are refused where classes are needed, with the way on", () => {
    const make =
      (labels: readonly number[], labelMode: "categorical" | "binary", classNames?: readonly string[]) => () =>
        new ImageDataset({ filePaths: names, labels, labelMode, classNames, load });
    assert.throws(make([0.5, 1, 2, 3], "categorical", ["a", "b"]), /`labelMode: "int"`/);
    assert.throws(make([0, 1, 0, 1], "categorical"), /needs `classNames`/);
    assert.throws(() => new ImageDataset({ filePaths: names, labels: [[1], [2, 3], [4], [5]], load }), {
      code: "ValueError",
    });
    assert.throws(() => new ImageDataset({ filePaths: names, labels: [1, 2], load }), /2 labels for 4 pictures/);
    // oxlint-disable-next-line no-sparse-arrays -- as `new Array(4)` is
    for (const labels of [[0, 1, Number.NaN, 1], [[0], [1], [Infinity], [1]], [0, 1, , 1] as number[]]) {
      assert.throws(
        () => new ImageDataset({ filePaths: names, labels, load }),
        /`labels` should be finite numbers\. Received: (NaN|Infinity|undefined) at 2/,
      );
    }
  });

  it("of files in a folder come in the order of the paths, and stay with their files when they are shuffled", async () => {
    const labels = [0.5, 1.5, 2.5, 3.5];
    const dataset = await imageDatasetFromDirectory(folder, { labels, imageSize: 4, seed: 1, verbose: false });
    assert.deepEqual(dataset.classNames, ["0.5", "1.5", "2.5", "3.5"]);
    const byPath = (dataset.filePaths ?? []).map((path) => labels[Number(/(\d)\.png$/.exec(path)?.[1])]);
    assert.deepEqual([...(dataset.labels ?? [])], byPath);
    assert.equal((await targetOf(dataset)).dtype, "float32");
  });

  it("train a regression", async () => {
    const dataset = new ImageDataset({ filePaths: names, labels: [0.1, 0.6, 1.1, 1.6], load, shuffle: false });
    using model = new Sequential([Input({ shape: [1, 1, 1] }), new Flatten(), new Dense({ units: 1 })]);
    model.compile({ optimizer: "adam", loss: "mse" });
    const { history } = await model.fit(dataset, { epochs: 5 });
    const losses = history["loss"] ?? [];
    assert.ok((losses.at(-1) ?? NaN) < (losses[0] ?? 0), String(losses));
  });
});
