import assert from "node:assert/strict";
import { test } from "node:test";
import { writeFileSync } from "node:fs";
import { readLabels } from "../../src/tasks/labels.ts";
import { TestFolder } from "../platform/folder.ts";

test("labels: a file that is none is named in the error", async () => {
  using folder = new TestFolder();
  const path = folder.file("labels.bin");
  writeFileSync(path, Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0xff));
  await assert.rejects(readLabels(path), { code: "FormatError", message: /labels\.bin is no file of labels: / });
  await assert.rejects(readLabels(folder.file("none.txt")), { code: "IOError", message: /none\.txt/ });
});
