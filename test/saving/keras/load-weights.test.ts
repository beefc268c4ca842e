/** Loading the files that Keras writes into the layers of small models, and everything that does not fit. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BatchNormalization } from "../../../src/layers/normalization/batch-normalization.ts";
import { Conv2D } from "../../../src/layers/convolutional/conv2d.ts";
import { Dense } from "../../../src/layers/core/dense.ts";
import type { Layer } from "../../../src/layers/layer.ts";
import { openHdf5 } from "../../../src/saving/hdf5/hdf5.ts";
import { readKerasH5 } from "../../../src/saving/keras/legacy-h5.ts";
import { loadAnyKerasWeights, loadKerasWeights } from "../../../src/saving/keras/load-weights.ts";
import { assertSeeded, fixture, nestedLayers, tinyLayers, versions } from "../tiny.ts";

function built<L extends Layer>(layer: L, ...shape: (number | null)[]): L {
  layer.build([shape]);
  return layer;
}

describe("loadKerasWeights", () => {
  for (const name of ["tiny.h5", "tiny-2018.h5", "tiny-model.h5", "tiny.weights.h5", "tiny.keras"]) {
    test(`${name}: by order or path, not by name; values exactly`, () => {
      const layers = tinyLayers("our_");
      loadKerasWeights(layers, fixture(name));
      assertSeeded(layers, "our_");
    });
  }

  for (const name of ["nested-model.h5", "nested.weights.h5"]) {
    test(`${name}: a model as a layer; values exactly`, () => {
      const layers = nestedLayers();
      loadKerasWeights(layers, fixture(name));
      assertSeeded(layers);
    });
  }

  test("bytes at an odd address are read all the same", () => {
    const bytes = fixture("tiny.h5");
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const layers = tinyLayers();
    loadKerasWeights(layers, shifted.subarray(3));
    assertSeeded(layers);
  });

  test("a file lists its layers with names, shapes and types", () => {
    const file = readKerasH5(openHdf5(fixture("tiny-2018.h5")));
    assert.deepEqual(
      file.layers.map(({ name, tensors }) => [
        name,
        tensors.map((tensor) => [tensor.name, tensor.shape, tensor.dtype]),
      ]),
      [
        ["conv", [["conv/kernel:0", [3, 3, 1, 2], "float32"]]],
        ["bn", ["gamma", "beta", "moving_mean", "moving_variance"].map((name) => [`bn/${name}:0`, [2], "float32"])],
        [
          "head",
          [
            ["head/kernel:0", [2, 3], "float32"],
            ["head/bias:0", [3], "float32"],
          ],
        ],
      ],
    );
  });
});

const conv = (filters = 2): Conv2D =>
  built(new Conv2D({ filters, kernelSize: 3, useBias: false, name: "c" }), null, 4, 4, 1);
const bn = (): BatchNormalization => built(new BatchNormalization({ name: "b" }), null, 2, 2, 2);
const dense = (useBias = true, units = 3): Dense => built(new Dense({ units, useBias, name: "d" }), null, 2);
const refused = (layers: readonly Layer[], file: string, message: RegExp): void => {
  const before = versions(layers);
  assert.throws(() => loadKerasWeights(layers, fixture(file)), { code: "ValueError", message });
  assert.equal(versions(layers), before);
};

describe("weights that do not fit: Keras's words, and no weight is touched", () => {
  test("another number of layers", () => {
    refused(
      [conv(), bn()],
      "tiny.h5",
      /^Layer count mismatch when loading weights from file\. Model expected 2 layers, found 3 saved layers\.$/,
    );
  });

  test("another number of weights in a layer", () => {
    refused(
      [conv(), bn(), dense(false)],
      "tiny.h5",
      /^Weight count mismatch for layer #2 \(named d in the current model, head in the save file\)\. Layer expects 1 weight\(s\)\. Received 2 saved weight\(s\)$/,
    );
  });

  test("another shape", () => {
    refused(
      [conv(), bn(), dense(true, 5)],
      "tiny.h5",
      /^Shape mismatch in layer #2 \(named d\) for weight d\/kernel\. Weight expects shape \(2, 5\)\. Received saved weight with shape \(2, 3\)$/,
    );
  });

  test("Keras 3: another number of weights, another shape", () => {
    refused(
      [conv(), bn(), dense(false)],
      "tiny.weights.h5",
      /^A total of 1 objects could not be loaded\. Example error message for object <Dense name=d, built=True>:\n\nLayer 'd' expected 1 variables, but received 2 variables during loading\. Expected: \['kernel'\]\n\nList of objects that could not be loaded:\n\[<Dense name=d, built=True>\]$/,
    );
    refused(
      [conv(7), bn(), dense()],
      "tiny.weights.h5",
      /variable\.shape=\(3, 3, 1, 7\), Received: value\.shape=\(3, 3, 1, 2\)/,
    );
    refused(
      [conv(), conv(), bn(), dense()],
      "tiny.weights.h5",
      /Layer 'c' expected 1 variables, but received 0 variables/,
    );
  });

  test("skipMismatch leaves out what differs and takes the rest", () => {
    for (const file of ["tiny.h5", "tiny.weights.h5"]) {
      const layers = [conv(), bn(), dense(true, 5)];
      loadKerasWeights(layers, fixture(file), { skipMismatch: true });
      // Of the last layer's weights only the shapes that differ, by order; the whole layer, by Keras 3's rules.
      assert.deepEqual(
        layers.map((layer) => layer.weights.map(({ version }) => version)),
        [[1], [1, 1, 1, 1], [0, 0]],
        file,
      );
    }
  });

  test("byName takes the layers whose names are in the file, others on both sides are left out", () => {
    const layers = tinyLayers();
    loadKerasWeights(layers, fixture("tiny.h5"), { byName: true });
    assertSeeded(layers);
    const other = [built(new Dense({ units: 3, name: "head" }), null, 2), dense()];
    loadKerasWeights(other, fixture("tiny.h5"), { byName: true });
    assert.deepEqual(
      other.map((layer) => versions([layer])),
      [2, 0],
    );
    assert.throws(() => loadKerasWeights(layers, fixture("tiny.weights.h5"), { byName: true }), {
      code: "UnsupportedError",
      message: /`byName` only supports/,
    });
  });
});

describe("NaN and infinity in weights", () => {
  for (const [file, value] of [
    ["tiny.h5", NaN],
    ["tiny.weights.h5", -Infinity],
  ] as const) {
    test(`${value} in ${file}: refused, or taken by an option`, () => {
      const bytes = fixture(file);
      const layers = tinyLayers();
      loadKerasWeights(layers, bytes);
      // The weight is a view onto the file: writing to it writes to the file.
      const head = layers.at(-1)?.weight("kernel");
      head?.values.fill(value, 4, 5);
      const before = versions(layers);
      assert.throws(() => loadKerasWeights(layers, bytes), {
        code: "FormatError",
        message: new RegExp(`^Tensor '.*' has NaN or infinity in it: ${value} at index 4\\.`),
      });
      assert.equal(versions(layers), before);
      loadKerasWeights(layers, bytes, { allowNonFinite: true });
      assert.equal(head?.values[4], value);
    });
  }
});

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

describe("what is no weights file", () => {
  const cases: readonly (readonly [string, Uint8Array, string, RegExp])[] = [
    ["nothing", new Uint8Array(0), "FormatError", /empty/],
    ["an HTML page", text("\uFEFF\n <!DOCTYPE html><html><title>404"), "FormatError", /web page/],
    ["another HTML page", text("<html lang=en>"), "FormatError", /web page/],
    ["an XML answer", text("<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"), "FormatError", /web page/],
    [
      "a Git LFS pointer",
      text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 14536120\n"),
      "FormatError",
      /Git LFS pointer.*git lfs pull/,
    ],
    ["JSON", text('{"modelTopology": {}}'), "UnsupportedError", /JSON/],
    ["random bytes", Uint8Array.of(1, 2, 3), "FormatError", /begins with the bytes 01 02 03/],
    ["an HDF5 file of something else", fixture("kinds.h5"), "FormatError", /holds no Keras weights/],
  ];
  for (const [name, bytes, code, message] of cases) {
    test(name, async () => {
      await assert.rejects(loadAnyKerasWeights([], bytes), { name: "MobileNetV2Error", code, message });
    });
  }

  test("loaded at once: an error that says what is read", () => {
    const expected = {
      code: "FormatError",
      message: /no weights file of Keras's\. loadWeights\(\) reads other formats/,
    };
    assert.throws(() => loadKerasWeights([], Uint8Array.of(1, 2, 3)), expected);
  });
});
