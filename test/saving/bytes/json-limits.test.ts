/** The limits of parseJson, from both sides. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { arrayOf, member, numberOf, parseJson, stringOf, textOf } from "../../../src/saving/bytes/json.ts";
import { utf8 } from "../hex.ts";

function nested(levels: number): Uint8Array {
  return utf8("[".repeat(levels) + "]".repeat(levels));
}

test("100 levels within the outermost are read, 101 are refused", () => {
  assert.ok(Array.isArray(parseJson(nested(101))));
  assert.throws(() => parseJson(nested(102)), {
    code: "FormatError",
    message: "The JSON is nested more than 100 levels deep.",
  });
});

test("500,000 values are read, with the list that holds them; one more is refused", () => {
  const list = (items: number): Uint8Array => utf8(`[${"0,".repeat(items - 1)}0]`);
  assert.equal(arrayOf(parseJson(list(499_999)), "It").length, 499_999);
  assert.throws(() => parseJson(list(500_000)), {
    code: "LimitError",
    message: "The JSON has more than 500000 values.",
  });
});

test("32 MiB of text are decoded, a byte more is refused", () => {
  const most = 32 * 2 ** 20;
  assert.equal(textOf(new Uint8Array(most)).length, most);
  assert.throws(() => textOf(new Uint8Array(most + 1)), {
    code: "LimitError",
    message: "A description of 33554433 bytes is too large; at most 33554432 are read.",
  });
});

test("members and types are asked for by name", () => {
  const json = parseJson(utf8('{"list": [1], "text": "a", "huge": 1e999, "none": null}'));
  assert.deepEqual(arrayOf(member(json, "list"), "The list"), [1]);
  assert.equal(stringOf(member(json, "text"), "The text"), "a");
  assert.equal(member(json, "missing"), undefined);
  assert.equal(member(member(json, "list"), "length"), undefined);
  const failures: readonly (readonly [() => unknown, string])[] = [
    [() => arrayOf(member(json, "text"), "The list"), "The list should be a list."],
    [() => stringOf(member(json, "list"), "The text"), "The text should be a text."],
    [() => numberOf(member(json, "huge"), "The number"), "The number should be a finite number."],
    [() => numberOf(member(json, "none"), "The number"), "The number should be a finite number."],
  ];
  for (const [read, message] of failures) assert.throws(read, { code: "FormatError", message });
});
