/** Folders and lists of pictures as a batch job goes through them. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { loadClassifier } from "../../src/tasks/load-classifier.ts";
import { loadExtractor } from "../../src/tasks/extractor.ts";
import { evaluateClassifier, extractAll } from "../../src/tasks/many-pictures.ts";
import { colourModel, colourPicture } from "../cli/colour-model.ts";
import { TestFolder } from "../platform/folder.ts";

describe("many pictures", () => {
  let folder: TestFolder;
  let paths: readonly string[];
  let weights: Uint8Array;
  /** The warning that a picture was left out goes to the console. */
  const { warn } = console;
  before(async () => {
    console.warn = () => undefined;
    folder = new TestFolder();
    weights = await colourModel().toBytes("keras");
    const made: string[] = [];
    for (let i = 0; i < 10; i++) {
      made.push(await colourPicture(folder.file("photos"), `${i}.png`, i % 2 === 0 ? "red" : "blue"));
    }
    const broken = join(folder.file("photos"), "broken.png");
    writeFileSync(broken, "no picture");
    paths = [...made.slice(0, 5), broken, ...made.slice(5)];
  });
  after(() => {
    console.warn = warn;
    folder[Symbol.dispose]();
  });

  test("are counted by what a classifier answers; one that cannot be read is left out, or an error", async () => {
    using classifier = await loadClassifier({ weights });
    // All are said to be red: the five blue ones are mistakes.
    const labels = new Int32Array(paths.length);
    const told: (readonly number[])[] = [];
    const { tally, unreadable } = await evaluateClassifier(classifier, paths, labels, {
      onProgress: (done, total, { pictures }) => told.push([done, total, pictures]),
    });
    assert.deepEqual([tally.pictures, tally.top1, tally.count(0, 2)], [10, 0.5, 5]);
    assert.deepEqual(
      unreadable.map(({ path }) => path),
      [paths[5]],
    );
    assert.deepEqual([told[0], told.at(-1), told.length], [[1, 11, 1], [11, 11, 10], 10]);
    await assert.rejects(evaluateClassifier(classifier, paths, labels, { strict: true }), /broken\.png/);
    await assert.rejects(evaluateClassifier(classifier, paths, new Int32Array(2)), { code: "ValueError" });
  });

  test("for which a model answers with NaN are named in an error", async () => {
    const model = colourModel();
    // Finite, but their sum is not.
    for (const weight of model.weights) weight.assign(new Float32Array(weight.size).fill(3e38));
    const infinite = await model.toBytes("keras");
    const named = { code: "ValueError", message: /0\.png: Model 'sequential\S*' answers with NaN or infinity/ };
    using classifier = await loadClassifier({ weights: infinite });
    await assert.rejects(evaluateClassifier(classifier, paths, new Int32Array(paths.length)), named);
    await assert.rejects(classifier.classify(paths[0] ?? ""), { message: /answers with NaN or infinity/ });
    using extractor = await loadExtractor({ weights: infinite, layer: "colours" });
    const vectors = extractAll(extractor, paths)[Symbol.asyncIterator]();
    await assert.rejects(vectors.next(), named);
    await assert.rejects(extractor.embed(paths[0] ?? ""), { message: /answers with NaN or infinity/ });
  });

  test("give their vectors some at a time, in order, until a signal", async () => {
    using extractor = await loadExtractor({ weights, layer: "map" });
    const stream = extractAll(extractor, paths);
    const found: number[] = [];
    for await (const { indices, vectors } of stream) {
      assert.deepEqual(vectors.shape, [indices.length, 3]);
      found.push(...indices);
    }
    assert.deepEqual(found, [0, 1, 2, 3, 4, 6, 7, 8, 9, 10]);
    assert.equal(stream.unreadable.length, 1);
    const stop = new AbortController();
    const seen = async (): Promise<void> => {
      for await (const { indices } of extractAll(extractor, paths, { signal: stop.signal })) {
        assert.equal(indices[0], 0);
        stop.abort(new Error("enough"));
      }
    };
    await assert.rejects(seen(), /enough/);
  });
});
