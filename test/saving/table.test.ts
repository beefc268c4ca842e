/** The folders of formats have the same shape, and each is in the table: a new one that forgets something fails here. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Format } from "../../src/saving/format.ts";
import { formats, writers } from "../../src/saving/formats.ts";

const root = fileURLToPath(new URL("../../src/saving/", import.meta.url));
const folders = readdirSync(root).filter((folder) => existsSync(`${root}${folder}/format.ts`));

/** What the format.ts of a folder exports, under the folder's name. */
async function formatOf(folder: string): Promise<Format> {
  const module: Record<string, Format> = await import(`${root}${folder}/format.ts`);
  const format = module[folder];
  assert.ok(format !== undefined, `${folder}/format.ts exports no '${folder}'`);
  return format;
}

test("there are the folders that we know", () => {
  assert.deepEqual(folders.toSorted(), [
    "keras",
    "nsfwjs",
    "onnx",
    "safetensors",
    "tensorflow",
    "tfjs",
    "tflite",
    "torch",
  ]);
});

for (const folder of folders) {
  describe(folder, () => {
    test("sniff.ts tells its files apart, checkpoint.ts opens them, write.ts is there if it is written", async () => {
      const { readers, writers: own = [] } = await formatOf(folder);
      const files = readdirSync(root + folder);
      assert.ok(files.includes("sniff.ts"));
      assert.equal(files.filter((file) => /(?:^|-)checkpoint\.ts$/.test(file)).length, readers.length);
      assert.equal(files.includes("write.ts"), own.length > 0);
    });

    test("its readers and writers are in the table, each under a name of its own, and their code opens", async () => {
      const { readers, writers: own = [] } = await formatOf(folder);
      for (const { id, code } of readers) {
        assert.equal(formats.filter((format) => format.id === id).length, 1, id);
        assert.equal(typeof (await code()).open, "function", id);
      }
      for (const { id } of own) assert.equal(writers.filter((writer) => writer.id === id).length, 1, id);
    });

    test("what is loaded with the table imports no code that reads or writes", () => {
      for (const file of ["format.ts", "sniff.ts"]) {
        const imports = readFileSync(`${root}${folder}/${file}`, "utf8").matchAll(/^import (?!type\b).*from "(.+)"/gm);
        for (const [, path = ""] of imports)
          assert.match(path, /sniff\.ts$|superblock\.ts$|zip\/zip\.ts$/, `${folder}/${file}`);
      }
    });
  });
}

test("the table has nothing but these, and zip archives of their files", async () => {
  const all = await Promise.all(folders.map(formatOf));
  const ids = all.flatMap(({ readers }) => readers.map(({ id }) => id));
  assert.deepEqual(formats.map(({ id }) => id).toSorted(), [...ids, "zip"].toSorted());
  assert.equal(formats.at(-1)?.id, "zip");
  assert.equal(
    writers.length,
    all.reduce((sum, format) => sum + (format.writers?.length ?? 0), 0),
  );
});
