/** What our own files say beside the model: what is written is read, and what stands there otherwise is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJson } from "../../src/saving/bytes/json.ts";
import type { SavedModel } from "../../src/saving/checkpoint.ts";
import { extrasToWrite, preprocessingOf, readExtras, textsOf } from "../../src/saving/extras.ts";
import { utf8 } from "./hex.ts";

const model = { className: "Sequential", name: "m", trainable: true, layers: [], inputs: [], outputs: [] } as const;

function written(extras: Pick<SavedModel, "classNames" | "preprocessing">): object | undefined {
  return extrasToWrite({ model, weights: new Map(), ...extras });
}

test("names of classes and the scaling of pixels, or nothing", () => {
  const extras = { classNames: ["cat", "向"], preprocessing: { scale: [1, 2, 3], offset: -0.5 } };
  assert.deepEqual(written(extras), { labels: ["cat", "向"], preprocessing: { scale: [1, 2, 3], offset: -0.5 } });
  assert.deepEqual(readExtras(parseJson(utf8(JSON.stringify(written(extras))))), extras);
  assert.equal(written({}), undefined);
  assert.deepEqual(readExtras(undefined), {});
  assert.deepEqual(readExtras(parseJson(utf8('{"keras_version": "3"}'))), {});
});

test("labels and numbers that are none are refused", () => {
  const refused: readonly (readonly [string, string])[] = [
    ['{"labels": "cat"}', "The `labels` of the metadata should be a list."],
    ['{"labels": [1]}', "A label should be a text."],
    ['{"preprocessing": {"scale": 1}}', "The offset of the preprocessing should be a list."],
    [
      '{"preprocessing": {"scale": 1, "offset": ["0"]}}',
      "Each number of the offset of the preprocessing should be a finite number.",
    ],
    ['{"preprocessing": {"scale": "1", "offset": 0}}', "The scale of the preprocessing should be a list."],
  ];
  for (const [json, message] of refused) {
    assert.throws(() => readExtras(parseJson(utf8(json))), { code: "FormatError", message });
  }
});

test("in the metadata of safetensors each stands alone", () => {
  assert.deepEqual(preprocessingOf(parseJson(utf8('{"scale": [1, 2], "offset": -1}'))), { scale: [1, 2], offset: -1 });
  assert.deepEqual(textsOf(["a", "b"], "the names"), ["a", "b"]);
  assert.throws(() => preprocessingOf(parseJson(utf8('{"scale": [], "offset": 0}'))), {
    code: "FormatError",
    message: "The scale of the preprocessing should have a number a channel.",
  });
  assert.throws(() => textsOf(["a", 1], "the names"), {
    code: "FormatError",
    message: "Each of the names should be a text.",
  });
});
