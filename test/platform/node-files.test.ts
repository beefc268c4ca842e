/** Reading and writing whole files in Node. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, readdir, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

import { makeFolder, makeFolders, readBytes, removeFile } from "../../src/platform/node/files.ts";
import { writeBytes } from "../../src/platform/node/outputs.ts";
import { TestFolder } from "./folder.ts";

const posix = process.platform === "win32" ? "POSIX only" : false;

test("a file by path, by file: URL and by its text; strange names too", async () => {
  using folder = new TestFolder();
  for (const name of ["plain", "with space", "per%20cent", "ünïcode ☃", "has:colon", "#hash?question"]) {
    const path = folder.file(name);
    await writeFile(path, name);
    const url = pathToFileURL(path);
    for (const source of [path, url, url.href]) {
      assert.equal(Buffer.from(await readBytes(source)).toString(), name);
    }
  }
});

test("an empty file has no bytes", async () => {
  using folder = new TestFolder();
  await writeFile(folder.file("empty"), "");
  assert.equal((await readBytes(folder.file("empty"))).length, 0);
});

test("what is not there: an error with the path and the reason", async () => {
  using folder = new TestFolder();
  await writeFile(folder.file("file"), "");
  await symlink("circle", folder.file("circle"));
  const cases: [string, string, RegExp][] = [
    [folder.file("none"), "IOError", /none: there is no such file or folder \(ENOENT\)/],
    [folder.file("file/below"), "IOError", /a part of the path is not a folder \(ENOTDIR\)/],
    [folder.file("circle"), "IOError", /go in a circle \(ELOOP\)/],
    [folder.path, "IOError", /is a folder, not a file/],
    ["x".repeat(5000), "IOError", /the name is too long/],
    ["", "ValueError", /Not a path: ""/],
    ["nul\0byte", "ValueError", /Not a path: "nul\\u0000byte"/],
    ["file://elsewhere/file", "ValueError", /Not the address of a file/],
    ["file:///a%2Fb", "ValueError", /Not the address of a file/],
    ["gs://bucket/file", "UnsupportedError", /expected a path or an address/],
  ];
  for (const [path, code, message] of cases) {
    await assert.rejects(readBytes(path), { name: "MobileNetV2Error", code, message });
  }
});

test("no permission", { skip: posix || (process.getuid?.() === 0 ? "root may read everything" : false) }, async () => {
  using folder = new TestFolder();
  await writeFile(folder.file("secret"), "", { mode: 0 });
  await assert.rejects(readBytes(folder.file("secret")), { code: "IOError", message: /permission denied/ });
});

test("pipes and devices are refused at once, before they are opened", { skip: posix }, async () => {
  using folder = new TestFolder();
  execFileSync("mkfifo", [folder.file("pipe")]);
  for (const path of [folder.file("pipe"), "/dev/zero", "/dev/null"]) {
    await assert.rejects(readBytes(path), { code: "IOError", message: /a pipe, a socket or a device/ });
  }
});

test("over the limit: refused by its size, before memory is taken for it", async () => {
  using folder = new TestFolder();
  await writeFile(folder.file("sparse"), "");
  await truncate(folder.file("sparse"), 2 ** 40);
  await assert.rejects(readBytes(folder.file("sparse")), { code: "LimitError", message: /1099511627776 bytes/ });
  await writeFile(folder.file("ten"), "0123456789");
  await assert.rejects(readBytes(folder.file("ten"), { maxBytes: 9 }), { code: "LimitError" });
  assert.equal((await readBytes(folder.file("ten"), { maxBytes: 10 })).length, 10);
});

test("the signal stops a reading with its own reason", async () => {
  using folder = new TestFolder();
  await writeFile(folder.file("file"), "content");
  const reason = new Error("enough");
  await assert.rejects(readBytes(folder.file("file"), { signal: AbortSignal.abort(reason) }), reason);
});

test("writes a new file, replaces one, and leaves nothing beside it", async () => {
  using folder = new TestFolder();
  const path = folder.file("file");
  for (const text of ["first", "second, longer", ""]) {
    await writeBytes(path, Buffer.from(text));
    assert.equal(await readFile(path, "utf8"), text);
  }
  await writeBytes(pathToFileURL(folder.file("by url")), Buffer.from("x"));
  assert.deepEqual((await readdir(folder.path)).toSorted(), ["by url", "file"]);
});

test("a replaced file keeps its mode, a link stays a link", { skip: posix }, async () => {
  using folder = new TestFolder();
  await writeFile(folder.file("file"), "old");
  await chmod(folder.file("file"), 0o640);
  await symlink("file", folder.file("link"));
  await writeBytes(folder.file("link"), Buffer.from("new"));
  assert.equal(await readFile(folder.file("file"), "utf8"), "new");
  assert.equal((await stat(folder.file("file"))).mode & 0o777, 0o640);
});

test("what cannot be written: an error with the path, and nothing left", async () => {
  using folder = new TestFolder();
  await mkdir(folder.file("sub"));
  await assert.rejects(writeBytes(folder.file("none/file"), Buffer.from("x")), {
    code: "IOError",
    message: /Could not write .*none.file: there is no such file or folder/,
  });
  await assert.rejects(writeBytes(folder.file("sub"), Buffer.from("x")), { code: "IOError", message: /is a folder/ });
  assert.deepEqual(await readdir(folder.path), ["sub"]);
});

test("a writer killed at random moments: the file is always one of the whole ones", async () => {
  using folder = new TestFolder();
  const path = folder.file("file");
  const size = 1_000_000;
  await writeBytes(path, new Uint8Array(size));
  const program = `
    import { writeBytes } from ${JSON.stringify(new URL("../../src/platform/node/outputs.ts", import.meta.url).href)};
    process.send?.("ready");
    for (let value = 1; ; value++) await writeBytes(process.argv[1], new Uint8Array(${size}).fill(value));
  `;
  for (let round = 0; round < 6; round++) {
    const writer = spawn(process.execPath, ["--input-type=module-typescript", "-e", program, path], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    await once(writer, "message");
    await sleep(Math.random() * 40);
    writer.kill("SIGKILL");
    await once(writer, "exit");
    const bytes = await readFile(path);
    assert.equal(bytes.length, size);
    assert.ok(bytes.every((value) => value === bytes[0]));
  }
});

test("removeFile says whether there was one", async () => {
  using folder = new TestFolder();
  const path = folder.file("file");
  await writeBytes(path, Uint8Array.of(1));
  assert.equal(await removeFile(path), true);
  assert.equal(await removeFile(path), false);
  await assert.rejects(removeFile(folder.path), { code: "IOError" });
});

test("folders are made with those around them, and which was the first; one that is there is left; a file in the way is named", async () => {
  using folder = new TestFolder();
  const [outer, inner] = [folder.file("a"), folder.file("a/b/c")];
  assert.equal(await makeFolders(inner), outer);
  assert.equal(await makeFolders(inner), undefined);
  assert.ok((await stat(inner)).isDirectory());
  await writeFile(folder.file("file"), "");
  for (const path of ["file", "file/below", "file/below/that"]) {
    await assert.rejects(makeFolder(folder.file(path)), {
      code: "IOError",
      message: /Could not make the folder .*file/,
    });
  }
});

test("where nobody can make folders that is an error at once", { skip: !existsSync("/proc/self") }, async () => {
  for (const path of ["/proc/none", "/proc/none/below"]) {
    await assert.rejects(makeFolder(path), { code: "IOError", message: /Could not make the folder \/proc\/none/ });
  }
});
