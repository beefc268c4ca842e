/** Outputs: through links, with the mode of what they replace, into pipes and devices, all of them or none. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { chownSync, readlinkSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";

import { deliver, writeBytes, writeFiles } from "../../src/platform/node/outputs.ts";
import { TestFolder } from "./folder.ts";

const posix = process.platform === "win32" ? "POSIX only" : false;
const bytes = Buffer.from("new");

describe("outputs", { skip: posix }, () => {
  test("links are written through: in a row, into other folders, and where nothing is yet; they stay links", async () => {
    using folder = new TestFolder();
    mkdirSync(folder.file("real/below"), { recursive: true });
    symlinkSync("real/below", folder.file("folder"));
    symlinkSync("folder/../target", folder.file("first"));
    symlinkSync("first", folder.file("second"));
    await writeBytes(folder.file("second"), bytes);
    // The parent of what the link to the folder leads to, not of the link.
    assert.equal(readFileSync(folder.file("real/target"), "utf8"), "new");
    await writeBytes(folder.file("second"), Buffer.from("newer"));
    assert.equal(readFileSync(folder.file("real/target"), "utf8"), "newer");
    assert.deepEqual(
      ["first", "second"].map((name) => readlinkSync(folder.file(name))),
      ["folder/../target", "first"],
    );
    assert.deepEqual(readdirSync(folder.file("real")).toSorted(), ["below", "target"]);
    symlinkSync("circle", folder.file("circle"));
    await assert.rejects(writeBytes(folder.file("circle"), bytes), { code: "IOError", message: /go in a circle/ });
  });

  test("what is replaced keeps its mode and its owner", async () => {
    using folder = new TestFolder();
    const path = folder.file("file");
    for (const mode of [0o600, 0o640, 0o666, 0o444]) {
      writeFileSync(path, "old");
      chmodSync(path, mode);
      await writeBytes(path, bytes);
      assert.equal(statSync(path).mode & 0o777, mode);
    }
    if (process.getuid?.() === 0) {
      chownSync(path, 12, 34);
      await writeBytes(path, bytes);
      assert.deepEqual([statSync(path).uid, statSync(path).gid], [12, 34]);
    }
  });

  test("a device is written to and stays; a full one is an error", { skip: !existsSync("/dev/full") }, async () => {
    using folder = new TestFolder();
    symlinkSync("/dev/null", folder.file("link"));
    for (const path of ["/dev/null", folder.file("link")]) {
      await writeBytes(path, bytes);
      assert.ok(statSync(path).isCharacterDevice());
    }
    await assert.rejects(writeBytes("/dev/full", bytes), {
      code: "IOError",
      message: "Could not write /dev/full: the disk is full (ENOSPC).",
    });
  });

  test("a pipe gets more than it holds at once, and who waits for a reader can be stopped", async () => {
    using folder = new TestFolder();
    const pipe = folder.file("pipe");
    execFileSync("mkfifo", [pipe]);
    const reason = new Error("enough");
    await assert.rejects(deliver([{ path: pipe, content: bytes }], { signal: AbortSignal.timeout(1) }), {
      name: "TimeoutError",
    });
    await assert.rejects(deliver([{ path: pipe, content: bytes }], { signal: AbortSignal.abort(reason) }), reason);
    const large = new Uint8Array(300_000).fill(7);
    writeFileSync(folder.file("made"), large);
    for (const content of [large, { file: folder.file("made") }]) {
      const [read] = await Promise.all([readFile(pipe), deliver([{ path: pipe, content }])]);
      assert.ok(read.equals(large));
    }
    assert.ok(statSync(pipe).isFIFO());
  });

  test("/dev/stdout is what the process prints to, also a file", { skip: !existsSync("/dev/stdout") }, () => {
    using folder = new TestFolder();
    const program = `
      import { writeBytes } from ${JSON.stringify(new URL("../../src/platform/node/outputs.ts", import.meta.url).href)};
      console.log("before");
      await writeBytes("/dev/stdout", Buffer.from("new\\n"));
      console.log("after");
    `;
    const node = `"${process.execPath}" --conditions=@mobilenet-v2/source --input-type=module-typescript -e "$PROGRAM"`;
    const options = { env: { ...process.env, PROGRAM: program }, cwd: folder.path };
    execFileSync("sh", ["-c", `${node} > file; ${node} | cat > piped`], options);
    for (const name of ["file", "piped"]) {
      assert.equal(readFileSync(folder.file(name), "utf8"), "before\nnew\nafter\n");
    }
  });

  test("several files: none appears if one cannot be written, and folders that were made are gone again", async () => {
    using folder = new TestFolder();
    mkdirSync(folder.file("taken"));
    writeFileSync(folder.file("old"), "old");
    const files = ["a/b/one", "old", "taken"].map((name) => ({ path: folder.file(name), bytes }));
    await assert.rejects(writeFiles(files), { code: "IOError", message: /Could not write .*taken: it is a folder\./ });
    assert.deepEqual(readdirSync(folder.path).toSorted(), ["old", "taken"]);
    assert.equal(readFileSync(folder.file("old"), "utf8"), "old");
    await writeFiles(files.slice(0, 2));
    assert.equal(readFileSync(folder.file("a/b/one"), "utf8"), "new");
    assert.deepEqual(readdirSync(folder.file("a/b")), ["one"]);
  });

  test("a file that was made elsewhere is moved, with the mode of what it replaces", async () => {
    using folder = new TestFolder();
    writeFileSync(folder.file("made"), "made");
    writeFileSync(folder.file("old"), "old", { mode: 0o600 });
    symlinkSync("old", folder.file("link"));
    await deliver([{ path: folder.file("link"), content: { file: folder.file("made") } }]);
    assert.deepEqual(readdirSync(folder.path).toSorted(), ["link", "old"]);
    assert.ok(lstatSync(folder.file("link")).isSymbolicLink());
    assert.equal(readFileSync(folder.file("old"), "utf8"), "made");
    assert.equal(statSync(folder.file("old")).mode & 0o777, 0o600);
  });
});
