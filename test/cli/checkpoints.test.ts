/** The commands inspect, convert and weights, as processes. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { imagenetFileName } from "../../src/applications/weights.ts";
import { TestFolder } from "../platform/folder.ts";
import { runCli } from "./run-cli.ts";

const tutorial = fileURLToPath(new URL("../fixtures/saving/keras/keras-tutorial.keras", import.meta.url));

test("inspect says what a file is, in words and as JSON", async () => {
  const [words, json] = await Promise.all([
    runCli(["inspect", tutorial, "--tensors"]),
    runCli(["inspect", tutorial, "--json"]),
  ]);
  assert.equal(words.code, 0, words.stderr);
  assert.match(words.stdout, /^format {3}Keras 3 model \(\.keras\), of keras\n/);
  assert.match(words.stdout, /\nmodel {4}tutorial: not a MobileNetV2, or a part of one\n/);
  assert.match(words.stdout, /\n {2}layers\/dense\/vars\/0 {2}float32 \(4, 2\)\n/);
  const facts = JSON.parse(json.stdout) as Record<string, unknown>;
  assert.deepEqual(facts["input"], [8, 8, 3]);
  assert.equal(facts["tensors"], 9);
});

test("convert writes another format, names of classes too, and compares what both answer", async () => {
  using folder = new TestFolder();
  writeFileSync(folder.file("names.txt"), "cat\ndog\n");
  const target = folder.file("web");
  const args = ["convert", tutorial, target, "--to", "tfjs-layers", "--labels", folder.file("names.txt"), "--json"];
  const { code, stdout, stderr } = await runCli(args);
  assert.equal(code, 0, stderr);
  assert.equal((JSON.parse(stdout) as { largestDifference: number }).largestDifference, 0);
  assert.ok(existsSync(join(target, "model.json")) && existsSync(join(target, "weights.bin")));
  const back = await runCli(["convert", target, folder.file("back.h5")]);
  assert.equal(back.code, 0, back.stderr);
  assert.match(
    back.stdout,
    /\nclasses {2}cat, dog\nwritten {2}.*back\.h5\ncheck {4}on seeded input the two differ by 0 at most\n/,
  );
});

test("convert: weights alone become the model that their shapes tell; names go beside where the format has no place", async () => {
  using folder = new TestFolder();
  const model = await MobileNetV2({ alpha: 0.35, weights: null, inputShape: [32, 32, 3], classes: 2 });
  await model.saveWeights(folder.file("w.weights.h5"));
  writeFileSync(folder.file("names.txt"), "cat\ndog\n");
  mkdirSync(folder.file("out"));
  const whole = folder.file("out/m.safetensors");
  const made = await runCli([
    "convert",
    folder.file("w.weights.h5"),
    whole,
    "--size",
    "32",
    "--labels",
    folder.file("names.txt"),
  ]);
  assert.equal(made.code, 0, made.stderr);
  const back = await runCli(["convert", whole, folder.file("out/again.weights.h5")]);
  assert.equal(back.code, 0, back.stderr);
  assert.equal(readFileSync(folder.file("out/labels.txt"), "utf8"), "cat\ndog\n");
});

test("convert and inspect: what cannot be is said, and nothing is written", async () => {
  using folder = new TestFolder();
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["inspect", folder.file("none.keras")], /no such file/],
    [["convert", tutorial, folder.file("x.xyz")], /Invalid filepath extension for saving/],
    [["convert", tutorial, folder.file("x"), "--to", "pickle"], /Unknown format: pickle/],
    [["convert", tutorial, folder.file("x"), "--to", "teachable-machine"], /has class names/],
  ];
  await Promise.all(
    cases.map(async ([args, message]) => {
      const { code, stderr } = await runCli(args);
      assert.equal(code, 1);
      assert.match(stderr, message);
    }),
  );
  assert.equal(existsSync(folder.file("x")) || existsSync(folder.file("x.xyz")), false);
});

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
