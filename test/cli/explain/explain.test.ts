import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import {
  Dense,
  GlobalAveragePooling2D,
  Input,
  Sequential,
  Tensor,
  loadImg,
  quantize,
  saveImg,
} from "../../../src/index.ts";
import { Conv2D } from "../../../src/public/layers.ts";
import { TestFolder } from "../../platform/folder.ts";
import { needsShared, sharedPath } from "../../support/shared.ts";
import { COLOURS } from "../colour-model.ts";
import { cacheWithWeights, closedAddress, runCli } from "../run-cli.ts";

interface Report {
  readonly model: Readonly<Record<string, unknown>>;
  readonly picture: string;
  readonly class: { readonly index: number; readonly label: string; readonly wnid?: string; readonly score: number };
  readonly method: string;
  readonly layer: string;
  readonly heatmap: { readonly rows: number; readonly cols: number; readonly values: readonly (readonly number[])[] };
  readonly output?: { readonly path: string; readonly width: number; readonly height: number };
}

function reportOf(stdout: string): Report {
  return JSON.parse(stdout) as Report;
}

/** [8, 8, 3] → red, green or blue: each pixel's own channel, kept by a convolution, and their means. */
function colourMaps(activation: "softmax" | null = "softmax"): Sequential {
  const identity = new Tensor([1, 1, 3, 3], Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1));
  const model = new Sequential([
    Input({ shape: [8, 8, 3] }),
    new Conv2D({ filters: 3, kernelSize: 1, useBias: false, activation: "relu", name: "pixels" }),
    new GlobalAveragePooling2D({ name: "pool" }),
    new Dense({ units: 3, useBias: false, activation, name: "colours" }),
  ]);
  model.setWeights([identity, identity.reshape([3, 3])]);
  model.classNames = COLOURS;
  return model;
}

describe("explain", { concurrency: 2 }, () => {
  let folder: TestFolder;
  let model: string;
  let photo: string;
  /** A picture of 40 × 20 whose left half is red, whose right half blue. */
  before(async () => {
    folder = new TestFolder();
    model = folder.file("colours.keras");
    await colourMaps().save(model);
    photo = folder.file("half.png");
    const data = new Uint8Array(40 * 20 * 3);
    for (let i = 0; i < 800; i++) data[i * 3 + (i % 40 < 20 ? 0 : 2)] = i % 40 < 20 ? 255 : 250;
    await saveImg(photo, { width: 40, height: 20, channels: 3, data });
  });
  after(() => folder[Symbol.dispose]());

  test("a heat map over the picture, in its size: bright where the class is", async () => {
    const output = folder.file("heat.png");
    const { code, stdout, stderr } = await runCli([
      "explain",
      photo,
      "-o",
      output,
      "--weights",
      model,
      "--opacity",
      "1",
    ]);
    assert.deepEqual([code, stderr], [0, ""]);
    const [first, best, how, where] = stdout.split("\n");
    assert.equal(first, photo);
    assert.match(best ?? "", /^ {2} \d\d\.\d % {2}█+.? +red$/);
    assert.equal(how, "  Grad-CAM of pixels, 8 × 8; pixels x / 127.5 − 1, assumed: the file does not say (--pixels)");
    assert.equal(where, `${output}, 40 × 20`);
    const { width, height, data } = await loadImg(output);
    assert.deepEqual([width, height], [40, 20]);
    // Viridis from bright to dark.
    assert.deepEqual([...data.subarray(0, 3)], [253, 231, 37]);
    assert.deepEqual([...data.subarray(-3)], [68, 1, 84]);
  });

  test("of a class by name or number, by both methods, as numbers", async () => {
    for (const [which, method] of [
      ["Blue", "grad-cam"],
      ["2", "cam"],
    ] as const) {
      const args = ["explain", photo, "--weights", model, "--class", which, "--method", method, "--json"];
      const { code, stdout, stderr } = await runCli(args);
      assert.deepEqual([code, stderr], [0, ""]);
      const report = reportOf(stdout);
      const pixels = { scale: 1 / 127.5, offset: -1, source: "assumed" };
      assert.deepEqual(report.model, { name: "sequential", weights: model, size: 8, pixels, classes: 3 });
      assert.deepEqual([report.picture, report.method, report.layer], [photo, method, "pixels"]);
      assert.deepEqual([report.class.index, report.class.label, report.output], [2, "blue", undefined]);
      assert.deepEqual([report.heatmap.rows, report.heatmap.cols], [8, 8]);
      // But for the two columns between which the picture changes, as resizing blurs it.
      for (const row of report.heatmap.values) assert.deepEqual(row.toSpliced(3, 2), [0, 0, 0, 1, 1, 1]);
    }
  });

  test("models with logits have probabilities; other formats, JPEG and standard input do as well", async () => {
    const logits = folder.file("logits.onnx");
    await colourMaps(null).save(logits);
    const output = folder.file("heat.jpg");
    const args = ["explain", "-", "-o", output, "--weights", logits, "--json", "--colormap", "turbo"];
    const { code, stdout, stderr } = await runCli(args, { input: readFileSync(photo) });
    assert.deepEqual([code, stderr], [0, ""]);
    const { picture, class: asked, output: written } = reportOf(stdout);
    assert.equal(picture, "standard input");
    assert.ok(asked.score > 1 / 3 && asked.score < 1, `score ${asked.score}`);
    assert.deepEqual(written, { path: output, width: 40, height: 20 });
    assert.equal((await loadImg(output)).width, 40);
  });

  test("a layer in a nested model, by its name or its path; names that are nearly one are told the near ones", async () => {
    const nested = folder.file("nested.keras");
    const layers = colourMaps().layers;
    const base = new Sequential({ name: "base", layers: [Input({ shape: [8, 8, 3] }), ...layers.slice(0, 1)] });
    const whole = new Sequential({ layers: [base, ...layers.slice(1)] });
    whole.classNames = COLOURS;
    await whole.save(nested);
    const args = ["explain", photo, "--json", "--class", "blue", "--weights", nested];
    for (const name of ["pixels", "base/pixels"]) {
      const { code, stdout, stderr } = await runCli([...args, "--layer", name]);
      assert.deepEqual([code, stderr], [0, ""]);
      const { layer, heatmap } = reportOf(stdout);
      assert.equal(layer, "base/pixels");
      for (const row of heatmap.values) assert.deepEqual(row.toSpliced(3, 2), [0, 0, 0, 1, 1, 1]);
    }
    const { code, stdout, stderr } = await runCli([...args, "--layer", "pixel"]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(
      stderr,
      /^error: .*nested\.keras: No such layer: pixel\. Did you mean base\/pixels\? Layers with feature maps/,
    );
  });

  const wrong: readonly (readonly [what: string, args: readonly string[], message: RegExp])[] = [
    ["no output", [], /^error: Name the picture to write, as in -o heat\.png; or --json for the numbers\.\n$/],
    [
      "a format that is not written",
      ["-o", "heat.gif"],
      /^error: The picture to write ends with .*Received: -o heat\.gif\n$/,
    ],
    [
      "a layer for a class activation map",
      ["--json", "--method", "cam", "--layer", "pixels"],
      /^error: .*--layer pixels\n$/,
    ],
    [
      "a class that is not there",
      ["--json", "--class", "green apple"],
      /^error: The model has no class of that name, or several: --class green apple\. Its 3 classes are red, green, blue; their numbers go from 0 to 2\.\n$/,
    ],
    ["a class number too large", ["--json", "--class", "3"], /^error: .*--class 3\. /],
    [
      "a layer that is not there",
      ["--json", "--layer", "conv"],
      /^error: .*colours\.keras: No such layer: conv\. Layers with feature maps, from the last: pixels\.\n$/,
    ],
    [
      "a layer without a feature map",
      ["--json", "--layer", "pool"],
      /^error: .*Layer 'pool' has no feature map: its output has the shape/,
    ],
  ];
  for (const [what, args, message] of wrong) {
    test(`${what} is an error of one line`, async () => {
      const { code, stdout, stderr } = await runCli(["explain", photo, "--weights", model, ...args]);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, message);
    });
  }

  test("wrong options are a wrong call", async () => {
    for (const args of [
      ["--opacity", "2"],
      ["--colormap", "jet"],
      ["--method", "lime"],
    ]) {
      const { code, stdout, stderr } = await runCli(["explain", photo, "-o", folder.file("none.png"), ...args]);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, new RegExp(`^error: option '${args[0]}`));
    }
    assert.ok(!existsSync(folder.file("none.png")));
  });

  test("pictures that are broken, and places that cannot be written to", async () => {
    const broken = folder.file("broken.jpg");
    writeFileSync(broken, "no picture");
    const bad = await runCli(["explain", broken, "-o", folder.file("none.png"), "--weights", model]);
    assert.deepEqual([bad.code, bad.stdout], [1, ""]);
    assert.match(bad.stderr, /^error: .*broken\.jpg: /);
    const nowhere = await runCli(["explain", photo, "-o", folder.file("broken.jpg/heat.png"), "--weights", model]);
    assert.deepEqual([nowhere.code, nowhere.stdout], [1, ""]);
    assert.match(nowhere.stderr, /^error: .*broken\.jpg/);
    const made = await runCli(["explain", photo, "-o", folder.file("missing/heat.png"), "--weights", model]);
    assert.equal(made.code, 0, made.stderr);
    assert.ok(existsSync(folder.file("missing/heat.png")), "folders are made");
  });

  test("models of integers have no gradient", async () => {
    const integers = folder.file("integers.safetensors");
    const quantized = await quantize(colourMaps(), new Tensor([1, 8, 8, 3], new Float32Array(192).fill(0.5)));
    await quantized.save(integers);
    const { code, stderr } = await runCli(["explain", photo, "--json", "--weights", integers]);
    assert.equal(code, 1);
    assert.match(stderr, /^error: .*integers\.safetensors: the model is of integers, which have no gradient\./);
  });

  test("ImageNet: a pug is where it is", { skip: needsShared }, async () => {
    const env = { KERAS_HOME: cacheWithWeights(folder.file("keras")), MOBILENETV2_WEIGHTS_URL: await closedAddress() };
    const pug = sharedPath("images/n02110958_pug.JPEG");
    const { code, stdout, stderr } = await runCli(["explain", pug, "--json", "--class", "n02110958"], { env });
    assert.deepEqual([code, stderr], [0, ""]);
    const { class: asked, layer, heatmap } = reportOf(stdout);
    assert.deepEqual([asked.index, asked.label, asked.wnid, layer], [254, "pug", "n02110958", "out_relu"]);
    // In the middle, not at the sides.
    const middle = heatmap.values.slice(2, 5).flatMap((row) => row.slice(2, 5));
    assert.equal(Math.max(...middle), 1);
    for (const row of heatmap.values) assert.ok((row[0] ?? 1) < 0.5 && (row[6] ?? 1) < 0.5);
  });

  test("a nested model's layers are found within", { skip: needsShared }, async () => {
    const nested = sharedPath("weights/nested_0.35_96.keras");
    const { code, stdout, stderr } = await runCli([
      "explain",
      photo,
      "--json",
      "--weights",
      nested,
      "--layer",
      "block_15_add",
    ]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(reportOf(stdout).layer, /^mobilenetv2_0\.35_96\/block_15_add$/);
  });
});
