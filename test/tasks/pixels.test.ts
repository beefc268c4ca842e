/** The scaling of pixels: by name or by numbers, by the user before the file, and in what is made of it. */
import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { readFileSync } from "node:fs";
import { Dense, GlobalAveragePooling2D, Input, MobileNetV2, Rescaling, Sequential, Tensor } from "../../src/index.ts";
import { loadAnyModel } from "../../src/public/saving.ts";
import {
  type PixelFacts,
  type Pixels,
  loadBase,
  loadClassifier,
  loadExtractor,
  pictureFormat,
  withHead,
} from "../../src/public/tasks.ts";
import { isSameScaling, pixelFacts, scalingOf } from "../../src/tasks/pixels.ts";
import { picturePath } from "../image/pictures.ts";
import { assertWithin } from "../support/compare.ts";

/** A classifier whose answer is the means of the channels, as they come in. */
function meansModel(first: readonly Rescaling[] = []): Sequential {
  const model = new Sequential([
    Input({ shape: [4, 4, 3] }),
    ...first,
    new GlobalAveragePooling2D(),
    new Dense({ units: 3, activation: "linear", useBias: false }),
  ]);
  model.setWeights([new Tensor([3, 3], Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1))]);
  return model;
}

const picture = readFileSync(picturePath("plain.tif"));

suite("scaling of pixels", () => {
  let silent: Uint8Array;
  before(async () => {
    silent = await meansModel().toBytes("keras");
  });

  test("by name, by two numbers or by numbers for each channel: within 1e-5 of x × scale + offset", async () => {
    const means = async (pixels?: Pixels) => {
      using extractor = await loadExtractor({ weights: silent, pixels });
      return { vector: await extractor.embed(picture), pixels: extractor.facts.pixels };
    };
    const { vector: raw } = await means("0..255");
    const cases: readonly (readonly [
      Pixels | undefined,
      (x: number, channel: number) => number,
      PixelFacts["source"],
    ])[] = [
      [undefined, (x) => x / 127.5 - 1, "assumed"],
      ["-1..1", (x) => x / 127.5 - 1, "option"],
      ["0..1", (x) => x / 255, "option"],
      ["torch", (x, c) => (x / 255 - [0.485, 0.456, 0.406][c]!) / [0.229, 0.224, 0.225][c]!, "option"],
      [{ scale: 0.5, offset: 3 }, (x) => x * 0.5 + 3, "option"],
      [{ scale: [1, 2, 3], offset: [4, 5, 6] }, (x, c) => x * (c + 1) + c + 4, "option"],
    ];
    for (const [pixels, scaled, source] of cases) {
      const found = await means(pixels);
      assertWithin(found.vector, Float32Array.from(raw, scaled), 1e-5 * 255);
      assert.equal(found.pixels.source, source);
    }
  });

  test("the user's comes before the file's, the file's before Keras's; a classifier keeps it in model.preprocessing", async () => {
    const told = meansModel();
    told.preprocessing = { scale: 1 / 255, offset: 0 };
    const bytes = await told.toBytes("keras");
    for (const [weights, pixels, source, scale] of [
      [bytes, undefined, "file", 1 / 255],
      [bytes, "0..255", "option", 1],
      [silent, undefined, "assumed", 1 / 127.5],
    ] as const) {
      using classifier = await loadClassifier({ weights, pixels });
      assert.deepEqual([classifier.pixels.source, classifier.pixels.scale], [source, scale]);
      assert.equal(classifier.model.preprocessing?.scale, source === "assumed" ? undefined : scale);
    }
    const { pixels } = pictureFormat([4, 4, 3], { preprocessing: { scale: 2, offset: 1 } });
    assert.deepEqual(pixels, { scale: 2, offset: 1, source: "file" });
  });

  test("a new head scales pixels as the base was trained: by the option, the Rescaling inside, the file, or Keras", async () => {
    const weights = { alpha: 0.35, weights: null, inputShape: [32, 32, 3] } as const;
    const base = await MobileNetV2({ ...weights, includeTop: false });
    const inner = { base, alpha: 0.35, weights: "random", preprocessing: { scale: 1 / 255, offset: 0 } };
    const headed = withHead(inner, { classNames: ["a", "b"], size: 32 });
    assert.deepEqual(rescalingOf(headed.layers), { scale: 1 / 255, offset: 0 });
    const plain = await MobileNetV2({ ...weights, classes: 2 });
    plain.preprocessing = { scale: 3, offset: 4 };
    const cases = [
      [await headed.toBytes("keras"), undefined, { scale: 1 / 255, offset: 0 }],
      [await headed.toBytes("keras"), "-1..1", { scale: 1 / 127.5, offset: -1 }],
      [await plain.toBytes("keras"), undefined, { scale: 3, offset: 4 }],
      [null, undefined, { scale: 1 / 127.5, offset: -1 }],
    ] as const;
    for (const [source, pixels, expected] of cases) {
      const found = await loadBase({ weights: source, alpha: 0.35, size: 32, pixels });
      assert.deepEqual(found.preprocessing, expected);
    }
  });

  test("a scaling of 0, of no numbers or of no name is refused", () => {
    for (const [wrong, message] of [
      ["0..2", /^There is no scaling of that name\. Expected "-1\.\.1", .* Received: pixels="?0\.\.2/],
      [{ scale: 0, offset: 1 }, /^A scale of 0 makes all pictures the same/],
      [{ scale: Number.NaN, offset: 1 }, /^A scaling has a scale and an offset, of finite numbers/],
      [{ scale: [], offset: 1 }, /^A scaling has/],
      [null, /^A scaling has/],
      [7, /^A scaling has/],
    ] as const) {
      assert.throws(() => scalingOf(wrong as Pixels), { code: "ValueError", message });
    }
    assert.ok(isSameScaling(pixelFacts("torch", undefined), scalingOf("torch")));
    assert.ok(!isSameScaling(scalingOf("torch"), scalingOf("0..1")));
  });

  test("a file with an impossible scaling, or more or fewer names than outputs, is refused as broken", async () => {
    for (const format of ["h5", "safetensors"] as const) {
      const change = { preprocessing: { scale: 7, offset: 0 }, classNames: ["a", "b", "c"] };
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const text = Buffer.from(await Object.assign(meansModel(), change).toBytes(format)).toString("latin1");
      for (const [from, to, message] of [
        [/(scale\\?":)7/, "$10", /pixels are scaled to x × 0 \+ 0: the scale should be finite and not 0/],
        [
          /b\\?",\s?\\?"c/,
          (found: string) => "b".padEnd(found.length, "x"),
          /names 2 classes, but its model answers with 3/,
        ],
      ] as const) {
        const broken = Buffer.from(typeof to === "string" ? text.replace(from, to) : text.replace(from, to), "latin1");
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await assert.rejects(loadAnyModel(broken), { code: "FormatError", message }, format);
      }
    }
  });
});

function rescalingOf(layers: readonly unknown[]): object | undefined {
  const layer = layers.find((one) => one instanceof Rescaling);
  return layer && { scale: layer.scale, offset: layer.offset };
}
