/** Configs and archives that mean harm: refused by errors that say why; nothing in them is run, followed or believed. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadAnyModel } from "../../src/models/files/load-model.ts";
import { modelFromDescription } from "../../src/models/files/model-from-description.ts";
import type { LayerDescription, ModelDescription } from "../../src/saving/checkpoint.ts";
import { openCheckpoint } from "../../src/saving/formats.ts";
import { writeZip } from "../../src/saving/zip/write.ts";
import { zipMember } from "../../src/saving/zip/zip.ts";
import { chosen, deflatedZip, savingFixture } from "./files.ts";
import { work } from "../support/work.ts";

const archive = savingFixture("keras/keras-twice.keras");

interface Config {
  class_name: string;
  module?: string | null;
  registered_name?: string | null;
  config: Record<string, unknown> & { layers: Item[] };
}

interface Item {
  class_name: string;
  module?: string | null;
  registered_name?: string | null;
  name: string;
  config: Record<string, unknown>;
  inbound_nodes: unknown[];
}

function member(name: string): Uint8Array {
  const bytes = zipMember(archive, name);
  assert.ok(bytes !== undefined);
  return bytes;
}

/** The model of two applications within, its config changed. */
function withConfig(change: (config: Config) => void): Uint8Array {
  const config = JSON.parse(new TextDecoder().decode(member("config.json"))) as Config;
  change(config);
  return withText(JSON.stringify(config));
}

function withText(config: string): Uint8Array {
  return writeZip([
    { name: "config.json", bytes: new TextEncoder().encode(config) },
    { name: "model.weights.h5", bytes: member("model.weights.h5") },
  ]);
}

function layer(config: Config, name: string): Item {
  const found = config.config.layers.find((one) => one.name === name);
  assert.ok(found !== undefined);
  return found;
}

function tensor(name: string, node = 0): unknown {
  return {
    args: [{ class_name: "__keras_tensor__", config: { shape: [], dtype: "float32", keras_history: [name, node, 0] } }],
    kwargs: {},
  };
}

describe("Keras configs", () => {
  const cases: readonly (readonly [string, (config: Config) => void, string, RegExp])[] = [
    ["a Lambda", (c) => (layer(c, "add").class_name = "Lambda"), "UnsupportedError", /'add' is a Lambda: Python code/],
    [
      "a class that nobody knows",
      (c) => (layer(c, "add").class_name = "Teleport"),
      "UnsupportedError",
      /Layer 'add' is of class Teleport, which is not read here/,
    ],
    [
      "a foreign module",
      (c) => (layer(c, "add").module = "os.path"),
      "UnsupportedError",
      /custom object, 'os\.path\.Add'/,
    ],
    [
      "a module that only begins as Keras",
      (c) => (layer(c, "add").module = "keras_evil.layers"),
      "UnsupportedError",
      /custom object/,
    ],
    [
      "a registered class of a package",
      (c) => (layer(c, "add").registered_name = "Evil>Add"),
      "UnsupportedError",
      /custom object, 'Evil>Add'/,
    ],
    ["a model of a class of its own", (c) => (c.class_name = "MyModel"), "UnsupportedError", /holds a 'MyModel'/],
    [
      "a foreign initializer",
      (c) => {
        const inner = (layer(c, "inner").config as unknown as Config["config"]).layers[1];
        if (inner !== undefined)
          inner.config.kernel_initializer = { module: "evil", class_name: "Zeros", config: {}, registered_name: null };
      },
      "UnsupportedError",
      /An argument of Layer 'c'.*custom object/,
    ],
    ["a name that is used twice", (c) => (layer(c, "add").name = "inputs"), "FormatError", /"inputs" is used 2 times/],
    [
      "a circle",
      (c) => (layer(c, "inner").inbound_nodes = [tensor("inner", 1), tensor("inner", 0)]),
      "FormatError",
      /either has loops or disconnected nodes/,
    ],
    [
      "a layer that is applied to itself",
      (c) => (layer(c, "inner").inbound_nodes = [tensor("inner")]),
      "FormatError",
      /loops/,
    ],
    [
      "a layer that is nowhere",
      (c) => (layer(c, "inner").inbound_nodes = [tensor("nowhere")]),
      "FormatError",
      /Missing node: nowhere/,
    ],
    [
      "an application that is not there",
      (c) => (c.config.output_layers = ["add", 7, 0]),
      "FormatError",
      /no tensor \(add, 7, 0\)/,
    ],
    [
      "an input that takes something",
      (c) => (layer(c, "inputs").inbound_nodes = [tensor("inner")]),
      "FormatError",
      /takes no tensors/,
    ],
    [
      "a layer without a call",
      (c) => (layer(c, "add").inbound_nodes = [{ args: [], kwargs: {} }]),
      "FormatError",
      /applied to no tensor/,
    ],
    [
      "an index that is none",
      (c) => (layer(c, "inner").inbound_nodes = [tensor("inputs", -1)]),
      "FormatError",
      /whole numbers of 0 or more/,
    ],
    [
      "a mask as an argument",
      (c) => (layer(c, "add").inbound_nodes = [{ ...(tensor("inner") as object), kwargs: { mask: true } }]),
      "UnsupportedError",
      /called with mask=true/,
    ],
    [
      "10,001 layers",
      (c) => {
        const one = layer(c, "add");
        c.config.layers.push(
          ...Array.from({ length: 10_001 }, (_, i) => ({ ...one, name: `add_${i}`, config: {}, inbound_nodes: [] })),
        );
      },
      "LimitError",
      /more than 10000 layers/,
    ],
    [
      "integers as a dtype policy",
      (c) => (layer(c, "add").config.dtype = { class_name: "QuantizedDTypePolicy", config: { mode: "int8" } }),
      "UnsupportedError",
      /dtype policy/,
    ],
    [
      "a Dense of 2^53 units",
      (c) => {
        const { layers } = layer(c, "stack").config as unknown as Config["config"];
        const dense = layers.at(-1);
        if (dense !== undefined) dense.config.units = 2 ** 53 - 1;
      },
      "LimitError",
      /The limit is/,
    ],
    [
      "another width than the weights",
      (c) => {
        const { layers } = layer(c, "stack").config as unknown as Config["config"];
        const dense = layers.at(-1);
        if (dense !== undefined) dense.config.units = 3;
      },
      "FormatError",
      /Shape mismatch in layer 'stack\/d' for weight stack\/d\/kernel\. Weight expects shape \(192, 3\)\. Received saved weight with shape \(192, 2\)/,
    ],
  ];
  for (const [name, change, code, message] of cases) {
    test(name, async () => {
      await assert.rejects(loadAnyModel(withConfig(change)), { name: "MobileNetV2Error", code, message });
    });
  }

  test("models within models that would be applied 10^12 times", () => {
    let model: ModelDescription = {
      className: "Functional",
      name: "m",
      trainable: true,
      layers: [
        { className: "InputLayer", name: "x", config: { batchShape: [null, 1] }, nodes: [] },
        { className: "ReLU", name: "y", config: {}, nodes: [[{ layer: "x", node: 0, output: 0 }]] },
      ],
      inputs: [{ layer: "x", node: 0, output: 0 }],
      outputs: [{ layer: "y", node: 0, output: 0 }],
    };
    for (let depth = 0; depth < 12; depth++) {
      const inner: LayerDescription = {
        className: "Functional",
        name: "y",
        config: {},
        model,
        nodes: Array.from({ length: 10 }, (_, i) => [
          i === 0 ? { layer: "x", node: 0, output: 0 } : { layer: "y", node: i - 1, output: 0 },
        ]),
      };
      model = { ...model, layers: [...model.layers.slice(0, 1), inner] };
    }
    assert.throws(() => modelFromDescription(model, new Map()), {
      code: "LimitError",
      message: /more than 50000 times/,
    });
  });

  test("JSON 250,000 levels deep, a byte-order mark, a lone surrogate, a key twice, __proto__ as a name", async () => {
    await assert.rejects(loadAnyModel(withText("[".repeat(250_000))), { code: "FormatError", message: /nested/ });
    const text = new TextDecoder().decode(member("config.json"));
    const marked = await loadAnyModel(withText(`\uFEFF${text}`));
    assert.equal(marked.name, "twice");
    const lone = withConfig((config) => (config.config.name = "\uD800"));
    assert.equal((await loadAnyModel(lone)).name.length, 1);
    await assert.rejects(loadAnyModel(withText(text.replace('"config":', '"config": {}, "config":'))), {
      code: "FormatError",
      message: /the key "config" twice/,
    });
    const polluting = text.replaceAll('"add"', '"__proto__"').replaceAll('"d"', '"constructor"');
    const loaded = await loadAnyModel(withText(polluting));
    assert.equal(loaded.getLayer("__proto__").className, "Add");
    assert.equal(Object.hasOwn(Object.prototype, "className"), false);
  });
});

test("a letter of an archive's config that has become another is noticed by the checksum; one of the weights is not", async () => {
  const bytes = Buffer.from(archive);
  const at = bytes.indexOf('"filters": 3');
  assert.ok(at > 0);
  bytes.write("2", at + 11);
  await assert.rejects(loadAnyModel(new Uint8Array(bytes)), {
    code: "FormatError",
    message: /'config\.json' does not have the checksum/,
  });
  const weights = member("model.weights.h5");
  const same = archive.slice();
  const last = weights.byteOffset - archive.byteOffset + weights.length - 1;
  same[last] = (same[last] ?? 0) ^ 1;
  assert.equal((await loadAnyModel(same)).name, "twice");
});

describe("zip archives of model.json", () => {
  test("a bomb of 1000 to 1, and sizes that lie", async () => {
    const zeros = new Uint8Array(64 * 2 ** 20);
    for (const [declared, code, message] of [
      [zeros.length, "FormatError", /JSON|unexpected|begins|UTF-8/i],
      [1000, "FormatError", /not of the size/],
      [2 ** 32 - 2, "LimitError", /at most \d+ are read/],
    ] as const) {
      const bytes = deflatedZip([{ name: "model.json", bytes: zeros }], declared);
      const start = work();
      await assert.rejects(
        openCheckpoint({ name: "", bytes, sibling: async () => undefined }),
        (error: Error & { code: string }) => {
          assert.match(error.code, declared === zeros.length ? /LimitError|FormatError/ : new RegExp(code));
          if (declared !== zeros.length) assert.match(error.message, message);
          return true;
        },
      );
      const yardsticks = work() - start;
      assert.ok(yardsticks < 150, `took ${yardsticks} yardsticks`);
    }
  });

  test("shards by other names than plain ones are never asked for", async () => {
    for (const path of [
      "../w",
      "/etc/passwd",
      "file:///etc/passwd",
      "https://x.example/w",
      "%2e%2e/w",
      "a\0b",
      "..\\w",
      "C:w",
    ]) {
      const json = { modelTopology: {}, weightsManifest: [{ paths: [path], weights: [] }] };
      const files = chosen([
        { name: "model.json", bytes: new TextEncoder().encode(JSON.stringify(json)) },
        { name: "w", bytes: new Uint8Array(4) },
      ]);
      await assert.rejects(loadAnyModel(files), { name: "MobileNetV2Error" }, path);
    }
  });
});

describe("what is no checkpoint", () => {
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  const cases: readonly (readonly [string, Uint8Array, string, RegExp])[] = [
    ["nothing", new Uint8Array(0), "FormatError", /empty/],
    ["a web page", text("<!doctype html><title>404"), "FormatError", /web page/],
    ["a Git LFS pointer", text("version https://git-lfs.github.com/spec/v1\n"), "FormatError", /git lfs pull/],
    [
      "a zip of something else",
      writeZip([{ name: "readme", bytes: text("hello") }]),
      "FormatError",
      /Not a weights file|zip/,
    ],
  ];
  for (const [name, bytes, code, message] of cases) {
    test(name, async () => {
      await assert.rejects(loadAnyModel(bytes), { name: "MobileNetV2Error", code, message });
    });
  }
});
