/** Data sets of pictures: epochs, unreadable pictures, how far ahead they work, and what is made of them. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { MobileNetV2Error } from "../../../src/core/errors.ts";
import { Tensor } from "../../../src/core/tensor.ts";
import { mapAhead, prefetched } from "../../../src/training/data/pictures/ahead.ts";
import type { Batch } from "../../../src/training/data/batch.ts";
import { Dataset } from "../../../src/training/data/dataset.ts";
import { imageDatasetFromDirectory } from "../../../src/training/data/pictures/image-dataset-from-directory.ts";
import { ImageDataset, type ImageDatasetInit } from "../../../src/training/data/pictures/image-dataset.ts";
import type { LoadPicture } from "../../../src/training/data/pictures/load-pixels.ts";
import { pictureBytes } from "../../image/pictures.ts";
import { TestFolder } from "../../platform/folder.ts";

/** A picture of one pixel with the number that its path is; broken where the path ends in `!`. */
const numbered: LoadPicture = async (path) => {
  if (typeof path === "string" && path.endsWith("!")) throw new MobileNetV2Error("FormatError", "it is broken");
  return new Tensor([1, 1, 1], Float32Array.of(Number(path)));
};

function numbers(count: number, init: Partial<ImageDatasetInit> = {}): ImageDataset {
  return new ImageDataset({
    filePaths: Array.from({ length: count }, (_, i) => String(i)),
    labels: Int32Array.from({ length: count }, (_, i) => i % 3),
    classNames: ["a", "b", "c"],
    load: numbered,
    batchSize: 4,
    shuffle: false,
    ...init,
  });
}

async function all(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const found: Batch[] = [];
  for await (const batch of batches) found.push(batch);
  return found;
}

async function values(batches: AsyncIterable<Batch>): Promise<number[][]> {
  return (await all(batches)).map(({ x }) => [...x.data]);
}

test("every epoch has another order, the same in every run with the same seed; indices tell the pictures", async () => {
  const [first, second] = [numbers(10, { shuffle: true, seed: 5 }), numbers(10, { shuffle: true, seed: 5 })];
  const epochs = [await values(first), await values(first), await values(first)];
  assert.deepEqual(epochs, [await values(second), await values(second), await values(second)]);
  assert.deepEqual(await values(second.batches(1)), epochs[1]);
  assert.equal(new Set(epochs.map((epoch) => epoch.flat().join())).size, 3);
  for (const epoch of epochs) {
    assert.deepEqual(
      epoch.map(({ length }) => length),
      [4, 4, 2],
    );
    assert.deepEqual(
      epoch.flat().toSorted((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
  }
  for (const { x, y, indices } of await all(first)) {
    assert.deepEqual([...(indices ?? [])], [...x.data]);
    assert.deepEqual(
      [...(y?.data ?? [])],
      [...x.data].map((value) => value % 3),
    );
  }
  assert.notDeepEqual(await values(numbers(10, { shuffle: true, seed: 6 })), epochs[0]);
  assert.deepEqual([first.size, first.cardinality, first.deterministic], [10, 3, true]);
});

test("unreadable pictures are counted, named once, and left out; batches stay full", async (context) => {
  const warn = context.mock.method(console, "warn", () => undefined);
  const filePaths = ["0", "1!", "2", "3", "4!", "5"];
  const dataset = numbers(6, { filePaths, batchSize: 2 });
  assert.deepEqual(await values(dataset), [
    [0, 2],
    [3, 5],
  ]);
  assert.deepEqual(await values(dataset), [
    [0, 2],
    [3, 5],
  ]);
  assert.deepEqual(
    warn.mock.calls.map((call): unknown => call.arguments[0]),
    ["2 of 6 pictures could not be read and are left out:\n  1!: it is broken\n  4!: it is broken"],
  );
  assert.deepEqual(
    dataset.unreadable.map(({ path, error }) => [path, error.code]),
    [
      ["1!", "FormatError"],
      ["4!", "FormatError"],
    ],
  );
});

test("strict: the first unreadable picture is an error that names it; so is a set without any that can be read", async () => {
  await assert.rejects(values(numbers(3, { filePaths: ["0", "1!", "2!"], strict: true })), {
    code: "FormatError",
    message: "1!: it is broken",
  });
  await assert.rejects(values(numbers(2, { filePaths: ["0!", "1!"] })), {
    code: "FormatError",
    message: "None of the 2 pictures could be read. The first: 0!: it is broken",
  });
  const missing: LoadPicture = () => Promise.reject(new MobileNetV2Error("MissingError", "no decoder"));
  await assert.rejects(values(numbers(2, { load: missing })), { code: "MissingError", message: "no decoder" });
});

test("pictures on the disk: one that is cut off, one that is text, one that is gone are left out", async (context) => {
  const warn = context.mock.method(console, "warn", () => undefined);
  using folder = new TestFolder();
  writeFileSync(folder.file("a.jpg"), pictureBytes("plain.jpg"));
  writeFileSync(folder.file("b.jpg"), pictureBytes("plain.jpg").subarray(0, 400));
  writeFileSync(folder.file("c.png"), "<!doctype html>");
  writeFileSync(folder.file("d.png"), "");
  const dataset = await imageDatasetFromDirectory(folder.path, { labels: null, imageSize: 4, verbose: false });
  rmSync(folder.file("d.png"));
  assert.deepEqual(
    (await all(dataset)).map(({ x, y }) => [x.shape, y]),
    [[[1, 4, 4, 3], undefined]],
  );
  assert.match(String(warn.mock.calls[0]?.arguments[0]), /^3 of 4 pictures .*(?:\n {2}.*[bcd]\.(?:jpg|png): .*){3}$/);
});

test("single samples, batches of them, and other sizes of batches", async () => {
  const single = numbers(5, { batchSize: null, labelMode: "categorical" });
  const samples = await all(single);
  assert.deepEqual(samples.map(({ x, y }) => [x.shape, [...x.data], y?.shape, [...(y?.data ?? [])]]).slice(0, 2), [
    [[1, 1, 1], [0], [3], [1, 0, 0]],
    [[1, 1, 1], [1], [3], [0, 1, 0]],
  ]);
  const batched = single.batch(2);
  assert.deepEqual(await values(batched), [[0, 1], [2, 3], [4]]);
  assert.deepEqual(
    (await all(batched)).map(({ x, y, indices }) => [x.shape, y?.shape, [...(indices ?? [])]]),
    [
      [
        [2, 1, 1, 1],
        [2, 3],
        [0, 1],
      ],
      [
        [2, 1, 1, 1],
        [2, 3],
        [2, 3],
      ],
      [[1, 1, 1, 1], [1, 3], [4]],
    ],
  );
  assert.deepEqual([single.cardinality, batched.cardinality], [5, 3]);
  assert.deepEqual(await values(numbers(10).batch(7)), [
    [0, 1, 2, 3, 4, 5, 6],
    [7, 8, 9],
  ]);
  assert.deepEqual(await values(numbers(10).batch(3)), [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]);
});

test("take, skip, map, prefetch, cache: what they give and what is known of it", async () => {
  const dataset = numbers(10, { shuffle: true, seed: 1 });
  const expected = await values(dataset.batches(0));
  assert.deepEqual(await values(dataset.take(2)), expected.slice(0, 2));
  assert.deepEqual(await values(dataset.skip(1)), expected.slice(1));
  assert.deepEqual(await values(dataset.take(0)), []);
  assert.deepEqual([dataset.take(2).cardinality, dataset.skip(2).cardinality, dataset.take(9).cardinality], [2, 1, 3]);
  assert.deepEqual(await values(dataset.prefetch(2)), expected);

  const seen: number[] = [];
  const doubled = dataset.map((batch, epoch) => {
    seen.push(epoch);
    return {
      ...batch,
      x: new Tensor(
        batch.x.shape,
        Float32Array.from(batch.x.data, (value) => value * 2),
      ),
    };
  });
  assert.deepEqual(
    await values(doubled),
    expected.map((batch) => batch.map((value) => value * 2)),
  );
  await values(doubled);
  assert.deepEqual(seen, [0, 0, 0, 1, 1, 1]);
  assert.equal(doubled.deterministic, false);
  assert.equal(dataset.map((batch) => batch, { deterministic: true }).deterministic, true);
  assert.deepEqual([doubled.classNames, doubled.filePaths?.length], [["a", "b", "c"], 10]);

  let passes = 0;
  const counted = new Dataset(
    async function* (epoch) {
      passes++;
      yield* dataset.batches(epoch);
    },
    { cardinality: 3, size: 10, deterministic: false },
  );
  const cached = counted.cache();
  for await (const batch of cached) if (batch.indices !== undefined) break;
  assert.deepEqual(
    [await values(cached), await values(cached), passes],
    [await values(dataset.batches(1)), await values(dataset.batches(1)), 2],
  );
  assert.equal(cached.deterministic, true);
  await assert.rejects(values(dataset.cache({ maxBytes: 40 })), { code: "LimitError" });
  assert.equal(dataset.take(-1).cardinality, dataset.cardinality);
  assert.throws(() => dataset.take(0.5), { code: "ValueError" });
  assert.throws(() => dataset.select([10]), { code: "ValueError", message: "There are 10 pictures, and none at 10." });
  assert.deepEqual(await values(dataset.select([7, 2]).with({ shuffle: false })), [[7, 2]]);
});

test("work ahead is bounded, stays in order, and stops with whoever takes it", async () => {
  let started = 0;
  let most = 0;
  let active = 0;
  const work = async (item: number): Promise<number> => {
    started++;
    most = Math.max(most, ++active);
    await new Promise((done) => setTimeout(done, (item * 7) % 5));
    active--;
    return item;
  };
  const taken: number[] = [];
  for await (const item of mapAhead(Array.from({ length: 100 }, (_, i) => i).values(), work, {
    concurrency: 3,
    window: 6,
  })) {
    taken.push(item);
    await new Promise((done) => setTimeout(done, 2));
    assert.ok(started <= taken.length + 6, `${started} were started when ${taken.length} had been taken`);
    if (taken.length === 20) break;
  }
  assert.deepEqual(
    taken,
    Array.from({ length: 20 }, (_, i) => i),
  );
  assert.equal(most, 3);
  const before = started;
  await new Promise((done) => setTimeout(done, 20));
  assert.equal(started, before);
});

test("an error ahead comes in its turn; one that nobody comes to is no unhandled rejection", async () => {
  const fails = async (item: number): Promise<number> => {
    if (item === 2) throw new Error("two");
    return item;
  };
  const taken: number[] = [];
  await assert.rejects(async () => {
    for await (const item of mapAhead([0, 1, 2, 3], fails, { concurrency: 4, window: 4 })) taken.push(item);
  }, /^Error: two$/);
  assert.deepEqual(taken, [0, 1]);
  for await (const item of mapAhead([0, 2], fails, { concurrency: 4, window: 4 })) {
    assert.equal(item, 0);
    break;
  }
  for await (const item of prefetched(oneAndAnError(), 3)) {
    assert.equal(item, 1);
    break;
  }
  await new Promise((done) => setTimeout(done, 5));
});

async function* oneAndAnError(): AsyncGenerator<number> {
  yield 1;
  throw new Error("later");
}

test("100,000 pictures: an epoch's order and batches take no more memory than names and a few batches", async () => {
  const count = 100_000;
  const dataset = numbers(count, { shuffle: true, seed: 3, batchSize: 1000, prefetch: 1 });
  let sum = 0;
  let batches = 0;
  for await (const { x } of dataset) {
    for (const value of x.data) sum += value;
    batches++;
  }
  assert.deepEqual([batches, sum], [100, (count * (count - 1)) / 2]);
});
