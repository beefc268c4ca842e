/** Sequentials as Keras has written them since its first version: bare lists, without an input shape, without weights. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Tensor, zeros } from "../../../src/core/tensor.ts";
import { loadModel } from "../../../src/models/files/load-model.ts";
import { Sequential } from "../../../src/models/sequential.ts";
import { GroupSpec, writeHdf5 } from "../../../src/saving/hdf5/write.ts";
import { kerasArchive } from "./archives.ts";

const LAYERS = [
  { class_name: "GlobalAveragePooling2D", config: { name: "pool" } },
  { class_name: "Dense", config: { name: "head", units: 2 } },
];
const WEIGHTS = {
  "layers/dense/vars/0": new Tensor([3, 2], Float32Array.of(1, 0, 2, 0, 3, 1)),
  "layers/dense/vars/1": new Tensor([2], Float32Array.of(0.5, -0.5)),
};
const ones = new Tensor([1, 2, 2, 3], new Float32Array(12).fill(1));
const ANSWER = [6.5, 0.5];

function sequential(config: unknown, more: object = {}): object {
  return { class_name: "Sequential", config, ...more };
}

async function answerOf(bytes: Uint8Array): Promise<readonly number[]> {
  using model = await loadModel(bytes);
  return [...(await model.predict(ones)).data];
}

describe("a Sequential opens", () => {
  const first = [{ ...LAYERS[0], config: { name: "pool", batch_input_shape: [null, 2, 2, 3] } }, LAYERS[1]];
  const configs: Readonly<Record<string, object>> = {
    "whose config is a bare list": sequential(first),
    "whose input shape stands in the config": sequential({
      name: "s",
      layers: LAYERS,
      build_input_shape: [null, 2, 2, 3],
    }),
    "whose input shape stands beside the config, as Keras 2 writes .keras": sequential(
      { name: "s", layers: LAYERS },
      { build_config: { input_shape: [2, 2, 2, 3] } },
    ),
    "that has no input shape, but weights: it is built when it predicts": sequential({ name: "s", layers: LAYERS }),
  };
  for (const [what, config] of Object.entries(configs)) {
    test(what, async () => assert.deepEqual(await answerOf(kerasArchive(config, WEIGHTS)), ANSWER));
  }

  test("within another, without a name", async () => {
    const outer = sequential([sequential(LAYERS)], { build_config: { input_shape: [null, 2, 2, 3] } });
    const weights = Object.entries(WEIGHTS).map(([path, values]) => [
      path.replace("layers", "layers/sequential/layers"),
      values,
    ]);
    const bytes = kerasArchive(outer, Object.fromEntries(weights) as typeof WEIGHTS);
    assert.deepEqual(await answerOf(bytes), ANSWER);
    using model = await loadModel(bytes);
    assert.equal(model.layers[0]?.name, "sequential");
  });

  test("that was saved before it was built: it has no weights yet, and is built by data", async () => {
    const root = new GroupSpec();
    root.attributes.set("model_config", JSON.stringify(sequential({ name: "s", layers: LAYERS })));
    const weights = root.group("model_weights");
    weights.attributes.set("layer_names", ["pool", "head"]);
    for (const { config } of LAYERS) weights.group(config.name).attributes.set("weight_names", []);
    for (const bytes of [kerasArchive(sequential({ name: "s", layers: LAYERS })), writeHdf5(root)]) {
      // oxlint-disable-next-line no-await-in-loop -- one file after the other
      using model = await loadModel(bytes);
      assert.ok(model instanceof Sequential);
      assert.equal(model.built, false);
      assert.throws(() => model.output, /has no defined input shape yet/);
      model.build([[null, 2, 2, 3]]);
      assert.equal(model.countParams(), 8);
    }
  });
});

test("weights that do not fit the data that a Sequential is built by are an error, each time", async () => {
  using model = await loadModel(kerasArchive(sequential({ name: "s", layers: LAYERS }), WEIGHTS));
  for (let i = 0; i < 2; i++) {
    // oxlint-disable-next-line no-await-in-loop -- one call after the other
    await assert.rejects(model.predict(zeros([1, 2, 2, 4])), {
      code: "FormatError",
      message: /Shape mismatch in layer 'head'/,
    });
  }
});

test("a Sequential with an input shape and no weights is broken", async () => {
  const config = sequential({ name: "s", layers: LAYERS, build_input_shape: [null, 2, 2, 3] });
  await assert.rejects(loadModel(kerasArchive(config)), { code: "FormatError" });
});
