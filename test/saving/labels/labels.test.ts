/** Class names from text and JSON, and into them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { labelsText, parseLabels } from "../../../src/saving/labels/labels.ts";

test("labels: a text, one a line, however the lines end", () => {
  for (const text of ["cat\ndog\n", "\ufeffcat\r\ndog", "\ncat \r dog\n\n"]) {
    assert.deepEqual(parseLabels(text), ["cat", "dog"]);
  }
});

test("labels: lines that are numbered from 0 on, as Teachable Machine's, have names after the numbers", () => {
  assert.deepEqual(parseLabels("0 cat\n1 big dog\n"), ["cat", "big dog"]);
  assert.deepEqual(parseLabels("1 cat\n2 dog"), ["1 cat", "2 dog"]);
  assert.deepEqual(parseLabels("0 cat\n0 dog"), ["0 cat", "0 dog"]);
});

test("labels: a JSON list, Keras's class index, the class_indices of its generators", () => {
  assert.deepEqual(parseLabels('["cat", ["n2", "dog"]]'), ["cat", { wnid: "n2", label: "dog" }]);
  assert.deepEqual(parseLabels('{"1": ["n2", "dog"], "0": "cat"}'), ["cat", { wnid: "n2", label: "dog" }]);
  assert.deepEqual(parseLabels('{"dog": 1, "cat": 0}'), ["cat", "dog"]);
  assert.deepEqual(parseLabels('{"__proto__": 0, "constructor": 1}'), ["__proto__", "constructor"]);
});

test("labels: what is no list of labels is refused, with the reason", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["", /it is empty/],
    [" \n", /it is empty/],
    ["[1]", /a label must be a text/],
    ['[["n1", "cat", 0.5]]', /a label must be a text/],
    ['["cat"', /begins as JSON does but is none/],
    ["[".repeat(250_000), /begins as JSON does but is none/],
    ['{"0": "cat", "2": "dog"}', /it has 2 labels, so the indexes must be 0 to 1, each once/],
    ['{"cat": 0, "dog": 0}', /each once/],
    ['{"cat": 0.5}', /each once/],
    ['{"first": "cat"}', /each once/],
  ];
  for (const [text, reason] of cases) assert.throws(() => parseLabels(text), { code: "FormatError", message: reason });
});

test("labels: what is written is read again, whatever is in the names", () => {
  for (const names of [
    ["cat", "dog"],
    ["{cat", "dog"],
    [" cat", "dog"],
    ["cat\ndog", "x"],
    ["", "x"],
    ["[1]"],
    ["0 cat", "1 dog"],
  ]) {
    assert.deepEqual(parseLabels(labelsText(names)), names);
  }
  assert.equal(labelsText(["rose", "tulip"]), "rose\ntulip\n");
});
