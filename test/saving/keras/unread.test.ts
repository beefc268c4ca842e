/** Keras's files with something that is not read here: what they are is said, and what is not read is named. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadAnyModel, readCheckpoint } from "../../../src/models/files/load-model.ts";
import { parseJson } from "../../../src/saving/bytes/json.ts";
import { writeHdf5, GroupSpec } from "../../../src/saving/hdf5/write.ts";
import { modelEnds } from "../../../src/saving/keras/ends.ts";
import { openModel } from "../../../src/tasks/opened-model.ts";
import { writeZip } from "../../../src/saving/zip/write.ts";
import { Tensor } from "../../../src/core/tensor.ts";
import { needsShared, sharedPath } from "../../support/shared.ts";

const CONFIG = {
  class_name: "Functional",
  config: {
    name: "m",
    layers: [
      { class_name: "InputLayer", name: "image", config: { name: "image", batch_shape: [null, 6, 6, 3] } },
      {
        class_name: "PReLU",
        name: "p_re_lu",
        config: { name: "p_re_lu", shared_axes: [1, 2] },
        inbound_nodes: [[["image", 0, 0, { mask: ["image", 0, 0] }]]],
      },
      {
        class_name: "Dense",
        name: "head",
        config: { name: "head", units: 2 },
        build_config: { input_shape: [null, 6, 6, 3] },
        inbound_nodes: [[["p_re_lu", 0, 0, {}]]],
      },
    ],
    input_layers: [["image", 0, 0]],
    output_layers: [["head", 0, 0]],
  },
};

const values = new Tensor([1, 1, 3], Float32Array.of(1, 2, 3));

function archive(): Uint8Array {
  const root = new GroupSpec();
  root.groupAt("layers/p_re_lu/vars").members.set("0", values);
  const config = new TextEncoder().encode(JSON.stringify(CONFIG));
  return writeZip([
    { name: "config.json", bytes: config },
    { name: "model.weights.h5", bytes: writeHdf5(root) },
  ]);
}

function h5(): Uint8Array {
  const root = new GroupSpec();
  root.attributes.set("model_config", JSON.stringify(CONFIG));
  const weights = root.group("model_weights");
  weights.attributes.set("layer_names", ["image", "p_re_lu", "head"]);
  for (const [name, own] of [
    ["image", []],
    ["p_re_lu", ["alpha"]],
    ["head", []],
  ] as const) {
    const group = weights.group(name);
    group.attributes.set("weight_names", own);
    for (const weight of own) group.members.set(weight, values);
  }
  return writeHdf5(root);
}

describe("a layer of a class that there is not here", () => {
  for (const [ending, bytes] of [
    [".keras", archive()],
    [".h5", h5()],
  ] as const) {
    test(`${ending}: readCheckpoint says what the file is, and names the layer and its class`, async () => {
      const { model, unread, tensors, origin } = await readCheckpoint(bytes);
      assert.equal(model, undefined);
      assert.equal(origin, "keras");
      assert.match(unread?.reason ?? "", /^Layer 'p_re_lu' is of class PReLU, which is not read here\./);
      assert.deepEqual(unread?.inputs, [{ name: "image", shape: [null, 6, 6, 3] }]);
      assert.deepEqual(unread?.outputs, [{ name: "head", shape: [null, 6, 6, 2] }]);
      assert.deepEqual(
        tensors.map(({ shape }) => shape),
        [[1, 1, 3]],
      );
    });

    test(`${ending}: whoever wants the model gets an UnsupportedError that says the same`, async () => {
      const message = {
        code: "UnsupportedError",
        message: /Layer 'p_re_lu' is of class PReLU, which is not read here/,
      };
      await assert.rejects(loadAnyModel(bytes), message);
      await assert.rejects(openModel(bytes), message);
    });
  }
});

test("inputs and outputs are found in lists, and in Sequentials by their first and last layers", () => {
  const read = (json: unknown): unknown => modelEnds(parseJson(new TextEncoder().encode(JSON.stringify(json))));
  const layers = [
    { class_name: "LSTM", config: { name: "a", batch_input_shape: [null, 4, 2] } },
    { class_name: "Dense", config: { name: "b", units: 1 }, build_config: { input_shape: [null, 3] } },
  ];
  const ends = {
    inputs: [{ name: "a", shape: [null, 4, 2] }],
    outputs: [{ name: "b", shape: [null, 1] }],
  };
  assert.deepEqual(read({ config: { layers } }), ends);
  assert.deepEqual(read({ config: layers }), ends);
  assert.deepEqual(
    read({
      config: {
        layers,
        input_layers: ["a", 0, 0],
        output_layers: [
          ["b", 0, 0],
          ["c", 0, 0],
        ],
      },
    }),
    ends,
  );
});

test("what makes no sense in a config is left out of its inputs and outputs", () => {
  const none = { inputs: [], outputs: [] };
  for (const json of [
    "null",
    "[]",
    '{"config":{"layers":7}}',
    '{"config":{"layers":[],"input_layers":[[[[[[[[]]]]]]]]}}',
  ]) {
    assert.deepEqual(modelEnds(parseJson(new TextEncoder().encode(json))), none, json);
  }
});

describe("classes of the reference folder's cases", { skip: needsShared }, () => {
  for (const [name, className] of [
    ["attention", "MultiHeadAttention"],
    ["lstm", "LSTM"],
  ] as const) {
    for (const ending of ["keras", "h5"]) {
      test(`${name}.${ending}`, async () => {
        const { unread, tensors } = await readCheckpoint(sharedPath(`cases/unknown-layers/${name}.${ending}`));
        assert.ok(unread?.reason.includes(`is of class ${className}, which is not read here`), name);
        assert.ok(tensors.length > 0);
      });
    }
  }
});
