/** Sets of files: a file with its neighbours, a folder, an address, what a user chose; and nothing outside. */
import assert from "node:assert/strict";
import { link, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { FileSet } from "../../src/platform/contract.ts";
import { plainName } from "../../src/platform/file-set.ts";
import * as browser from "../../src/platform/browser.ts";
import * as node from "../../src/platform/node.ts";
import { startServer } from "./server.ts";

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const textOf = async (files: FileSet, name: string): Promise<string | undefined> => {
  const found = await files.read(name);
  return found && new TextDecoder().decode(found);
};

let root = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "file-set-"));
  await mkdir(join(root, "model", "parts"), { recursive: true });
  await mkdir(join(root, "blobs"));
  await mkdir(join(root, "snapshot"));
  await writeFile(join(root, "secret"), "secret");
  await writeFile(join(root, "model", "model.json"), "main");
  await writeFile(join(root, "model", "weights.bin"), "beside");
  await writeFile(join(root, "model", "parts", "1"), "below");
  await symlink(join(root, "secret"), join(root, "model", "stolen"));
  await symlink(root, join(root, "model", "up"));
  await symlink("weights.bin", join(root, "model", "other"));
  await writeFile(join(root, "blobs", "a"), "main");
  await writeFile(join(root, "blobs", "b"), "beside");
  await symlink("../blobs/a", join(root, "snapshot", "model"));
  await symlink("../blobs/b", join(root, "snapshot", "config.json"));
  await symlink("../secret", join(root, "snapshot", "stolen"));
  await link(join(root, "model", "weights.bin"), join(root, "model", "hard"));
});
after(() => rm(root, { recursive: true }));

test("a file and a folder: neighbours, those below, links within", async () => {
  const model = join(root, "model");
  for (const source of [join(model, "model.json"), pathToFileURL(join(model, "model.json")), model, `${model}/`]) {
    const files = await node.openFiles(source);
    assert.equal(files.main, source === model || source === `${model}/` ? undefined : "model.json");
    assert.equal(await textOf(files, "model.json"), "main");
    assert.equal(await textOf(files, "weights.bin"), "beside");
    assert.equal(await textOf(files, "parts/1"), "below");
    assert.equal(await textOf(files, "other"), "beside");
    assert.equal(await textOf(files, "hard"), "beside");
    assert.equal(await textOf(files, "missing"), undefined);
    assert.equal(await textOf(files, "weights.bin/x"), undefined);
    assert.deepEqual((await files.names()).toSorted(), ["hard", "model.json", "other", "stolen", "up", "weights.bin"]);
  }
});

test("links that lead out of the folder are not followed, but those of Hugging Face's cache are", async () => {
  const files = await node.openFiles(join(root, "model", "model.json"));
  for (const name of ["stolen", "up/secret"]) {
    await assert.rejects(files.read(name), { code: "FormatError", message: /leads out of its folder/ });
  }
  const snapshot = await node.openFiles(join(root, "snapshot", "model"));
  assert.equal(await textOf(snapshot, "model"), "main");
  assert.equal(await textOf(snapshot, "config.json"), "beside");
  await assert.rejects(snapshot.read("stolen"), { code: "FormatError" });
});

test("names that are not plain are refused", async () => {
  const files = await node.openFiles(join(root, "model"));
  const names = [
    "../secret",
    "parts/../../secret",
    "/etc/passwd",
    "..",
    ".",
    "",
    "a//b",
    "a\\b",
    "C:x",
    "file:///etc/passwd",
    "https://example.org/x",
    "%2e%2e/secret",
    "a\0b",
    "a\nb",
    "x?y",
    "x#y",
    "...",
    "trailing.",
    "~/x",
    "x".repeat(1001),
  ];
  for (const name of names) {
    assert.throws(() => plainName(name), { code: "FormatError" }, JSON.stringify(name));
    await assert.rejects(files.read(name), { code: "FormatError" }, JSON.stringify(name));
  }
  for (const name of [
    "group1-shard1of4.bin",
    "a b.bin",
    "parts/1",
    ".hidden",
    "Löwe.bin",
    "向日葵",
    "model (1).json",
  ]) {
    assert.equal(plainName(name), name);
  }
});

test("what is not there says so", async () => {
  await assert.rejects(node.openFiles(join(root, "nowhere")), { code: "IOError", message: /no such file/ });
});

for (const [side, { openFiles }] of Object.entries({ node, browser })) {
  test(`${side}: chosen files, a chosen folder, bytes, a File, an address with its neighbours`, async () => {
    const chosen = await openFiles([new File([bytes("m")], "model.json"), new File([bytes("w")], "weights.bin")]);
    assert.equal(chosen.main, undefined);
    assert.equal(await textOf(chosen, "weights.bin"), "w");
    assert.equal(await textOf(chosen, "nothing"), undefined);
    const single = await openFiles(new File([bytes("m")], "Löwe.keras"));
    assert.deepEqual([single.main, await textOf(single, "Löwe.keras")], ["Löwe.keras", "m"]);
    const nameless = await openFiles(bytes("m"));
    assert.deepEqual([nameless.main, await textOf(nameless, ""), await textOf(nameless, "x")], ["", "m", undefined]);
    await using server = await startServer({ content: bytes("served") });
    const fetched = await openFiles(`${server.url}?token=1`);
    assert.equal(await textOf(fetched, fetched.main ?? ""), "served");
    await assert.rejects(fetched.read("../x"), { code: "FormatError" });
  });
}
