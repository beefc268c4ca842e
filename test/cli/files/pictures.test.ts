/** The pictures of folders with links, other files and other names in them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, describe, test } from "node:test";
import { labelledPictures } from "../../../src/cli/evaluate/labelled-pictures.ts";
import { classesIn, picturesIn } from "../../../src/cli/pictures/folder.ts";
import { typedArguments } from "../../../src/cli/terminal/typed.ts";
import { findPictures } from "../../../src/cli/train/pictures.ts";
import { escapedBytes, systemPath, textOfName } from "../../../src/platform/node/byte-names.ts";
import { readBytes, readFolder } from "../../../src/platform/node.ts";
import { ClassLookup } from "../../../src/tasks/class-lookup.ts";
import { TestFolder } from "../../platform/folder.ts";

const posix = process.platform === "win32" ? "POSIX only" : false;

/** A folder with files of these names. */
function tree(...names: readonly string[]): TestFolder {
  const folder = new TestFolder();
  for (const name of names) {
    mkdirSync(join(folder.path, name, ".."), { recursive: true });
    writeFileSync(folder.file(name), name);
  }
  return folder;
}

async function found(folder: TestFolder): Promise<readonly string[]> {
  return (await picturesIn(folder.path)).map((path) => path.slice(folder.path.length + 1));
}

function warnings(context: TestContext): () => string {
  const { mock } = context.mock.method(console, "warn", () => undefined);
  return () => mock.calls.map(({ arguments: [text] }) => String(text)).join("\n");
}

describe("pictures of a folder", { skip: posix }, () => {
  test("links in circles: each picture once, and an end", async (context) => {
    const warned = warnings(context);
    using folder = tree("a/1.jpg", "b/2.jpg", "top.png");
    for (const name of ["l1", "l2", "a/l3", "a/l4", "b/l5"])
      symlinkSync(name.includes("/") ? ".." : ".", folder.file(name));
    symlinkSync("../b", folder.file("a/b"));
    assert.deepEqual(await found(folder), ["a/1.jpg", "b/2.jpg", "top.png"]);
    assert.equal(warned(), "");
  });

  test("a folder that only links lead to is found by one of them, by two ways once", async () => {
    using elsewhere = tree("deep/1.jpg");
    using folder = tree("2.jpg");
    for (const name of ["x", "y"]) symlinkSync(elsewhere.path, folder.file(name));
    assert.deepEqual(await found(folder), ["2.jpg", "x/deep/1.jpg"]);
  });

  test("a file that symbolic links lead to is there once, by its own name, and the links are told; hard links are files", async (context) => {
    const warned = warnings(context);
    using folder = tree("b.jpg", "c.jpg");
    symlinkSync("b.jpg", folder.file("a.jpg"));
    linkSync(folder.file("c.jpg"), folder.file("d.jpg"));
    assert.deepEqual(await found(folder), ["b.jpg", "c.jpg", "d.jpg"]);
    assert.match(warned(), /^Left out in .*:\n {2}.*a\.jpg: the same file as .*b\.jpg$/);
  });

  test("links that lead nowhere, pipes, and folders that cannot be read are named, and nothing waits", async (context) => {
    const warned = warnings(context);
    using folder = tree("1.jpg", "locked/2.jpg", "folder.jpg/3.jpg", ".hidden.jpg");
    symlinkSync("gone", folder.file("broken.jpg"));
    symlinkSync("circle.jpg", folder.file("circle.jpg"));
    execFileSync("mkfifo", [folder.file("pipe.jpg")]);
    symlinkSync("/dev/zero", folder.file("zero.jpg"));
    const isRoot = process.getuid?.() === 0;
    if (!isRoot) chmodSync(folder.file("locked"), 0);
    assert.deepEqual(await found(folder), ["1.jpg", "folder.jpg/3.jpg", ...(isRoot ? ["locked/2.jpg"] : [])]);
    chmodSync(folder.file("locked"), 0o700);
    for (const text of [
      /broken\.jpg: a link that leads nowhere/,
      /circle\.jpg: a link that leads nowhere/,
      /pipe\.jpg: a pipe, a socket or a device/,
      /zero\.jpg: a pipe/,
    ]) {
      assert.match(warned(), text);
    }
    if (!isRoot) assert.match(warned(), /Could not read the folder .*locked: permission denied/);
  });

  test("a link to the folder around the classes teaches nothing; a class that reaches another's file is an error", async () => {
    using folder = tree("a/1.jpg", "b/2.jpg", "b/3.jpg");
    symlinkSync("..", folder.file("a/up"));
    const { paths, labels, classNames } = await classesIn(folder.path);
    assert.deepEqual(
      paths,
      ["a/1.jpg", "b/2.jpg", "b/3.jpg"].map((name) => folder.file(name)),
    );
    assert.deepEqual(
      [[...labels], classNames],
      [
        [0, 1, 1],
        ["a", "b"],
      ],
    );

    const lookup = new ClassLookup(["a", "b", "c"]);
    const links: readonly (readonly [name: string, make: (at: string) => void])[] = [
      ["a/more", (at) => symlinkSync("../b", at)],
      ["c", (at) => symlinkSync("b", at)],
      ["a/9.jpg", (at) => symlinkSync("../b/2.jpg", at)],
      ["a/8.jpg", (at) => linkSync(folder.file("b/2.jpg"), at)],
    ];
    for (const [name, make] of links) {
      make(folder.file(name));
      const expected = {
        code: "ValueError",
        message:
          /(a|c)\S*\.jpg.* are one file, which would be of two classes, [ab] and [bc](, and 1 more)?\. Take the link away/,
      };
      await assert.rejects(findPictures(folder.path), expected, name);
      await assert.rejects(labelledPictures(folder.path, lookup, {}), expected, name);
      execFileSync("rm", [folder.file(name)]);
    }
    assert.equal((await findPictures(folder.path)).paths.length, 3);
  });

  test(
    "names that are not UTF-8 are found, read, and shown with their bytes",
    { skip: process.platform !== "linux" },
    async () => {
      using folder = tree("a/1.jpg");
      const names = [
        Buffer.from("b/caf\xe9.jpg", "latin1"),
        Buffer.from("b/\xffé\xf0\x9f.jpg", "latin1"),
        Buffer.from("b/�.jpg"),
      ];
      mkdirSync(folder.file("b"));
      for (const name of names) writeFileSync(Buffer.concat([Buffer.from(`${folder.path}/`), name]), name);
      const pictures = await found(folder);
      assert.equal(pictures.length, 4);
      for (const name of names) {
        const text = textOfName(name);
        assert.ok(pictures.includes(text), text);
        assert.ok(Buffer.from(await readBytes(folder.file(text))).equals(name));
        // JSON keeps them.
        assert.ok(Buffer.from(systemPath(JSON.parse(JSON.stringify(text)) as string)).equals(name));
      }
      assert.equal(escapedBytes(textOfName(names[0]!)), "b/caf\\xE9.jpg");
      assert.equal(escapedBytes("é 🐶 �"), "é 🐶 �");
      await assert.rejects(readFolder(folder.file(textOfName(names[0]!))), (error: Error) =>
        escapedBytes(error.message).includes("caf\\xE9.jpg"),
      );
    },
  );

  test("arguments with bytes that are not UTF-8 come as typed", { skip: process.platform !== "linux" }, () => {
    const program = `
      import { typedArguments } from ${JSON.stringify(new URL("../../../src/cli/terminal/typed.ts", import.meta.url).href)};
      console.log(JSON.stringify(typedArguments()));
    `;
    using folder = tree();
    writeFileSync(folder.file("program.ts"), program);
    const run = `"${process.execPath}" --conditions=@mobilenet-v2/source program.ts plain '' "$(printf 'caf\\351.jpg')" é`;
    const printed = execFileSync("sh", ["-c", run], { cwd: folder.path, encoding: "utf8" });
    assert.deepEqual(JSON.parse(printed), ["plain", "", "caf\udce9.jpg", "é"]);
    assert.deepEqual(typedArguments(), process.argv.slice(2));
  });
});
