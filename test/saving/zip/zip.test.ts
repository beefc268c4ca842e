/** Archives of Python's zipfile, member by member, and what is refused of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isZip, topOf, unpackedMember, zipMember, zipMembers, zipNames } from "../../../src/saving/zip/zip.ts";
import { writeZip } from "../../../src/saving/zip/write.ts";
import { hex, utf8 } from "../hex.ts";

/** `a.txt` with "alpha" and `dir/b.bin` with 00 01 02, stored; the archive has the comment "hi". */
const STORED = hex(
  `504b0304140000000000000021006a39e0d0050000000500000005000000 612e747874 616c706861
   504b0304140000000000000021007f895408030000000300000009000000 6469722f622e62696e 000102
   504b01021403140000000000000021006a39e0d0050000000500000005000000000000000000000080 0100000000 612e747874
   504b01021403140000000000000021007f895408030000000300000009000000000000000000000080 0128000000 6469722f622e62696e
   504b0506000000000200 02006a000000520000000200 6869`,
);
/** `a.txt` with 30 times the letter a, deflated. */
const DEFLATED = hex(
  `504b030414000000080000002100c1d3c16b050000001e00000005000000 612e747874 4b4cc40700
   504b0102140314000000080000002100c1d3c16b050000001e00000005000000000000000000000080 0100000000 612e747874
   504b0506000000000100 010033000000280000000000`,
);

test("names and members of a stored archive, whatever comment it ends with", () => {
  assert.ok(isZip(STORED));
  assert.deepEqual(zipNames(STORED), ["a.txt", "dir/b.bin"]);
  assert.deepEqual(zipMember(STORED, "a.txt"), utf8("alpha"));
  assert.deepEqual(zipMember(STORED, "dir/b.bin"), hex("000102"));
  assert.equal(zipMember(STORED, "b.bin"), undefined);
  assert.deepEqual(
    [...zipMembers(STORED)].map(([name, read]) => [name, read().length]),
    [
      ["a.txt", 5],
      ["dir/b.bin", 3],
    ],
  );
});

test("a deflated member is unpacked where that is asked for, and else refused", async () => {
  assert.deepEqual(await unpackedMember(DEFLATED, "a.txt"), utf8("a".repeat(30)));
  assert.deepEqual(await unpackedMember(STORED, "a.txt"), utf8("alpha"));
  assert.throws(() => zipMember(DEFLATED, "a.txt"), {
    code: "UnsupportedError",
    message: "'a.txt' in the zip archive is compressed; Keras stores it as it is. Pack it again with zip -0.",
  });
});

test("a flipped bit in the content is found by the checksum, stored or deflated", async () => {
  const flip = (archive: Uint8Array, at: number): Uint8Array => archive.with(at, (archive[at] ?? 0) ^ 1);
  const message = /^The zip archive is broken: 'a\.txt' does not have the checksum that the directory says\./;
  assert.throws(() => zipMember(flip(STORED, 35), "a.txt"), { code: "FormatError", message });
  // Within the first literal of the deflated content: another letter.
  await assert.rejects(unpackedMember(flip(DEFLATED, 35 + 1), "a.txt"), { code: "FormatError" });
});

test("encrypted members and members of 4 GiB are refused", () => {
  // The first entry of the directory: its flags are at 8, the size at 24.
  const directory = 82;
  assert.throws(() => zipMember(STORED.with(directory + 8, 1), "a.txt"), {
    code: "UnsupportedError",
    message: /is encrypted\.$/,
  });
  const huge = STORED.slice();
  huge.fill(0xff, directory + 24, directory + 28);
  assert.throws(() => zipMember(huge, "a.txt"), { code: "UnsupportedError", message: /is larger than 4 GiB\.$/ });
});

test("two members of one name are refused; a broken directory has no names", () => {
  const twice = writeZip([
    { name: "x", bytes: hex("01") },
    { name: "x", bytes: hex("02") },
  ]);
  const message = "The zip archive has two members named 'x'.";
  assert.throws(() => zipMember(twice, "x"), { code: "FormatError", message });
  assert.throws(() => zipMembers(twice), { code: "FormatError", message });
  assert.deepEqual(zipNames(STORED.subarray(0, -1)), []);
});

test("topOf: the one folder of an archive counts as its top; what a Mac adds does not count", () => {
  assert.deepEqual(topOf(["a.h5", "b/c.txt"]), { folder: "", names: ["a.h5"] });
  assert.deepEqual(topOf(["web/", "web/a.h5", "web/sub/b.txt"]), { folder: "web/", names: ["a.h5"] });
  assert.deepEqual(topOf(["web/a.h5", "__MACOSX/web/._a.h5"]), { folder: "web/", names: ["a.h5"] });
  assert.deepEqual(topOf(["web/a.h5", "other/b.h5", "c.txt"]), { folder: "", names: ["c.txt"] });
  assert.deepEqual(topOf([]), { folder: "", names: [] });
});
