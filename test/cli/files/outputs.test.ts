/** What commands write is none of what they read; several files are made and placed together. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { requireApart } from "../../../src/cli/files/apart.ts";
import { place, requirePlace } from "../../../src/cli/files/placing.ts";
import { TestFolder } from "../../platform/folder.ts";
import { colourModel } from "../colour-model.ts";
import { command } from "../run-cli.ts";

const posix = process.platform === "win32" ? "POSIX only" : false;

describe("outputs of commands", { skip: posix }, () => {
  test("an output that is an input is refused: the same path, through links, by another name, in a folder", async () => {
    using folder = new TestFolder();
    const at = (name: string): string => folder.file(name);
    mkdirSync(at("models"));
    writeFileSync(at("p.jpg"), "picture");
    writeFileSync(at("models/model.json"), "{}");
    symlinkSync("p.jpg", at("link.jpg"));
    symlinkSync(".", at("here"));
    linkSync(at("p.jpg"), at("hard.jpg"));
    const refused: readonly (readonly [output: string, input: string])[] = [
      ["p.jpg", "p.jpg"],
      ["link.jpg", "p.jpg"],
      ["p.jpg", "link.jpg"],
      ["here/here/p.jpg", "p.jpg"],
      ["hard.jpg", "p.jpg"],
      ["models/model.json", "models"],
    ];
    for (const [output, input] of refused) {
      await assert.rejects(requireApart([undefined, at("new"), folder.path + "/" + output], [undefined, at(input)]), {
        code: "ValueError",
        message: /would be replaced, but it is read too.* Choose another output\.$/,
      });
    }
    await requireApart([at("new.jpg"), at("models/other")], [at("p.jpg"), at("models"), "https://example.org/p.jpg"]);
    await requireApart(["/dev/null"], ["/dev/null", at("gone")]);
  });

  test("two outputs that are one file are refused, whether it is there or not", async () => {
    using folder = new TestFolder();
    symlinkSync("page", folder.file("link"));
    for (const name of ["link", "page", "./page"]) {
      await assert.rejects(requireApart([folder.file("page"), `${folder.path}/${name}`], []), {
        message: /are one file: two outputs cannot go there/,
      });
      if (name === "page") writeFileSync(folder.file("page"), "");
    }
    await requireApart(["/dev/stdout", "/dev/stdout"], []);
  });

  test("standard input is an input, as the file that it comes from", () => {
    using folder = new TestFolder();
    writeFileSync(folder.file("p.png"), "picture");
    const [program = "", ...args] = command;
    const run = `"$@" explain - -o p.png < p.png; test $? = 1 && test "$(cat p.png)" = picture`;
    execFileSync("sh", ["-c", run, "sh", program, ...args], { cwd: folder.path, stdio: ["ignore", "pipe", "pipe"] });
  });

  test("what is made beside a target that is a link goes beside the link, the target where it leads", async () => {
    using folder = new TestFolder();
    mkdirSync(folder.file("disk"));
    writeFileSync(folder.file("disk/old"), "old", { mode: 0o600 });
    symlinkSync("disk/old", folder.file("x.npy"));
    const { files } = await place(folder.file("x.npy"), async (path) => {
      await writeFile(path, "new");
      await writeFile(path.replace(".npy", ".json"), "names");
    });
    assert.deepEqual(files, [
      { path: folder.file("x.npy"), bytes: 3 },
      { path: folder.file("x.json"), bytes: 5 },
    ]);
    assert.equal(readFileSync(folder.file("disk/old"), "utf8"), "new");
    assert.equal(statSync(folder.file("disk/old")).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(folder.path).toSorted(), ["disk", "x.json", "x.npy"]);
    assert.deepEqual(readdirSync(folder.file("disk")), ["old"]);
  });

  test("a pipe gets what was made, and nothing is made beside it", async () => {
    using folder = new TestFolder();
    const pipe = folder.file("x.keras");
    execFileSync("mkfifo", [pipe]);
    await requirePlace(pipe);
    const [read] = await Promise.all([readFile(pipe, "utf8"), place(pipe, (path) => writeFile(path, "new"))]);
    assert.equal(read, "new");
    assert.deepEqual(readdirSync(folder.path), ["x.keras"]);
  });

  test("a failure leaves nothing, also of a folder of files and of folders around it", async () => {
    using folder = new TestFolder();
    const make = async (path: string): Promise<void> => {
      mkdirSync(path);
      for (const name of ["model.json", "weights.bin"]) await writeFile(join(path, name), name);
    };
    mkdirSync(folder.file("web/weights.bin"), { recursive: true });
    await assert.rejects(place(folder.file("web"), make), { message: /weights\.bin: it is a folder\./ });
    assert.deepEqual(readdirSync(folder.file("web")), ["weights.bin"]);
    const failing = place(folder.file("a/b/web"), async (path) => {
      await make(path);
      throw new Error("it broke");
    });
    await assert.rejects(failing, /it broke/);
    assert.deepEqual(readdirSync(folder.path), ["web"]);
  });

  test("model.save makes missing folders whatever the format is, and keeps a link and the mode", async () => {
    using folder = new TestFolder();
    const model = colourModel();
    for (const name of ["m.keras", "m.h5", "m.safetensors", "m.onnx", "web"]) {
      const path = folder.file(`save ${name}/below/${name}`);
      await model.save(path, name === "web" ? { format: "tfjs-layers" } : {});
      assert.ok(existsSync(name === "web" ? `${path}/model.json` : path));
    }
    for (const name of ["m.weights.h5", "m.h5"]) {
      await model.saveWeights(folder.file(`weights ${name}/below/${name}`));
    }
    const target = folder.file("save m.keras/below/m.keras");
    execFileSync("chmod", ["600", target]);
    symlinkSync(target, folder.file("link.keras"));
    await model.save(folder.file("link.keras"));
    assert.equal(statSync(target).mode & 0o777, 0o600);
    model.dispose();
  });
});
