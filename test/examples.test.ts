/** Every program of examples/ runs and prints what it says. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, test } from "node:test";
import { loadImg } from "../src/image/load-img.ts";
import { picturePath } from "./image/pictures.ts";
import { TestFolder } from "./platform/folder.ts";
import { cacheWithWeights, runProcess } from "./cli/run-cli.ts";
import { needsShared, sharedPath } from "./support/shared.ts";

const folder = new URL("../examples/", import.meta.url);

async function run(name: string, args: readonly string[] = []): Promise<readonly string[]> {
  using home = new TestFolder();
  const env = needsShared === false ? { KERAS_HOME: cacheWithWeights(home.path) } : {};
  const program = fileURLToPath(new URL(name, folder));
  const argv = [process.execPath, "--conditions=@mobilenet-v2/source", program, ...args];
  const { code, stdout, stderr } = await runProcess(argv, { env });
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout.trimEnd().split("\n");
}

const pug = sharedPath("images/n02110958_pug.JPEG");
const terrier = sharedPath("images/n02096437_Dandie_Dinmont.JPEG");
const airliner = sharedPath("images/n02690373_airliner.JPEG");

describe("examples", { concurrency: 2 }, () => {
  test("classify.ts", { skip: needsShared }, async () => {
    const lines = await run("classify.ts", [pug, airliner]);
    assert.match(lines[0] ?? "", /pug\.JPEG pug 0\.\d{3}, \w+ 0\.\d{3}, \w+ 0\.\d{3}$/);
    assert.match(lines[1] ?? "", /airliner\.JPEG airliner 0\.\d{3}, /);
  });

  test("similar.ts", { skip: needsShared }, async () => {
    const lines = await run("similar.ts", [pug, airliner, terrier]);
    assert.match(lines[0] ?? "", /^0\.\d{3} .*Dandie_Dinmont\.JPEG$/);
    assert.match(lines[1] ?? "", /^0\.\d{3} .*airliner\.JPEG$/);
  });

  test("explain.ts", { skip: needsShared }, async () => {
    using pictures = new TestFolder();
    const target = pictures.file("heat.png");
    const [line = ""] = await run("explain.ts", [pug, target]);
    assert.match(line, /^pug 0\.7\d\d, out_relu of 7 × 7: .*heat\.png$/);
    assert.ok(existsSync(target));
  });

  test("features.ts", async () => {
    assert.deepEqual(await run("features.ts"), [
      "block_3_expand_relu  1 × 50 × 80 × 48",
      "block_6_expand_relu  1 × 25 × 40 × 96",
      "out_relu             1 × 6 × 10 × 1280",
    ]);
  });

  test("augmented.ts", async () => {
    using pictures = new TestFolder();
    for (const name of ["plain.jpg", "rgba.png"]) copyFileSync(picturePath(name), pictures.file(name));
    const target = pictures.file("sheet.png");
    assert.deepEqual(await run("augmented.ts", [pictures.path, target]), [
      "Found 2 files.",
      `3 epochs of 2 pictures: ${target}`,
    ]);
    const { width, height } = await loadImg(target);
    assert.deepEqual([width, height], [384, 288]);
  });

  test("transfer.ts", async () => {
    const lines = await run("transfer.ts");
    assert.equal(lines[0], 'Model: "flowers"');
    assert.ok(lines.includes(" Trainable params: 6,405 (25.02 KB)"));
    assert.equal(lines.at(-1), "Scores: 2 × 5");
  });

  test("each of them has a test here", () => {
    const names = ["augmented.ts", "classify.ts", "explain.ts", "features.ts", "similar.ts", "transfer.ts"];
    assert.deepEqual(readdirSync(folder).toSorted(), names);
  });
});
