/** `classify --weights` with checkpoints of other origins: their pictures, their classes, logits. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import {
  Dense,
  GlobalAveragePooling2D,
  Input,
  MobileNetV2,
  Model,
  Sequential,
  Tensor,
  quantize,
  zeros,
} from "../../../src/index.ts";
import { encodeImg } from "../../../src/public/image.ts";
import { TestFolder } from "../../platform/folder.ts";
import { runCli } from "../run-cli.ts";

interface Report {
  readonly model: Readonly<Record<string, unknown>>;
  readonly pictures: readonly {
    readonly predictions: readonly { readonly label: string; readonly score: number }[];
  }[];
}

describe("classify with files", { concurrency: 2 }, () => {
  let folder: TestFolder;
  let picture: string;
  let model: Model;

  before(async () => {
    folder = new TestFolder();
    picture = folder.file("picture.png");
    const data = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * 37) % 256);
    writeFileSync(picture, await encodeImg({ width: 32, height: 32, channels: 3, data }, { fileFormat: "png" }));
    model = await MobileNetV2({ alpha: 0.35, weights: null, inputShape: [32, 32, 3], classes: 4 });
    model.classNames = ["ant", "bee", "cat", "dog"];
    mkdirSync(folder.file("hub"));
    await model.save(folder.file("hub/model.safetensors"), { format: "huggingface" });
    await model.save(folder.file("m.keras"));
    await model.save(folder.file("m.onnx"));
    await model.saveWeights(folder.file("w.weights.h5"));
    const quantized = await quantize(model, zeros([1, 32, 32, 3]));
    await quantized.save(folder.file("int8.safetensors"));
  });
  after(() => folder[Symbol.dispose]());

  async function report(...args: readonly string[]): Promise<Report> {
    const { code, stdout, stderr } = await runCli(["classify", picture, "--json", "--weights", ...args]);
    assert.deepEqual([code, stderr], [0, ""], stderr);
    return JSON.parse(stdout) as Report;
  }

  test("size, names and alpha come from the file; a folder of a hub, ONNX and integers answer alike", async () => {
    const { model: facts, pictures } = await report(folder.file("m.keras"));
    assert.deepEqual(facts, {
      name: "mobilenetv2_0.35_32",
      weights: folder.file("m.keras"),
      alpha: 0.35,
      size: 32,
      pixels: { scale: 1 / 127.5, offset: -1, source: "assumed" },
      classes: 4,
    });
    const expected = pictures[0]?.predictions ?? [];
    assert.deepEqual(expected.map(({ label }) => label).toSorted(), ["ant", "bee", "cat", "dog"]);
    for (const other of ["hub", "m.onnx"]) {
      const { pictures: found } = await report(folder.file(other));
      assert.deepEqual(
        found[0]?.predictions.map(({ label, score }) => [label, score.toFixed(4)]),
        expected.map(({ label, score }) => [label, score.toFixed(4)]),
        other,
      );
    }
    const integers = await report(folder.file("int8.safetensors"));
    assert.deepEqual([integers.model["alpha"], integers.model["size"]], [0.35, 32]);
    assert.equal(integers.pictures[0]?.predictions.length, 4);
  });

  test("weights alone: alpha and classes by their shapes, the size by an option", async () => {
    const { model: facts, pictures } = await report(folder.file("w.weights.h5"), "--size", "32");
    assert.deepEqual([facts["alpha"], facts["size"], facts["classes"]], [0.35, 32, 4]);
    assert.ok(pictures[0]?.predictions.every(({ label }) => /^class [0-3]$/.test(label)));
  });

  test("logits become probabilities; 1001 classes begin with the background", async () => {
    const input = Input({ shape: [8, 8, 3] });
    const x = new GlobalAveragePooling2D().apply(input);
    const logits = new Model({ inputs: input, outputs: new Dense({ units: 1001 }).apply(x) });
    const last = logits.layers.at(-1)?.weights.at(-1);
    last?.assign(Float32Array.from({ length: 1001 }, (_, i) => (i === 0 ? 50 : i === 1 ? 49 : 0)));
    await logits.save(folder.file("google.keras"));
    const { model: facts, pictures } = await report(folder.file("google.keras"), "--top", "2");
    assert.deepEqual([facts["alpha"], facts["size"], facts["classes"]], [undefined, 8, 1001]);
    const [first, second] = pictures[0]?.predictions ?? [];
    assert.deepEqual([first?.label, second?.label], ["background", "tench"]);
    assert.ok(Math.abs((first?.score ?? 0) + (second?.score ?? 0) - 1) < 1e-3);
  });

  test("several outputs: each by its name, classes with their names, other values as they are (within 1e-6)", async () => {
    const input = Input({ shape: [8, 8, 3] });
    const x = new GlobalAveragePooling2D().apply(input);
    const kind = new Dense({ units: 3, activation: "softmax", name: "kind" });
    const box = new Dense({ units: 2, name: "box" });
    using several = new Model({ inputs: input, outputs: [kind.apply(x), box.apply(x)] });
    several.classNames = ["one", "two", "three"];
    kind.setWeights([zeros([3, 3]), new Tensor([3], Float32Array.of(0, Math.log(2), 0))]);
    box.setWeights([zeros([3, 2]), new Tensor([2], Float32Array.of(-0.25, 123.5))]);
    await several.save(folder.file("several.keras"));
    const run = ["classify", picture, "--weights", folder.file("several.keras"), "--top", "1"];
    const [text, json] = await Promise.all([runCli(run), runCli([...run, "--json"])]);
    assert.deepEqual([text.code, json.code], [0, 0], text.stderr + json.stderr);
    assert.match(text.stdout, /^.*picture\.png\n {2}kind\n +50\.0 % {2}█+ +two\n {2}box\n {2}-0\.25 {2}123\.5\n/);
    const { pictures } = JSON.parse(json.stdout) as { pictures: readonly { readonly outputs: readonly object[] }[] };
    assert.deepEqual(pictures[0]?.outputs, [
      { name: "kind", predictions: [{ wnid: "1", label: "two", score: 0.5 }] },
      { name: "box", shape: [2], values: [-0.25, 123.5] },
    ]);
  });

  test("a folder: all of its pictures, those that cannot be read as errors", async () => {
    const photos = folder.file("photos");
    mkdirSync(`${photos}/below`, { recursive: true });
    copyFileSync(picture, `${photos}/below/a.png`);
    writeFileSync(`${photos}/b.png`, "no picture");
    copyFileSync(picture, `${photos}/c.png`);
    const { code, stdout, stderr } = await runCli([photos, "--json", "--weights", folder.file("m.keras")]);
    assert.equal(code, 1);
    assert.match(stderr, /^error: .*b\.png: .*\n$/);
    const { pictures } = JSON.parse(stdout) as { pictures: readonly { picture: string; error?: object }[] };
    assert.deepEqual(
      pictures.map((one) => [one.picture.slice(photos.length), one.error !== undefined]),
      [
        ["/b.png", true],
        ["/below/a.png", false],
        ["/c.png", false],
      ],
    );
  });

  test("NaN is no answer: an error that names the picture, also in JSON", async () => {
    const broken = new Sequential([
      Input({ shape: [8, 8, 3] }),
      new GlobalAveragePooling2D(),
      new Dense({ units: 1, useBias: true }),
      new Dense({ units: 2, useBias: false }),
    ]);
    // Finite, but their product is not.
    broken.setWeights([
      zeros([3, 1]),
      new Tensor([1], Float32Array.of(3e38)),
      new Tensor([1, 2], Float32Array.of(3e38, 1)),
    ]);
    await broken.save(folder.file("nan.keras"));
    const { code, stdout, stderr } = await runCli([
      "classify",
      picture,
      "--json",
      "--weights",
      folder.file("nan.keras"),
    ]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error: .*picture\.png: Model 'sequential\S*' answers with NaN or infinity: its weights or its input are broken/,
    );
    assert.match(stdout, /"code": "ValueError"/);
    assert.doesNotMatch(stdout, /null|NaN"/);
  });

  test("what cannot classify is refused in one line that names the file", async () => {
    const features = new Sequential([Input({ shape: [8, 8, 3] }), new GlobalAveragePooling2D()]);
    await features.save(folder.file("features.keras"));
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [["features.keras"], /features\.keras: The model has no classifier: it answers with features of shape \(3\)/],
      [["m.keras", "--size", "64"], /m\.keras: The model takes pictures of 32 × 32 × 3\. Received: --size 64/],
      [["m.keras", "--alpha", "1"], /m\.keras: The file has its own model, of alpha 0\.35\. Received: --alpha 1/],
      [["w.weights.h5", "--alpha", "1"], /w\.weights\.h5: The weights are of alpha 0\.35\. Received: --alpha 1/],
      [["none.keras"], /none\.keras: there is no such file/],
    ];
    await Promise.all(
      cases.map(async ([[name = "", ...options], message]) => {
        const { code, stdout, stderr } = await runCli([
          "classify",
          picture,
          "--weights",
          folder.file(name),
          ...options,
        ]);
        assert.deepEqual([code, stdout], [1, ""], name);
        assert.match(stderr, message);
        assert.equal(stderr.split("\n").length, 2, stderr);
      }),
    );
  });
});
