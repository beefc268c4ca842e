/** JSON from hostile files: what JSON.parse reads, read the same; the cases of bad input; the literals of minifiers. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { unitAt } from "../../../src/core/random.ts";
import { decodeBase64 } from "../../../src/saving/bytes/base64.ts";
import { type Json, parseJson, parseLiteral } from "../../../src/saving/bytes/json.ts";

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** As JSON.parse would give it. */
function plain(value: Json): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

describe("parseJson", () => {
  const good = [
    "null",
    " true\n",
    "[]",
    "{}",
    '[1, -2.5e-3, 0, -0, 1e5, 123456789.125, {"a": {"b": [null, false]}}]',
    '"\\u00e9\\n\\t\\"\\\\\\/ \uD83D\uDE00 \\ud800"',
    '{"constructor": 1, "toString": [2], "": {}}',
  ];
  for (const text of good) {
    test(`as JSON.parse: ${text}`, () => assert.deepEqual(plain(parseJson(bytes(text))), JSON.parse(text)));
  }

  test("a byte-order mark is skipped; `__proto__` is a key like any other", () => {
    const value = parseJson(bytes('\uFEFF{"__proto__": {"polluted": true}}'));
    assert.ok(value instanceof Map);
    assert.deepEqual([...value.keys()], ["__proto__"]);
    assert.equal("polluted" in {}, false);
  });

  const bad: readonly (readonly [string, Uint8Array, string, RegExp])[] = [
    ["250,000 levels", bytes("[".repeat(250_000)), "FormatError", /nested more than 100 levels/],
    ["a million values", bytes(`[${"0,".repeat(1_000_000)}0]`), "LimitError", /more than 500000 values/],
    ["a header of 100 MB", new Uint8Array(100 * 2 ** 20).fill(0x20), "LimitError", /too large/],
    ["a key twice", bytes('{"a":1,"a":2}'), "FormatError", /the key "a" twice/],
    ["no UTF-8", Uint8Array.of(0x22, 0xff, 0x22), "FormatError", /not UTF-8/],
    ["nothing", bytes(""), "FormatError", /ends early/],
    ["an open text", bytes('"abc'), "FormatError", /ends early/],
    ["two values", bytes("1 2"), "FormatError", /character 2/],
    ["a comma too many", bytes("[1,]"), "FormatError", /character 3/],
    ["a name as key", bytes("{a:1}"), "FormatError", /character 1/],
    ["a word", bytes("undefined"), "FormatError", /broken|early/],
    ["NaN", bytes("[NaN]"), "FormatError", /character/],
    ["a leading zero", bytes("01"), "FormatError", /character 1/],
    ["a line break in a text", bytes('"a\nb"'), "FormatError", /character 2/],
    ["a bad escape", bytes('"\\x41"'), "FormatError", /character 2/],
  ];
  for (const [name, input, code, message] of bad) {
    test(`${name}: ${code}`, () => assert.throws(() => parseJson(input), { name: "MobileNetV2Error", code, message }));
  }
});

describe("parseLiteral", () => {
  test("what minifiers make of JSON", () => {
    const text = "x={a:!0,b:!1,$c:.5,'d':-.25,\"e\":1963169733975448e-20,f:[null,5.],g:'it\\'s'};more()";
    assert.deepEqual(plain(parseLiteral(text, 2)), {
      a: true,
      b: false,
      $c: 0.5,
      d: -0.25,
      e: 1963169733975448e-20,
      f: [null, 5],
      g: "it's",
    });
  });

  test("code is not run", () => {
    for (const text of ["{a:process.exit()}", "{a:`x`}", "{a:1+1}", "{[x]:1}", "(()=>1)()"]) {
      assert.throws(() => parseLiteral(text, 0), { code: "FormatError" }, text);
    }
  });
});

describe("decodeBase64", () => {
  test("as Node's Buffer, for every length from 0 to 100", () => {
    for (let length = 0; length <= 100; length++) {
      const data = Uint8Array.from({ length }, (_, i) => Math.floor(unitAt(length, i) * 256));
      assert.deepEqual(decodeBase64(bytes(Buffer.from(data).toString("base64"))), data);
    }
  });

  test("other characters and lengths are refused", () => {
    for (const text of ["AAA", "AA=A", "A===", "AA-_", "AA\nA", "====", "=AAA"]) {
      assert.throws(() => decodeBase64(bytes(text)), { code: "FormatError" }, text);
    }
  });
});
