/** Pictures that other threads load and change: the same as the calling thread's. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { Tensor } from "../../../src/core/tensor.ts";
import type { Augmentation } from "../../../src/training/data/augmentation/augment.ts";
import { perPicture } from "../../../src/training/data/augmentation/augment.ts";
import { augmentationOf, descriptionOf } from "../../../src/training/data/augmentation/augmentation-of.ts";
import type { Batch } from "../../../src/training/data/batch.ts";
import { imageDatasetFromDirectory } from "../../../src/training/data/pictures/image-dataset-from-directory.ts";
import { ImageDataset } from "../../../src/training/data/pictures/image-dataset.ts";
import { mixUp } from "../../../src/training/data/augmentation/mix-up.ts";
import { pictureWork } from "../../../src/training/data/pictures/picture-work.ts";
import { pictureWorkers } from "../../../src/training/data/pictures/picture-workers.ts";
import { randomBrightness, randomContrast } from "../../../src/training/data/augmentation/random-color.ts";
import { randomCrop, randomResizedCrop } from "../../../src/training/data/augmentation/random-crop.ts";
import {
  randomFlip,
  randomRotation,
  randomTranslation,
  randomZoom,
} from "../../../src/training/data/augmentation/random-geometry.ts";
import { pictureBytes, picturePath } from "../../image/pictures.ts";
import { TestFolder } from "../../platform/folder.ts";

const augmentations: readonly Augmentation[] = [
  randomFlip("horizontal"),
  randomTranslation(0.1, [-0.2, 0.1]),
  randomRotation(0.1, { fillMode: "constant" }),
  randomZoom(0.2, null),
  randomBrightness(0.1),
  randomContrast(0.2, { valueRange: [0, 255] }),
  randomResizedCrop(12, 12, { scale: [0.5, 1] }),
  randomCrop(8, 8),
];

async function all(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const found: Batch[] = [];
  for await (const batch of batches) found.push(batch);
  return found;
}

describe("threads for pictures", () => {
  let folder: TestFolder;
  before(() => {
    folder = new TestFolder();
    for (const [i, name] of ["plain.jpg", "rgba.png", "gray.jpg", "24.bmp", "plain.gif", "palette.png"].entries()) {
      mkdirSync(folder.file(`${i % 2}`), { recursive: true });
      copyFileSync(picturePath(name), folder.file(`${i % 2}/${name}`));
    }
  });
  after(() => folder[Symbol.dispose]());

  const dataset = (workers: number): Promise<ImageDataset> =>
    imageDatasetFromDirectory(folder.path, { imageSize: 16, batchSize: 4, seed: 2, verbose: false, workers });

  test("any number of them gives the same batches, augmented and not", async () => {
    const [none, one, three] = [await dataset(0), await dataset(1), await dataset(3)];
    const expected = [await all(none.batches(0)), await all(none.batches(1))];
    assert.deepEqual([await all(one.batches(0)), await all(one.batches(1))], expected);
    assert.deepEqual([await all(three.batches(0)), await all(three.batches(1))], expected);
    const changed = await all(none.augment(augmentations, { seed: 5 }).batches(1));
    assert.deepEqual(
      changed.map(({ x }) => x.shape),
      [
        [4, 8, 8, 3],
        [2, 8, 8, 3],
      ],
    );
    assert.deepEqual(await all(three.augment(augmentations, { seed: 5 }).batches(1)), changed);
    // The same as one batch after the other, on the calling thread.
    const later = none.map((batch) => batch, { deterministic: true }).augment(augmentations, { seed: 5 });
    assert.deepEqual(await all(later.batches(1)), changed);
    assert.equal(three.augment(augmentations).deterministic, false);
  });

  test("pixels that a function of one's own loads are changed there too; changes of one's own, and of whole batches, here", async () => {
    const init = {
      filePaths: ["1", "2", "3"],
      load: async (path: unknown) =>
        new Tensor(
          [4, 4, 1],
          new Float32Array(16).map((_, i) => Number(path) * i),
        ),
      batchSize: 2,
      seed: 1,
    };
    const [here, there] = [new ImageDataset({ ...init, workers: 0 }), new ImageDataset({ ...init, workers: 2 })];
    const halved = perPicture("halved", (picture) => ({ ...picture, data: picture.data.map((value) => value / 2) }));
    for (const list of [augmentations, [halved], [randomFlip(), mixUp()], []]) {
      assert.deepEqual(await all(there.augment(list).batches(3)), await all(here.augment(list).batches(3)));
    }
  });

  test("unreadable pictures are left out and named as ever", async (context) => {
    const warn = context.mock.method(console, "warn", () => undefined);
    writeFileSync(folder.file("0/cut.jpg"), pictureBytes("plain.jpg").subarray(0, 400));
    const threaded = await dataset(2);
    assert.equal(
      (await all(threaded)).reduce((sum, { x }) => sum + (x.shape[0] ?? 0), 0),
      6,
    );
    assert.deepEqual(
      threaded.unreadable.map(({ error }) => error.code),
      ["FormatError"],
    );
    assert.match(
      String(warn.mock.calls[0]?.arguments[0]),
      /^1 of 7 pictures .*\n {2}.*cut\.jpg: The JPEG file is broken/,
    );
    await assert.rejects(all(threaded.with({ strict: true })), { code: "FormatError", message: /cut\.jpg: / });
  });

  test("what is no task for a thread is an error there as here", async () => {
    const task = { load: { interpolation: "none" as "area" }, augmentations: [], seed: 0 };
    const order = { source: folder.file("0/plain.jpg"), index: 0, epoch: 0 };
    const message = /^Argument `interpolation` should be one of/;
    assert.throws(() => pictureWork(task), { code: "ValueError", message });
    await assert.rejects(pictureWorkers.run(task, order, 1), { code: "ValueError", message });
    await assert.rejects(pictureWorkers.run({ load: undefined, augmentations: [], seed: 0 }, order, 1), {
      code: "ValueError",
      message: /does not say how pictures are loaded/,
    });
    await assert.rejects(dataset(-1), {
      code: "ValueError",
      message: /^`workers` of imageDatasetFromDirectory\(\) must be a whole number of 0 to 1024\./,
    });
  });
});

test("augmentations are made again from what they were made with; others are not described", () => {
  const picture = { rows: 16, columns: 16, channels: 1, data: new Float32Array(256).map((_, i) => i % 251) };
  const batch = { x: new Tensor([1, 16, 16, 1], picture.data) };
  const draws = () => (i: number) => ((i + 1) * 0.37) % 1;
  for (const augmentation of augmentations) {
    const description = descriptionOf(augmentation);
    assert.ok(description !== undefined, augmentation.name);
    const again = augmentationOf(structuredClone(description));
    assert.deepEqual(again.apply(batch, draws), augmentation.apply(batch, draws), augmentation.name);
  }
  assert.equal(descriptionOf(mixUp()), undefined);
  assert.equal(descriptionOf(perPicture("randomFlip", (one) => one)), undefined);
  assert.throws(() => augmentationOf({ name: "toString", arguments: [] }), { code: "ValueError" });
});
