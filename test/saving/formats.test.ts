/** One table of cases for every format that is written: what comes back is what went in, and what does not fit is said. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { MobileNetV2Error } from "../../src/core/errors.ts";
import { weightsByPath } from "../../src/models/files/describe-model.ts";
import { type LoadModelOptions, loadAnyModel, loadModel, readCheckpoint } from "../../src/models/files/load-model.ts";
import { Model } from "../../src/models/model.ts";
import { writers } from "../../src/saving/formats.ts";
import { labelsText } from "../../src/saving/labels/labels.ts";
import { seedWeights, seededInput } from "../support/seeded.ts";
import { chosen, sourceOf } from "./files.ts";

const CLASSES = ["rose", "tulip", "ox-eye daisy", "Löwenzahn", "向日葵"];
/** Formats without a model in them: their weights go into one that is there. */
const WEIGHTS_ONLY = new Set(["weights.h5", "legacy-weights"]);
/** Formats with no place for names of classes. */
const WITHOUT_NAMES = new Set(["weights.h5", "legacy-weights", "torchvision", "timm"]);
/** Formats that keep float32 as it is, but fold or rename what is around: held to by their own tests. */
const CHANGING = new Set(["torchvision", "timm", "huggingface", "onnx", "tflite"]);

async function seeded(alpha = 0.35): Promise<Model> {
  const model = await MobileNetV2({ alpha, weights: null, inputShape: [32, 32, 3], classes: CLASSES.length });
  seedWeights(model, "formats");
  return model;
}

const model = await seeded();
model.classNames = CLASSES;

/** Teachable Machine has one scaling of its own, and refuses others. */
function prepare(format: string): void {
  model.preprocessing = format === "teachable-machine" ? { scale: 1 / 127, offset: -1 } : undefined;
}

for (const { id } of writers) {
  if (CHANGING.has(id)) continue;
  describe(id, () => {
    const files = (): ReturnType<Model["toFiles"]> => {
      prepare(id);
      return model.toFiles(id, `flowers.${id}`);
    };
    const load = async (options: LoadModelOptions = {}): Promise<Model> => {
      if (!WEIGHTS_ONLY.has(id)) {
        const loaded = await loadModel(chosen(await files()), options);
        assert.ok(loaded instanceof Model);
        return loaded;
      }
      const empty = await MobileNetV2({ alpha: 0.35, weights: null, inputShape: [32, 32, 3], classes: CLASSES.length });
      await empty.loadWeights(chosen(await files()), options);
      return empty;
    };

    test("a round trip: every float32 bit for bit, and the same answers", async () => {
      using loaded = await load();
      const own = weightsByPath(model);
      const theirs = weightsByPath(loaded);
      assert.deepEqual([...theirs.keys()].toSorted(), [...own.keys()].toSorted());
      for (const [path, { data }] of own) {
        assert.deepEqual(Buffer.from(bits(theirs.get(path)?.data)), Buffer.from(bits(data)), path);
      }
      const x = seededInput("formats", [2, 32, 32, 3]);
      assert.deepEqual((await loaded.predict(x)).data, (await model.predict(x)).data);
    });

    test("the file says what it is: format, tensors with names, shapes and types, one for every weight", async () => {
      const { format, tensors, weights } = await readCheckpoint(chosen(await files()));
      assert.match(format, /\w/);
      assert.equal(tensors.length, 262);
      assert.equal(weights.size, 262);
      assert.equal(
        tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
        model.countParams(),
      );
      assert.deepEqual(new Set(tensors.map(({ dtype }) => dtype)), new Set(["float32"]));
    });

    test(
      "layers, their order and their arguments come back",
      { skip: WEIGHTS_ONLY.has(id) && "has weights only" },
      async () => {
        const loaded = await load();
        assert.deepEqual(
          loaded.layers.map((layer) => [layer.className, layer.getConfig()]),
          model.layers.map((layer) => [layer.className, layer.getConfig()]),
        );
        assert.equal(loaded.name, model.name);
      },
    );

    test(
      "names of classes and the scaling of pixels come back",
      { skip: WITHOUT_NAMES.has(id) && "has no place for them" },
      async () => {
        const loaded = await load();
        assert.deepEqual(loaded.classNames, CLASSES);
        assert.deepEqual(loaded.preprocessing, model.preprocessing);
      },
    );

    test("weights for another width are refused, naming the first that does not fit; nothing is set", async () => {
      const other = await MobileNetV2({ alpha: 0.5, weights: null, inputShape: [32, 32, 3], classes: CLASSES.length });
      const versions = (): number => other.weights.reduce((sum, { version }) => sum + version, 0);
      const unset = versions();
      await assert.rejects(other.loadWeights(chosen(await files())), (error) => {
        assert.ok(error instanceof MobileNetV2Error);
        assert.equal(error.code, "ValueError");
        // The layers before it have the same widths.
        assert.match(error.message, /block_1_project/);
        return true;
      });
      assert.equal(versions(), unset);
    });

    test("NaN is refused, or taken by an option", async () => {
      const weight = model.weight("Conv_1/kernel");
      const { values } = weight;
      weight.assign(Float32Array.from(values, (value, i) => (i === 4 ? NaN : value)));
      try {
        await assert.rejects(load(), { code: "FormatError", message: /has NaN or infinity in it: NaN at index 4/ });
        const loaded = await load({ allowNonFinite: true });
        assert.ok(Number.isNaN(loaded.weight("Conv_1/kernel").values[4]));
      } finally {
        weight.assign(values);
      }
    });

    test("a file that is cut short is refused", async () => {
      const [main, ...others] = await files();
      assert.ok(main !== undefined);
      for (const share of [0.1, 0.5, 0.9, 0.999]) {
        const cut = { name: main.name, bytes: main.bytes.subarray(0, Math.floor(main.bytes.length * share)) };
        await assert.rejects(loadAnyModel(chosen([cut, ...others])), { name: "MobileNetV2Error" });
      }
      const [shard] = others;
      if (shard === undefined) return;
      await assert.rejects(loadAnyModel(chosen([main, { name: shard.name, bytes: shard.bytes.subarray(4) }])), {
        code: "FormatError",
      });
      await assert.rejects(loadAnyModel(sourceOf([main]).bytes), { code: "FormatError", message: /missing/ });
    });
  });
}

function bits(values: Float32Array | undefined): Uint8Array {
  return values === undefined ? new Uint8Array() : new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

describe("save() and saveWeights()", () => {
  let folder = "";
  before(async () => (folder = await mkdtemp(join(tmpdir(), "formats-"))));
  after(() => rm(folder, { recursive: true }));

  test("the ending says the format; nothing else is left in the folder", async () => {
    prepare("");
    for (const name of ["a.keras", "a.h5", "a.safetensors", "model.json"]) {
      await model.save(join(folder, name));
      using loaded = await loadModel(join(folder, name));
      assert.equal(loaded.countParams(), model.countParams(), name);
    }
    await model.saveWeights(join(folder, "w.weights.h5"));
    await model.saveWeights(join(folder, "w.h5"));
    assert.deepEqual((await readdir(folder)).toSorted(), [
      "a.h5",
      "a.keras",
      "a.safetensors",
      "model.json",
      "w.h5",
      "w.weights.h5",
      "weights.bin",
    ]);
    await assert.rejects(loadModel(join(folder, "w.h5")), {
      code: "ValueError",
      message: /^The file has weights only .* model\.loadWeights\(file\)/,
    });
  });

  test("a folder is made for a format of several files, and is a source", async () => {
    prepare("teachable-machine");
    const target = join(folder, "made", "here");
    await model.save(target, { format: "teachable-machine" });
    assert.deepEqual((await readdir(target)).toSorted(), ["metadata.json", "model.json", "weights.bin"]);
    using loaded = await loadModel(target);
    assert.deepEqual(loaded.classNames, CLASSES);
    prepare("");
  });

  test("labels.txt beside a file names its classes, where it has as many", async () => {
    const { classNames } = model;
    model.classNames = undefined;
    await mkdir(join(folder, "named"));
    await model.save(join(folder, "named", "a.keras"));
    model.classNames = classNames;
    await writeFile(join(folder, "named", "labels.txt"), labelsText(CLASSES));
    assert.deepEqual((await loadModel(join(folder, "named"))).classNames, CLASSES);
    await writeFile(join(folder, "named", "labels.txt"), "of\nanother\n");
    assert.equal((await loadModel(join(folder, "named", "a.keras"))).classNames, undefined);
  });

  test("an unknown ending or format is refused in Keras's words", async () => {
    await assert.rejects(model.save(join(folder, "a.xyz")), {
      code: "ValueError",
      message: /^Invalid filepath extension for saving\. Please add either a `\.keras` extension/,
    });
    await assert.rejects(model.save(join(folder, "a.keras"), { format: "pickle" }), {
      code: "ValueError",
      message: /^Unknown format: pickle\. Written are: keras, /,
    });
  });
});
