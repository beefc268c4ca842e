/** Links of groups, as link messages hold them (HDF5 File Format Specification, IV.A.2.g). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isGroup, readLinks } from "../../../src/saving/hdf5/links.ts";
import { FurtherNeeded, Hdf5File } from "../../../src/saving/hdf5/file.ts";
import { Source } from "../../../src/saving/hdf5/source.ts";
import { messageOf, u64 } from "./bytes-of.ts";

const LINK = 0x06;
const LINK_INFO = 0x02;
const NOTHING = "ffffffffffffffff";
const file = new Hdf5File(new Source(new Uint8Array(64)));

test("hard links have an address; soft and external ones are named, not followed", () => {
  const links = readLinks(file, [
    messageOf(LINK_INFO, `00 00 ${NOTHING} ${NOTHING}`),
    messageOf(LINK, `01 00 01 61 ${u64(48)}`),
    messageOf(LINK, "01 08 01 01 62 0300 2f782f"),
    messageOf(LINK, "01 08 40 01 63 0100 00"),
    // With the order of its creation, a character set, and two bytes for the length of the name.
    messageOf(LINK, `01 15 ${u64(7)} 01 0200 c3bc ${u64(56)}`),
  ]);
  assert.deepEqual(
    [...links],
    [
      ["a", 48],
      ["b", "SoftLink"],
      ["c", "ExternalLink"],
      ["ü", 56],
    ],
  );
});

test("two members of one name, and a name longer than its message, are refused", () => {
  const link = messageOf(LINK, `01 00 01 61 ${u64(48)}`);
  assert.throws(() => readLinks(file, [link, link]), {
    code: "FormatError",
    message: "The HDF5 file is broken: a group has two members named 'a'.",
  });
  assert.throws(() => readLinks(file, [messageOf(LINK, "01 00 09 61")]), {
    code: "FormatError",
    message: "The HDF5 file is broken: it ends in the middle, at 4.",
  });
});

test("links that are kept in a heap of their own need more than the reader of plain files", () => {
  assert.throws(() => readLinks(file, [messageOf(LINK_INFO, `00 00 ${u64(8)} ${u64(16)}`)]), FurtherNeeded);
});

test("a group is known by its symbol table or its link info", () => {
  assert.deepEqual(
    [0x11, LINK_INFO, LINK, 0x08].map((type) => isGroup([messageOf(type, "")])),
    [true, true, false, false],
  );
});
