/** The programs of the README and of the guides, type-checked and run as they stand, beside a photograph called elephant.jpg and a folder of photos. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Tensor } from "../src/core/tensor.ts";
import { saveImg } from "../src/image/save-img.ts";
import { needsShared, sharedPath } from "./support/shared.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const pages = ["README.md", "docs/tasks.md", "docs/training.md"];
const programs = pages.flatMap((page) => {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ index, 1: code = "" }, i) => ({
    page,
    title: [...text.slice(0, index).matchAll(page === "README.md" ? /^\*\*(.+?)\.?\*\*/gm : /^## (.+)$/gm)].at(-1)?.[1],
    code,
    name: `${page.replaceAll(/\W/g, "-")}-${i}.ts`,
  }));
});
const weights = ["", "_no_top"].map((top) => `mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224${top}.h5`);

/** What a program says it prints: the texts after `// → `, in order. */
function promisesOf(code: string): string[] {
  return [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text = ""]) => text);
}

/** A folder a class, dark and bright. */
async function writePhotos(folder: string): Promise<void> {
  for (const [name, level] of [
    ["dark", 60],
    ["bright", 190],
  ] as const) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < 8; i++) {
      const values = Float32Array.from({ length: 24 * 24 * 3 }, (_, k) => level + ((k * 7919 + i * 31) % 50));
      await saveImg(join(folder, name, `${i}.png`), new Tensor([24, 24, 3], values), { scale: false });
    }
  }
}

describe("the programs of the README and the guides", () => {
  // Inside the project, where its own name leads to it.
  mkdirSync(join(root, ".tmp"), { recursive: true });
  const folder = mkdtempSync(join(root, ".tmp/readme-"));

  before(async () => {
    await writePhotos(join(folder, "photos"));
    const uri: unknown = createRequire(import.meta.url)("baboon-image-uri");
    writeFileSync(join(folder, "elephant.jpg"), Buffer.from(String(uri).replace(/^.*,/, ""), "base64"));
    for (const { name, code } of programs) writeFileSync(join(folder, name), code);
    mkdirSync(join(folder, "keras/models"), { recursive: true });
    if (needsShared !== false) return;
    for (const name of weights) copyFileSync(sharedPath(`weights/${name}`), join(folder, "keras/models", name));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it("all have the right types", () => {
    assert.ok(programs.length > 0);
    const config = { extends: "../../tsconfig.json", include: ["*.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    assert.equal(execFileSync(join(root, "node_modules/.bin/tsc"), ["--project", folder], { encoding: "utf8" }), "");
  });

  for (const { page, title, code, name } of programs) {
    const skip = code.includes("weights: null") ? false : needsShared;
    it(`${page}: "${title}" runs and prints what it says`, { skip }, async () => {
      const { stdout, stderr } = await promisify(execFile)(
        process.execPath,
        ["--conditions=@mobilenet-v2/source", name],
        { cwd: folder, env: { ...process.env, KERAS_HOME: join(folder, "keras"), NODE_TEST_CONTEXT: undefined } },
      );
      assert.equal(stderr, "");
      assert.notEqual(stdout, "");
      const lines = stdout.split("\n");
      for (const promise of promisesOf(code)) assert.ok(lines.includes(promise), `"${promise}" in:\n${stdout}`);
    });
  }
});
