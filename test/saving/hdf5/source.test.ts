/** Reading within bounds: numbers, addresses and texts of an HDF5 file, and the budget of work. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Source } from "../../../src/saving/hdf5/source.ts";
import { hex, utf8 } from "../hex.ts";
import { cursorOver } from "./bytes-of.ts";

test("unsigned numbers of 1, 2, 4 and 8 bytes", () => {
  const cursor = cursorOver("ff ffff ffffffff ffffffffffff1f00");
  assert.deepEqual(
    [1, 2, 4, 8].map((size) => cursor.uint(size)),
    [255, 65535, 2 ** 32 - 1, 2 ** 53 - 1],
  );
  assert.equal(cursor.remaining, 0);
});

test("an address of nothing but ones is none, at the width that the file has", () => {
  const cursor = cursorOver("ffffffffffffffff 0a00000000000000");
  assert.deepEqual([cursor.address(), cursor.address()], [undefined, 10]);
  const narrow = cursorOver("ffff 0a00");
  narrow.source.offsetSize = 2;
  assert.deepEqual([narrow.address(), narrow.address()], [undefined, 10]);
  assert.throws(() => cursorOver("ffffffffffffffff").requiredAddress(), {
    code: "FormatError",
    message: "The HDF5 file is broken: it points at nothing.",
  });
});

test("nothing is read past the end of a cursor, nor a cursor made past the end of the file", () => {
  const source = new Source(hex("0102030405"));
  const cursor = source.cursor(1, 2, "a part");
  assert.equal(cursor.u16(), 0x302);
  assert.throws(() => cursor.u8(), { message: "The HDF5 file is broken: a part ends in the middle, at 3." });
  assert.throws(() => source.cursor(4, 2, "a part"), {
    message: "The HDF5 file is broken: a part would lie at 4 to 6, but the file has 5 bytes.",
  });
  assert.equal(source.from(3, "the rest").remaining, 2);
});

test("a text ends at the first NUL, and must be UTF-8", () => {
  const source = new Source(utf8("drü\0x"));
  assert.equal(source.text(0, 6), "drü");
  assert.equal(source.text(0, 2), "dr");
  assert.throws(() => source.text(0, 3), { message: "The HDF5 file is broken: a name at 0 is not UTF-8." });
});

test("signatures and versions must be those that are asked for", () => {
  assert.throws(() => cursorOver("4f484452").signature("OCHK"), {
    message: "The HDF5 file is broken: it should be at 0, and is not.",
  });
  assert.equal(cursorOver("02").version(1, 2), 2);
});

test("400,000 steps of work are allowed, not one more", () => {
  const source = new Source(new Uint8Array(1));
  source.spend(400_000);
  assert.throws(() => source.spend(), {
    code: "LimitError",
    message: "The HDF5 file has too many structures, or they point at one another without end.",
  });
});
