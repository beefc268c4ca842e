/** Object headers of both versions, written by hand after the file format specification (IV.A.1): messages, continuations, circles. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Message, readObjectHeader } from "../../../src/saving/hdf5/object-header.ts";
import { Source } from "../../../src/saving/hdf5/source.ts";
import { hex } from "../hex.ts";
import { u64 } from "./bytes-of.ts";

function headerOf(digits: string): readonly Message[] {
  return readObjectHeader(new Source(hex(digits)), 0);
}

/** Version 1: the header takes 16 bytes, each message 8 before its body. */
function version1(count: number, size: number, messages: string): string {
  return `01 00 0${count}00 01000000 ${size.toString(16).padStart(2, "0")}000000 00000000 ${messages}`;
}

test("version 1: messages in order, bodies as they stand, the flag of shared ones", () => {
  const messages = headerOf(version1(2, 28, "0100 0800 00 000000 0102030405060708 0300 0400 02 000000 aabbccdd"));
  assert.deepEqual(
    messages.map(({ type, shared }) => [type, shared]),
    [
      [1, false],
      [3, true],
    ],
  );
  const [first, second] = messages.map((message) => message.open());
  assert.deepEqual([first?.remaining, first?.u8(), second?.remaining, second?.u32()], [8, 1, 4, 0xddccbbaa]);
});

test("version 1: a continuation is followed, and messages beyond the count are not looked at", () => {
  const next = 16 + 24;
  const messages = headerOf(
    version1(
      2,
      24,
      `1000 1000 00 000000 ${u64(next)} ${u64(24)} 0500 0400 00 000000 11223344 0700 0400 00 000000 00000000`,
    ),
  );
  assert.deepEqual(
    messages.map(({ type }) => type),
    [0x10, 5],
  );
});

test("version 2: messages of 4 bytes before their bodies, continuations with a signature and a checksum", () => {
  const next = 7 + 20;
  const checksum = "00000000";
  const messages = headerOf(
    `4f484452 02 00 14 10 1000 00 ${u64(next)} ${u64(4 + 6 + 4)} 4f43484b 0c 0200 00 abcd ${checksum}`,
  );
  assert.deepEqual(
    messages.map(({ type, open }) => [type, open().remaining]),
    [
      [0x10, 16],
      [0x0c, 2],
    ],
  );
});

test("a header that continues in itself is refused, in either version", () => {
  const message = "The HDF5 file is broken: an object header continues in itself.";
  const circles = [
    version1(9, 24, `1000 1000 00 000000 ${u64(16)} ${u64(24)}`),
    `4f484452 02 00 14 10 1000 00 ${u64(7)} ${u64(24)} 00000000`,
  ];
  for (const circle of circles) assert.throws(() => headerOf(circle), { code: "FormatError", message });
});

test("a body that ends after its header is refused", () => {
  assert.throws(() => headerOf(version1(1, 12, "0100 0800 00 000000 01020304")), {
    code: "FormatError",
    message: "The HDF5 file is broken: an object header ends in the middle, at 28.",
  });
});
