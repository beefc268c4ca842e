/** Vectors of pictures as a program has them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Tensor } from "../../src/core/tensor.ts";
import { Model } from "../../src/models/model.ts";
import { type ExtractorOptions, loadExtractor } from "../../src/tasks/extractor.ts";
import { assertWithin } from "../support/compare.ts";
import { SIZE, pictureOf, seededModel } from "./models.ts";

describe("an extractor", () => {
  test("gives what the layer before the classifier gives, for one picture and for several (within 1e-6)", async () => {
    using model = await seededModel();
    const pooled = model.layers.find(({ name }) => name.startsWith("global_average_pooling2d"));
    assert.ok(pooled !== undefined);
    using extractor = await loadExtractor({ weights: await model.toBytes("keras") });
    assert.deepEqual(
      [extractor.length, extractor.facts.layer, extractor.facts.pooling, extractor.facts.size],
      [1280, pooled.name, "none", [SIZE, SIZE]],
    );
    const pictures = [await pictureOf("one"), await pictureOf("two")];
    const inputs = await Promise.all(pictures.map((picture) => extractor.prepare(picture)));
    const batch = new Tensor([2, SIZE, SIZE, 3], Float32Array.from(inputs.flatMap(({ data }) => [...data])));
    const { shape, data } = await extractor.extract(batch);
    assert.deepEqual(shape, [2, 1280]);
    for (const [i, picture] of pictures.entries()) {
      assertWithin(data.subarray(i * 1280, (i + 1) * 1280), await extractor.embed(picture), 1e-6);
    }
    using upToThere = new Model({ inputs: model.inputs, outputs: pooled.output });
    assertWithin(await extractor.embed(await pictureOf("one")), (await upToThere.predict(inputs[0]!)).data, 1e-6);
  });

  test("makes the mean, the maxima or the whole of a map (mean within 1e-5)", async () => {
    using model = await seededModel();
    const weights = await model.toBytes("keras");
    const picture = await pictureOf("one");
    const layer = "block_12_add";
    using whole = await loadExtractor({ weights, layer, pooling: "none" });
    using mean = await loadExtractor({ weights, layer });
    using largest = await loadExtractor({ weights, layer, pooling: "max" });
    const map = await whole.embed(picture);
    const channels = mean.length;
    assert.deepEqual([map.length, largest.length], [2 * 2 * channels, channels]);
    const columns = Array.from({ length: channels }, (_, channel) => map.filter((__, i) => i % channels === channel));
    assert.deepEqual(
      await largest.embed(picture),
      Float32Array.from(columns, (values) => Math.max(...values)),
    );
    assertWithin(
      await mean.embed(picture),
      columns.map((values) => values.reduce((a, b) => a + b, 0) / values.length),
      1e-5,
    );
  });

  test("names options as a program writes them", async () => {
    using model = await seededModel();
    const weights = await model.toBytes("keras");
    const refused = async (options: ExtractorOptions, message: RegExp): Promise<void> => {
      await assert.rejects(loadExtractor(options), { code: "ValueError", message });
    };
    await refused({ weights, layer: "none_such" }, /^No such layer: none_such\. Existing layers are: .*predictions$/);
    await refused({ weights, resize: 30 }, /which is more\. Received: `resize: 30`$/);
    await refused(JSON.parse('{"pool":"max"}') as ExtractorOptions, /^Unknown option `pool` of loadExtractor\(\)/);
  });
});
