/** TF.js layers models made by hand: order by topology, quantization, nested models, and manifests that lie. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { unitAt } from "../../../src/core/random.ts";
import { MobileNetV2Error } from "../../../src/core/errors.ts";
import type { Layer } from "../../../src/layers/layer.ts";
import { Network } from "../../../src/graph/network.ts";
import { loadModel } from "../../../src/models/files/load-model.ts";
import { parseJson } from "../../../src/saving/bytes/json.ts";
import { loadByOrder } from "../../../src/saving/keras/layer-order.ts";
import { type Shards, readTfjsLayers, tfjsShardPaths } from "../../../src/saving/tfjs/layers-model.ts";
import { chosen } from "../files.ts";
import { nestedLayers, tinyLayers, versions } from "../tiny.ts";

const LAYERS = ["image", "conv", "bn", "pool", "drop", "head"];

/** The tiny model's tensors, sorted by name as the converter sorts them; value i of the file is i / 16. */
const SPECS = [
  { name: "bn/gamma", shape: [2], dtype: "float32" },
  { name: "bn/beta", shape: [2], dtype: "float32" },
  { name: "bn/moving_mean", shape: [2], dtype: "float32" },
  { name: "bn/moving_variance", shape: [2], dtype: "float32" },
  { name: "conv/kernel", shape: [3, 3, 1, 2], dtype: "float32" },
  { name: "head/kernel", shape: [2, 3], dtype: "float32" },
  { name: "head/bias", shape: [3], dtype: "float32" },
];
const COUNT = 35;
const SHARDS = { a: values(20).slice(0, 80), b: values(COUNT).slice(80) };

function values(count: number): Uint8Array {
  return new Uint8Array(Float32Array.from({ length: count }, (_, i) => i / 16).buffer);
}

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function model(
  weights: readonly object[] = SPECS,
  paths: readonly unknown[] = ["a", "b"],
  layers: readonly object[] = LAYERS.map((name) => ({ class_name: "Any", config: { name } })),
): object {
  return {
    modelTopology: { keras_version: "2.2.4", model_config: { class_name: "Model", config: { name: "tiny", layers } } },
    weightsManifest: [{ paths, weights }],
  };
}

function shardsOf(shards: Readonly<Record<string, Uint8Array>>): (path: string) => Uint8Array | undefined {
  const byPath = new Map(Object.entries(shards));
  return (path) => byPath.get(path);
}

/** By layer order; layers of nested models count one by one. */
function loadTfjsInto(layers: readonly Layer[], modelJson: Uint8Array, shards: Shards): void {
  loadByOrder(flattened(layers), readTfjsLayers(parseJson(modelJson), shards), {});
}

function flattened(layers: readonly Layer[]): readonly Layer[] {
  return layers.flatMap((layer) => (layer instanceof Network ? flattened(layer.layers) : [layer]));
}

/** The values of all weights times 16, layer by layer. */
function loaded(layers: ReturnType<typeof tinyLayers>): number[][] {
  return layers
    .filter((layer) => layer.weights.length > 0)
    .map((layer) => layer.weights.flatMap((weight) => [...weight.values].map((value) => value * 16)));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

describe("TF.js layers models", () => {
  test("layers in the order of the topology, whatever that of the manifest; two shards", () => {
    const layers = tinyLayers("our_");
    assert.deepEqual(tfjsShardPaths(parseJson(bytes(model()))), ["a", "b"]);
    loadTfjsInto(layers, bytes(model()), shardsOf(SHARDS));
    assert.deepEqual(loaded(layers), [range(8, 26), range(0, 8), range(26, 35)]);
  });

  test("uint8, uint16 and float16, value by value; the optimizer's tensors are left out", () => {
    const file = readTfjsLayers(
      parseJson(
        bytes(
          model(
            [
              { name: "conv/a", shape: [2], dtype: "float32", quantization: { dtype: "uint8", min: -1, scale: 0.5 } },
              { name: "conv/b", shape: [1], dtype: "float32", quantization: { dtype: "uint16", min: 0, scale: 0.001 } },
              { name: "bn/c", shape: [2, 1], dtype: "float32", quantization: { dtype: "float16" } },
              { name: "bn/d", shape: [], dtype: "int32" },
              { name: "adam/m", shape: [1], dtype: "uint8", group: "optimizer" },
            ],
            ["a"],
          ),
        ),
      ),
      shardsOf({ a: Uint8Array.of(0, 255, 0xff, 0xff, 0x00, 0x3c, 0x00, 0xc0, 0xfe, 0xff, 0xff, 0xff, 9) }),
    );
    assert.deepEqual(
      file.layers.map(({ name, tensors }) => [name, ...tensors.map((t) => [t.name, t.dtype, t.shape, [...t.read()]])]),
      [
        ["conv", ["conv/a", "uint8", [2], [-1, 126.5]], ["conv/b", "uint16", [1], [Math.fround(65.535)]]],
        ["bn", ["bn/c", "float16", [2, 1], [1, -2]], ["bn/d", "int32", [], [-2]]],
      ],
    );
  });

  test("nested models, and topologies that tfjs-layers itself saves", () => {
    const layers = nestedLayers();
    const inner = LAYERS.map((name) => ({ class_name: "Any", name, config: { name } }));
    const description = {
      format: "layers-model",
      modelTopology: {
        class_name: "Sequential",
        config: [
          { class_name: "Functional", config: { name: "tiny", layers: inner } },
          { class_name: "Dense", config: { name: "last" } },
        ],
      },
      weightsManifest: [
        {
          paths: ["a"],
          weights: [
            ...SPECS,
            { name: "last/kernel", shape: [3, 2], dtype: "float32" },
            { name: "last/bias", shape: [2], dtype: "float32" },
          ],
        },
      ],
    };
    loadTfjsInto(layers, bytes(description), shardsOf({ a: values(COUNT + 8) }));
    assert.deepEqual(
      layers.at(-1)?.weights.flatMap((weight) => [...weight.values]),
      range(35, 43).map((n) => n / 16),
    );
  });
});

describe("manifests that lie", () => {
  const changed = (change: object): readonly object[] =>
    SPECS.map((spec, i) => (i === 4 ? { ...spec, ...change } : spec));
  const quantized = (quantization: object): readonly object[] => changed({ quantization });
  const cases: readonly (readonly [string, object, string, RegExp])[] = [
    ["no manifest", { modelTopology: {} }, "FormatError", /`weightsManifest` of model\.json should be a list/],
    ["a graph model", { ...model(), format: "graph-model" }, "UnsupportedError", /graph model/],
    ["no topology", { ...model(), modelTopology: null }, "FormatError", /list of layers/],
    ["a missing shard", model(SPECS, ["a", "c"]), "FormatError", /shard 'c' .* is missing/],
    [
      "a shard too many",
      model(SPECS, ["a", "b", "b"]),
      "FormatError",
      /have 200 bytes; the manifest's tensors take 140/,
    ],
    ["a shape of 2^53", model(changed({ shape: [2 ** 53] })), "FormatError", /whole numbers/],
    ["a product of 2^104", model(changed({ shape: [2 ** 52, 2 ** 52] })), "FormatError", /have only 108 left/],
    ["a negative axis", model(changed({ shape: [-1, -18] })), "FormatError", /whole numbers/],
    ["a fractional axis", model(changed({ shape: [1.5, 12] })), "FormatError", /whole numbers/],
    ["a textual axis", model(changed({ shape: ["18"] })), "FormatError", /whole numbers/],
    ["a textual shape", model(changed({ shape: "18" })), "FormatError", /should be a list/],
    ["a name twice", model(changed({ name: "head/bias" })), "FormatError", /two tensors of one name/],
    ["a stray tensor", model(changed({ name: "nowhere/kernel" })), "FormatError", /belongs to no layer/],
    ["no name", model(changed({ name: 7 })), "FormatError", /should be a text/],
    ["an unknown dtype", model(changed({ dtype: "string" })), "UnsupportedError", /dtype string/],
    ["an unknown quantization", model(quantized({ dtype: "int4" })), "UnsupportedError", /quantised as int4/],
    [
      "a scale without value",
      model(quantized({ dtype: "uint8", min: 0 })),
      "FormatError",
      /scale of tensor 'conv\/kernel'/,
    ],
    ["another shape", model(changed({ shape: [3, 3, 2, 1] })), "ValueError", /Shape mismatch in layer #0/],
  ];
  for (const [name, description, code, message] of cases) {
    test(`${name}: ${code}, and no weight is set`, () => {
      const layers = tinyLayers();
      assert.throws(() => loadTfjsInto(layers, bytes(description), shardsOf(SHARDS)), {
        name: "MobileNetV2Error",
        code,
        message,
      });
      assert.equal(versions(layers), 0);
    });
  }

  for (const path of [
    "../a",
    "x/../../a",
    "/etc/passwd",
    "C:\\a",
    "..\\a",
    "https://example.org/a",
    "//example.org/a",
    "file:a",
    "%2e%2e/a",
    "a\0b",
    "",
    ".",
    "x//a",
    "a?b",
    "a#b",
    "a".repeat(2000),
    7,
    null,
  ]) {
    test(`the path ${JSON.stringify(path)?.slice(0, 40)} is refused, and nothing is asked for`, () => {
      const description = bytes(model(SPECS, [path]));
      const shards = (): never => assert.fail("a shard was asked for");
      for (const act of [
        () => tfjsShardPaths(parseJson(description)),
        () => loadTfjsInto(tinyLayers(), description, shards),
      ]) {
        assert.throws(act, { name: "MobileNetV2Error", code: "FormatError", message: /[Pp]ath/ });
      }
    });
  }

  test("2000 seeded mutants of a model.json: our errors, or all weights", () => {
    const original = bytes(model());
    const layers = tinyLayers();
    for (let i = 0; i < 2000; i++) {
      const mutant = original.slice();
      for (let change = 0; change <= i % 3; change++) {
        mutant[Math.floor(unitAt(i, 2 * change) * mutant.length)] = 32 + Math.floor(unitAt(i, 2 * change + 1) * 95);
      }
      const before = versions(layers);
      try {
        loadTfjsInto(layers, mutant, shardsOf(SHARDS));
        assert.equal(versions(layers), before + 7);
      } catch (error) {
        assert.ok(error instanceof MobileNetV2Error, String(error));
        assert.equal(versions(layers), before);
      }
    }
  });
});

test("a layer of a class that is not read is named: an Embedding with its weights is no broken file", async () => {
  const embedding = { name: "words", batch_input_shape: [null, 4], input_dim: 10, output_dim: 3 };
  const json = {
    modelTopology: {
      model_config: {
        class_name: "Sequential",
        config: { name: "s", layers: [{ class_name: "Embedding", config: embedding }] },
      },
    },
    weightsManifest: [{ paths: ["w.bin"], weights: [{ name: "words/embeddings", shape: [10, 3], dtype: "float32" }] }],
  };
  const files = [
    { name: "model.json", bytes: new TextEncoder().encode(JSON.stringify(json)) },
    { name: "w.bin", bytes: new Uint8Array(120) },
  ];
  await assert.rejects(loadModel(chosen(files)), {
    code: "UnsupportedError",
    message: /'words' is of class Embedding/,
  });
});
