/** Layers of Keras's that act in training alone: models with them open, say so once, answer as if they were not there, and keep them. */
import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import { Tensor } from "../../../src/core/tensor.ts";
import { loadModel, readCheckpoint } from "../../../src/models/files/load-model.ts";
import { kerasArchive, chainConfig, type Link } from "./archives.ts";
import type { Resizing } from "../../../src/layers/preprocessing/resizing.ts";
import { isRecord } from "../../../src/layers/arguments.ts";

const AUGMENTING: readonly Link[] = [
  { className: "RandomFlip", config: { seed: 3, mode: "horizontal", data_format: "channels_last" } },
  { className: "RandomZoom", config: { height_factor: [-0.1, 0.2], width_factor: null, fill_mode: "reflect" } },
  { className: "SpatialDropout2D", config: { rate: 0.3, seed: null, data_format: "channels_last", dtype: "float32" } },
  { className: "RandAugment", config: { value_range: [0, 255], num_ops: 2 } },
].map((link) => ({ ...link, kwargs: { training: true } }));

const IDLE: readonly Link[] = [{ className: "Identity", config: { trainable: true } }];

function saved(links: readonly Link[]): Uint8Array {
  const head = { className: "Dense", config: { units: 2 }, kwargs: { training: true } };
  return kerasArchive(chainConfig([4, 4, 3], [...links, { className: "GlobalAveragePooling2D" }, head]), {
    "layers/dense/vars/0": new Tensor([3, 2], Float32Array.of(1, -1, 2, 0.5, 0, 3)),
    "layers/dense/vars/1": new Tensor([2], Float32Array.of(0.25, -0.5)),
  });
}

const picture = new Tensor(
  [1, 4, 4, 3],
  Float32Array.from({ length: 48 }, (_, i) => ((i * 7) % 11) - 3),
);

/** What is warned of while `work` runs. */
async function warnings(work: () => Promise<unknown>): Promise<readonly unknown[]> {
  const warned = mock.method(console, "warn", () => undefined);
  try {
    await work();
    return warned.mock.calls.map(({ arguments: [message] }) => message);
  } finally {
    warned.mock.restore();
  }
}

describe("layers that act in training alone", () => {
  test("predict answers to the bit as without them, called with training=True as Keras writes it", async () => {
    using augmenting = await loadModel(saved([...AUGMENTING, ...IDLE]), { compile: false });
    using plain = await loadModel(saved([]));
    assert.deepEqual((await augmenting.predict(picture)).data, (await plain.predict(picture)).data);
  });

  test("one warning names them all; none is for Identity, or for a model that is not to be trained", async () => {
    const [said, ...more] = await warnings(() => loadModel(saved([...AUGMENTING, ...IDLE])));
    assert.match(
      String(said),
      /RandomFlip_0 \(RandomFlip\), RandomZoom_1 \(RandomZoom\), SpatialDropout2D_2 .*RandAug/,
    );
    assert.doesNotMatch(String(said), /Identity/);
    assert.deepEqual(more, []);
    assert.deepEqual(await warnings(() => loadModel(saved(IDLE))), []);
    assert.deepEqual(await warnings(() => loadModel(saved(AUGMENTING), { compile: false })), []);
  });

  for (const format of ["keras", "h5", "safetensors"] as const) {
    test(`saved as ${format}, they keep their class and their config`, async () => {
      using model = await loadModel(saved([...AUGMENTING, ...IDLE]), { compile: false });
      const again = await readCheckpoint(await model.toBytes(format));
      const before = await readCheckpoint(saved([...AUGMENTING, ...IDLE]));
      for (let i = 1; i <= AUGMENTING.length + IDLE.length; i++) {
        const [then, now] = [before.model?.layers[i], again.model?.layers[i]];
        assert.equal(now?.className, then?.className);
        for (const [key, value] of Object.entries(then?.config ?? {})) assert.deepEqual(now?.config[key], value, key);
      }
    });
  }

  test("TF.js, which lacks most of them, gets activations that do nothing", async () => {
    using model = await loadModel(saved(AUGMENTING), { compile: false });
    const [main] = await model.toFiles("tfjs-layers");
    const json: unknown = JSON.parse(new TextDecoder().decode(main?.bytes));
    assert.ok(isRecord(json));
    assert.doesNotMatch(JSON.stringify(json["modelTopology"]), /RandomFlip"|RandAugment"|SpatialDropout2D"/);
  });

  test("a model trains with them, to the bit as without them", async () => {
    const trained = async (links: readonly Link[]): Promise<Float32Array> => {
      using model = await loadModel(saved(links), { compile: false });
      model.compile({ optimizer: "sgd", loss: "mse" });
      await model.fit(picture, new Tensor([1, 2], Float32Array.of(1, 0)), { epochs: 2, seed: 1, verbose: 0 });
      return (await model.predict(picture)).data;
    };
    assert.deepEqual(await trained([...AUGMENTING, ...IDLE]), await trained([]));
  });
});

test("Keras 2's RandomCrop, which has no data_format, resizes pictures in inference and is read as Resizing that crops; Keras 3's does nothing", async () => {
  const size = { height: 2, width: 3, seed: null };
  const inKeras2 = await loadModel(kerasArchive(chainConfig([4, 4, 3], [{ className: "RandomCrop", config: size }])));
  assert.deepEqual(inKeras2.output.shape, [null, 2, 3, 3]);
  const { className, cropToAspectRatio } = inKeras2.layers[1] as Resizing;
  assert.deepEqual([className, cropToAspectRatio], ["Resizing", true]);
  const inKeras3 = await readCheckpoint(
    kerasArchive(chainConfig([4, 4, 3], [{ className: "RandomCrop", config: { ...size, data_format: null } }])),
  );
  assert.equal(inKeras3.model?.layers[1]?.className, "RandomCrop");
});
