/** The command weights, as a process with a cache of its own. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { imagenetFileName } from "../../src/applications/weights.ts";
import { TestFolder } from "../platform/folder.ts";
import { runCli } from "./run-cli.ts";

test("weights: list, verify and remove what a cache of its own has", async () => {
  using folder = new TestFolder();
  const name = imagenetFileName({ alpha: 0.35, rows: 96, includeTop: false });
  const broken = imagenetFileName({ alpha: 0.5, rows: 96, includeTop: true });
  const model = await MobileNetV2({ alpha: 0.35, weights: null, inputShape: [96, 96, 3], includeTop: false });
  mkdirSync(folder.file("models"));
  await model.saveWeights(folder.file(`models/${name}`));
  writeFileSync(folder.file(`models/${broken}`), readFileSync(folder.file(`models/${name}`)).subarray(0, 1000));
  const env = { KERAS_HOME: folder.path };
  const listed = await runCli(["weights", "list", "--json"], { env });
  assert.deepEqual(
    (JSON.parse(listed.stdout) as { name: string }[]).map((file) => file.name).toSorted(),
    [name, broken].toSorted(),
  );
  const verified = await runCli(["weights", "verify"], { env });
  assert.equal(verified.code, 1);
  assert.match(verified.stdout, /^whole {3}.*0\.35_96_no_top\.h5$/m);
  assert.match(verified.stdout, /^BROKEN {2}.*0\.5_96\.h5: The HDF5 file is/m);
  const removed = await runCli(["weights", "remove", "--alpha", "0.5", "--size", "96"], { env });
  assert.equal(removed.stdout, "removed alpha 0.5, size 96\n");
  const left = await runCli(["weights", "verify"], { env });
  assert.deepEqual([left.code, left.stdout], [0, `whole   ${name}\n`]);
});
