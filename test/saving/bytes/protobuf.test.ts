/** Protocol buffers: the examples of the encoding's own guide (protobuf.dev), read and written; the ends of 64 bits; broken messages. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MessageWriter, fieldsOf, floatOf, integersOf, messageOf, textOf } from "../../../src/saving/bytes/protobuf.ts";
import { hex } from "../hex.ts";

/** The one field of a message. */
function only(digits: string) {
  const [field, ...more] = fieldsOf(hex(digits));
  assert.ok(field !== undefined && more.length === 0);
  return field;
}

describe("reading", () => {
  test("the guide's examples: 150, a text, packed and single integers", () => {
    assert.deepEqual([only("08 96 01").number, only("08 96 01").integer], [1, 150]);
    assert.equal(textOf(only("12 07 74657374696e67")), "testing");
    assert.deepEqual([...integersOf(only("32 06 03 8e02 9ea705"))], [3, 270, 86942]);
    const [one, another] = fieldsOf(hex("28 01 28 02"));
    assert.deepEqual(
      [one, another].flatMap((field) => (field === undefined ? [] : [...integersOf(field)])),
      [1, 2],
    );
  });

  test("the integers of 64 bits: -1, the least, the largest that is exact", () => {
    assert.equal(only("08 ffffffffffffffffff01").integer, -1);
    assert.equal(only("08 80808080808080808001").integer, -(2 ** 63));
    assert.equal(only("08 ffffffffffffff0f").integer, 2 ** 53 - 1);
  });

  test("fixed numbers have their bytes; a float32 is read of them", () => {
    assert.equal(floatOf(only("15 0000c03f")), 1.5);
    assert.deepEqual(only("11 0102030405060708").bytes, hex("0102030405060708"));
  });

  const broken: readonly (readonly [string, string])[] = [
    ["08", "a number is cut off"],
    ["08 ff", "a number is cut off"],
    ["08 ffffffffffffffffff02", "a number has more than 64 bits"],
    ["12 05 61", "a field is longer than what is left"],
    ["15 000000", "a field is longer than what is left"],
    ["0b", "a field has the wire type 3"],
    ["02 00", "a field has no valid number"],
  ];
  for (const [digits, problem] of broken) {
    test(`${digits} is refused: ${problem}`, () => {
      const message = `The file is truncated or broken: ${problem}.`;
      assert.throws(() => [...fieldsOf(hex(digits))], { code: "FormatError", message });
    });
  }

  test("a field of another type than is wanted is refused", () => {
    const integer = only("08 01");
    for (const read of [textOf, messageOf, floatOf]) assert.throws(() => read(integer), { code: "FormatError" });
    assert.throws(() => [...integersOf(only("15 0000c03f"))], { code: "FormatError" });
    assert.throws(() => textOf(only("12 01 ff")), { message: "The file is broken: a text in it is not UTF-8." });
  });
});

describe("writing", () => {
  test("the guide's examples", () => {
    assert.deepEqual(new MessageWriter().integer(1, 150).toBytes(), hex("08 96 01"));
    assert.deepEqual(new MessageWriter().text(2, "testing").toBytes(), hex("12 07 74657374696e67"));
    assert.deepEqual(new MessageWriter().integers(6, [3, 270, 86942]).toBytes(), hex("32 06 03 8e02 9ea705"));
    assert.deepEqual(
      new MessageWriter().message(3, new MessageWriter().integer(1, 150)).toBytes(),
      hex("1a 03 08 96 01"),
    );
  });

  test("negative integers take ten bytes, numbers of fields from 16 on two", () => {
    assert.deepEqual(new MessageWriter().integer(1, -1).toBytes(), hex("08 ffffffffffffffffff01"));
    assert.deepEqual(new MessageWriter().float(16, 1.5).toBytes(), hex("8501 0000c03f"));
  });
});
