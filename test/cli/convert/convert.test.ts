/** The command convert, as a process. */
import assert from "node:assert/strict";
import { existsSync, linkSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { after, before, describe, test } from "node:test";
import { MobileNetV2, loadModel, loadQuantized } from "../../../src/index.ts";
import { imagenetClasses } from "../../../src/public/applications.ts";
import { encodeImg } from "../../../src/public/image.ts";
import { TestFolder } from "../../platform/folder.ts";
import { needsShared } from "../../support/shared.ts";
import { cacheWithWeights, closedAddress, runCli } from "../run-cli.ts";

const tutorial = fileURLToPath(new URL("../../fixtures/saving/keras/keras-tutorial.keras", import.meta.url));
const NAMES = ["ant", "bee", "cat", "dog"];

interface Report {
  readonly origin: string;
  readonly mapped: { readonly weights: Readonly<Record<string, string>>; readonly unused: readonly string[] };
  readonly largestDifference: number;
  readonly check: { readonly pictures: number; readonly sameBest: number; readonly largestDifference: number };
  readonly integers?: { readonly pictures: number };
  readonly calibration?: { readonly found: number; readonly used: number; readonly unread: readonly object[] };
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly targetDtypes: readonly string[];
}

describe("convert", { concurrency: 2 }, () => {
  let folder: TestFolder;

  before(async () => {
    folder = new TestFolder();
    const model = await MobileNetV2({ alpha: 0.35, weights: null, inputShape: [32, 32, 3], classes: 4 });
    await model.saveWeights(folder.file("w.weights.h5"));
    model.classNames = NAMES;
    await model.save(folder.file("m.keras"));
    writeFileSync(folder.file("names.txt"), `${NAMES.join("\n")}\n`);
    mkdirSync(folder.file("photos/within"), { recursive: true });
    for (let k = 0; k < 6; k++) {
      const data = Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => (i * (k + 3) * 7) % 256);
      const picture = await encodeImg({ width: 40, height: 30, channels: 3, data }, { fileFormat: "png" });
      writeFileSync(folder.file(`photos/${k % 2 === 0 ? "" : "within/"}${k}.png`), picture);
    }
    writeFileSync(folder.file("photos/notes.txt"), "no picture");
    writeFileSync(folder.file("photos/._0.png"), "what a Mac leaves");
    const whole = readFileSync(folder.file("photos/0.png"));
    writeFileSync(folder.file("photos/half.png"), whole.subarray(0, whole.length >> 1));
  });
  after(() => folder[Symbol.dispose]());

  /** What is in a folder of its own, made for one test. */
  function out(name: string): (file?: string) => string {
    mkdirSync(folder.file(name));
    return (file = "") => folder.file(`${name}/${file}`);
  }

  test("into TF.js and back: the same answers to the last bit, the names too, and what was mapped", async () => {
    const at = out("tfjs");
    const made = await report(
      tutorial,
      at("new/web"),
      "--to",
      "tfjs-layers",
      "--labels",
      labels(at("l.txt"), ["cat", "dog"]),
    );
    assert.equal(made.largestDifference, 0);
    assert.deepEqual(
      made.files.map(({ path }) => path),
      [at("new/web/model.json"), at("new/web/weights.bin")],
    );
    assert.equal(Object.values(made.mapped.weights).filter((tensor) => tensor === "layers/dense/vars/0").length, 1);
    assert.deepEqual(made.mapped.unused, []);
    const back = await runCli(["convert", at("new/web"), at("back.h5")]);
    assert.equal(back.code, 0, back.stderr);
    assert.match(back.stdout, /\nclasses {2}cat, dog\nmapped {3}9 tensors to 9 weights, /);
    assert.match(back.stdout, /\nwritten {2}.*back\.h5: h5, 0\.\d MB, 9 float32 tensors: .*\n/);
    assert.match(back.stdout, /\ncheck {4}on seeded input the two differ by 0 at most\n$/);
  });

  test("weights alone become the model that their shapes tell; names go beside where the format has no place", async () => {
    const at = out("weights");
    const args = ["--size", "32", "--labels", folder.file("names.txt")];
    const made = await runCli(["convert", folder.file("w.weights.h5"), at("m.safetensors"), ...args]);
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /\nmapped {3}262 tensors to the 262 weights of mobilenetv2_0\.35_32, in order\n/);
    const back = await runCli(["convert", at("m.safetensors"), at("again.weights.h5")]);
    assert.equal(back.code, 0, back.stderr);
    assert.equal(readFileSync(at("labels.txt"), "utf8"), "ant\nbee\ncat\ndog\n");
    // And are found there again.
    const { mapped, ...again } = await report(at("again.weights.h5"), at("third.onnx"), "--size", "32");
    assert.deepEqual(mapped.weights, {});
    assert.ok(again.largestDifference < 1e-6);
    assert.deepEqual((await loadModel(at("third.onnx"))).classNames, NAMES);
  });

  test("into the namings of PyTorch's packages, with a hub's files; what they do otherwise is said", async () => {
    const at = out("hub");
    const made = await report(folder.file("m.keras"), at("model.safetensors"), "--to", "huggingface");
    assert.deepEqual(readdirSync(at()).toSorted(), ["config.json", "model.safetensors", "preprocessor_config.json"]);
    assert.equal(made.files[0]?.path, at("model.safetensors"));
    const { code, stdout } = await runCli(["convert", at(), at("tv.safetensors"), "--to", "torchvision"]);
    assert.equal(code, 0);
    assert.match(stdout, /; not needed: 52, such as .*num_batches_tracked\n/);
    assert.match(stdout, /\nnote {5}torchvision itself pads on every side/);
  });

  test("--int8: calibrated with the pictures of a folder, broken ones left out by name, as safetensors and ONNX", async () => {
    const at = out("int8");
    const calibrate = ["--int8", "--calibrate", folder.file("photos")];
    const words = await runCli(["convert", folder.file("m.keras"), at("m.int8.safetensors"), ...calibrate]);
    assert.equal(words.code, 0, words.stderr);
    assert.match(words.stderr, /^warning: .*half\.png was left out: [^\n]*\n$/);
    assert.match(
      words.stdout,
      /\npictures calibrated with 6 of 7 in .*photos, each squeezed .*; 1 could not be read; some dozens/,
    );
    assert.match(words.stdout, /\ncheck {4}rounded to integers.*: on 6 of the pictures the best is the same \d times/);
    const model = await loadQuantized(at("m.int8.safetensors"));
    assert.deepEqual(model.classNames, NAMES);

    const { code, stdout, stderr } = await runCli([
      "convert",
      folder.file("m.keras"),
      at("q"),
      "--to",
      "onnx",
      ...calibrate,
      "--pictures",
      "2",
      "--json",
    ]);
    assert.deepEqual([code, stderr.split("\n").length <= 2], [0, true]);
    const { calibration, integers, targetDtypes } = JSON.parse(stdout) as Report;
    assert.deepEqual([calibration?.found, calibration?.used, integers?.pictures], [7, 2, 2]);
    assert.ok(targetDtypes.includes("int8") && targetDtypes.includes("uint8"));

    const again = await report(at("m.int8.safetensors"), at("again.onnx"));
    assert.ok(again.largestDifference < 0.1);
    assert.deepEqual(readdirSync(at()).toSorted(), ["again.onnx", "m.int8.safetensors", "q"]);

    const tflite = await report(at("m.int8.safetensors"), at("m.tflite"), "--io", "uint8");
    assert.deepEqual(new Set(tflite.targetDtypes), new Set(["int8", "int32"]));
    assert.ok(tflite.largestDifference < 0.1);
  });

  test("--float16: as TFLite, with rounded weights and the names of the classes", async () => {
    const at = out("float16");
    const made = await report(folder.file("m.keras"), at("m.tflite"), "--float16");
    assert.ok(made.targetDtypes.includes("float16") && made.largestDifference < 0.01);
    assert.deepEqual((await loadModel(at("m.tflite"))).classNames, NAMES);
  });

  test("what cannot be is said in one line, and nothing is written", async () => {
    const at = out("errors");
    mkdirSync(at("empty"));
    mkdirSync(at("a-folder.keras"));
    mkdirSync(at("broken"));
    writeFileSync(at("broken/x.jpg"), "no picture");
    writeFileSync(at("labels.txt"), "quite\nothers\n");
    const [model, weights] = [folder.file("m.keras"), folder.file("w.weights.h5")];
    const photos = folder.file("photos");
    const there = readdirSync(at());
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [[at("none.keras"), at("x.h5")], /none\.keras: there is no such file/],
      [["mobilenetv2_1.00_225", at("x.h5")], /Nor is it the name of a published model: see `models`/],
      [["mobilenetv2_1.00_224", at("x.h5"), "--size", "96"], /has its alpha, size and classes in its name/],
      [[model, at("x.xyz")], /Invalid filepath extension for saving/],
      [[model, at("x"), "--to", "pickle"], /Unknown format: pickle/],
      [[tutorial, at("x"), "--to", "teachable-machine"], /has names of its classes: give them with --labels FILE/],
      [[tutorial, at("x"), "--to", "timm"], /error: /],
      [[model, at("labels.txt/x.h5")], /Could not write .*x\.h5: (?:EEXIST|ENOTDIR)/],
      [[tutorial, at("new/folder/x"), "--to", "timm"], /error: /],
      [[model, at("a-folder.keras")], /Could not write .*a-folder\.keras: it is a folder/],
      [
        [model, at("x.weights.h5")],
        /has no place for the names of the classes, and .*labels\.txt, .* with other names/,
      ],
      [[model, at("x.h5"), "--labels", labels(at("empty/two.txt"), ["a", "b"])], /names 2 classes, but .* 4 numbers/],
      [[model, at("x.h5"), "--size", "64"], /takes pictures of 32 × 32 × 3\. Received: --size 64/],
      [[model, at("x.h5"), "--classes", "7"], /of 4 classes\. Received: --classes 7/],
      [[weights, at("x.h5"), "--alpha", "1"], /The weights are of alpha 0\.35\. Received: --alpha 1/],
      [
        [model, at("x.h5"), "--int8", "--calibrate", photos],
        /--int8 writes \.safetensors \(ours\), \.onnx \(QDQ\) or \.tflite/,
      ],
      [[model, at("x.tflite"), "--int8", "--float16"], /--int8 and --float16 are two ways/],
      [[model, at("x.onnx"), "--io", "int8"], /--io is for \.tflite/],
      [[model, at("x.tflite"), "--io", "int8"], /--io is for models of integers/],
      [[model, at("x.keras"), "--float16"], /`dtype` should be .* format=keras/],
      [[model, at("x.onnx"), "--int8"], /--int8 needs pictures .*--calibrate FOLDER/],
      [[model, at("x.onnx"), "--calibrate", photos], /--calibrate and --pictures are for --int8/],
      [[model, at("x.onnx"), "--int8", "--calibrate", at("empty")], /There are no pictures in .*empty/],
      [
        [model, at("x.onnx"), "--int8", "--calibrate", at("nowhere")],
        /Could not read the folder .*nowhere: there is no such file or folder/,
      ],
      [[model, at("x.onnx"), "--int8", "--calibrate", at("broken")], /None of the 1 pictures can be read.*x\.jpg: /],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await runCli(["convert", ...args]);
      assert.deepEqual([code, stdout], [1, ""], args.join(" "));
      assert.match(stderr, message);
      assert.equal(stderr.split("\n").length, 2, stderr);
    }
    assert.deepEqual(readdirSync(at()), there);
  });

  test("Ctrl-C while calibrating: 130, and nothing is left behind", async () => {
    const at = out("interrupted");
    mkdirSync(folder.file("many"));
    for (let i = 0; i < 1000; i++) linkSync(folder.file("photos/0.png"), folder.file(`many/${i}.png`));
    const args = ["convert", folder.file("m.keras"), at("x.onnx"), "--int8", "--calibrate", folder.file("many")];
    // One that does not listen yet is ended by the signal: the next one gets it later.
    for (let milliseconds = 250, code: number | null = null; code === null; milliseconds *= 2) {
      const ended = await runCli(args, {
        onStart: (pid) => void setTimeout(() => process.kill(pid, "SIGINT"), milliseconds),
      });
      ({ code } = ended);
      assert.equal(ended.stdout, "");
      assert.deepEqual(readdirSync(at()), []);
      if (code !== null) assert.deepEqual([code, ended.stderr], [130, "error: interrupted\n"]);
    }
  });

  test("a published model by its name, from the cache", { skip: needsShared }, async () => {
    const at = out("published");
    const env = { KERAS_HOME: cacheWithWeights(at("keras")), MOBILENETV2_WEIGHTS_URL: await closedAddress() };
    const { code, stdout, stderr } = await runCli(["convert", "mobilenetv2_1.00_224", at("m.keras")], { env });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /\nclasses {2}tench, goldfish, .* \(1000 in all\)\n/);
    assert.match(stdout, /\ncheck {4}on seeded input the two differ by 0 at most\n/);
    const { classNames } = await loadModel(at("m.keras"));
    assert.deepEqual(
      classNames,
      imagenetClasses().map(({ label }) => label),
    );
    const absent = await runCli(["convert", "mobilenetv2_0.35_96", at("other.keras")], { env });
    assert.equal(absent.code, 1);
    assert.match(absent.stderr, /^error: .*Could not download .*0\.35_96\.h5/);
    assert.ok(!existsSync(at("other.keras")));
  });
});

async function report(...args: readonly string[]): Promise<Report> {
  const { code, stdout, stderr } = await runCli(["convert", ...args, "--json"]);
  assert.deepEqual([code, stderr], [0, ""]);
  return JSON.parse(stdout) as Report;
}

function labels(path: string, names: readonly string[]): string {
  writeFileSync(path, names.join("\n"));
  return path;
}
