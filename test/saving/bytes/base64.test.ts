/** Base64: the test vectors of RFC 4648, section 10, and the two digits that are not letters. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBase64 } from "../../../src/saving/bytes/base64.ts";
import { hex, utf8 } from "../hex.ts";

test("the vectors of RFC 4648", () => {
  const vectors: readonly (readonly [string, string])[] = [
    ["", ""],
    ["Zg==", "f"],
    ["Zm8=", "fo"],
    ["Zm9v", "foo"],
    ["Zm9vYg==", "foob"],
    ["Zm9vYmE=", "fooba"],
    ["Zm9vYmFy", "foobar"],
  ];
  for (const [text, decoded] of vectors) assert.deepEqual(decodeBase64(utf8(text)), utf8(decoded), text);
  assert.deepEqual(decodeBase64(utf8("+/+/")), hex("fbffbf"));
});

test("padding within the text, and the alphabet for addresses, are refused", () => {
  for (const text of ["Zg==Zg==", "Z===", "-_-_", "Zm9", " Zm9"]) {
    assert.throws(() => decodeBase64(utf8(text)), { code: "FormatError", message: "The text is not base64." }, text);
  }
});
