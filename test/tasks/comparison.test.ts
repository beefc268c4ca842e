/** Two models beside one another, and pictures to calibrate with, without files. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Tensor } from "../../src/core/tensor.ts";
import { quantize } from "../../src/models/quantized/quantize.ts";
import { CalibrationPictures } from "../../src/tasks/calibration.ts";
import { answersOf, compareAnswers, seededInputs } from "../../src/tasks/comparison.ts";
import { inputShapeOf, openModel } from "../../src/tasks/opened-model.ts";
import { pictureFormat } from "../../src/tasks/picture-format.ts";
import { SIZE, pictureOf, seededModel } from "./models.ts";

const row = (...values: number[]): Tensor<Float32Array> => new Tensor([1, values.length], Float32Array.from(values));

describe("a comparison", () => {
  test("finds the largest difference, and how often the best is at the same place; other shapes are infinitely far", () => {
    const expected = [[row(0.25, 0.75)], [row(1, 0)], [row(0.5, 0.25)]];
    assert.deepEqual(compareAnswers(expected, expected), { pictures: 3, largestDifference: 0, sameBest: 3 });
    const actual = [[row(0.5, 0.5)], [row(0.5, 0)], [row(0.5, 0.25)]];
    assert.deepEqual(compareAnswers(expected, actual), { pictures: 3, largestDifference: 0.5, sameBest: 2 });
    assert.equal(compareAnswers([[row(1, 0)]], [[row(1, 0, 0)]]).largestDifference, Infinity);
    assert.equal(compareAnswers([[row(1, 0)]], [[row(1, 0), row(1)]]).largestDifference, Infinity);
  });

  test("a model that was written and opened again answers the same, on input that is the same every time", async () => {
    using model = await seededModel();
    using again = await openModel(await model.toBytes("keras"));
    const input = seededInputs(model);
    assert.deepEqual(input[0]?.shape, [1, SIZE, SIZE, 3]);
    assert.deepEqual(seededInputs(again)[0]?.data, input[0]?.data);
    const [expected, actual] = [await answersOf(model, [input]), await answersOf(again, [input])];
    assert.deepEqual(compareAnswers(expected, actual), { pictures: 1, largestDifference: 0, sameBest: 1 });
  });
});

describe("pictures to calibrate with", () => {
  test("are from all over the list; others take the place of those that cannot be read; their number is told", async () => {
    using model = await seededModel();
    const format = pictureFormat(inputShapeOf(model));
    const pictures = await Promise.all(Array.from({ length: 8 }, (_, i) => pictureOf(`calibration/${i}`)));
    pictures[1] = Uint8Array.of(1, 2, 3);
    const told: string[] = [];
    const some = new CalibrationPictures(pictures, {
      format,
      count: 4,
      onProgress: (done, total) => told.push(`${done}/${total}`),
    });
    using integers = await quantize(model, some);
    assert.deepEqual([some.count, some.kept.length], [4, 4]);
    assert.deepEqual(
      some.unread.map(({ picture }) => picture),
      ["1"],
    );
    // At 1, 3, 5 and 7; for 1, which is broken, 0.
    assert.deepEqual(told, ["0/4", "0/4", "1/4", "2/4", "3/4"]);
    const kept = some.kept.map((picture) => [picture]);
    const { pictures: compared, largestDifference } = compareAnswers(
      await answersOf(model, kept),
      await answersOf(integers, kept),
    );
    assert.equal(compared, 4);
    assert.ok(largestDifference > 0 && largestDifference < 1);
  });

  test("none that can be read are an error that names the first; a signal ends the iteration", async () => {
    const format = pictureFormat([8, 8, 3]);
    const drain = async (pictures: CalibrationPictures): Promise<void> => {
      for await (const picture of pictures) assert.equal(picture.shape.length, 3);
    };
    await assert.rejects(drain(new CalibrationPictures([Uint8Array.of(1)], { format })), {
      code: "FormatError",
      message: /^None of the 1 pictures can be read\. The first: 0: /,
    });
    const signal = AbortSignal.abort(new Error("enough"));
    await assert.rejects(drain(new CalibrationPictures([await pictureOf("one")], { format, signal })), /enough/);
  });
});
