import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { describe, test } from "node:test";
import { Dense, Dropout, GlobalAveragePooling2D, Input, Model, Rescaling, Sequential, loadModel } from "mobilenet-v2";
import { Activation, Conv2D, Resizing } from "mobilenet-v2/layers";
import { loadAnyModel } from "mobilenet-v2/saving";

const RAW = { scale: 1, offset: 0 };

/** What a model's file says of pixels, though nobody said anything when it was written. */
async function readBack(model: Model | Sequential, format = "keras"): Promise<unknown> {
  const read = await loadModel(await model.toBytes(format));
  return read.preprocessing;
}

function after(...layers: readonly (Rescaling | Activation | Dropout | Sequential | Conv2D | Resizing)[]): Model {
  const inputs = Input({ shape: [8, 8, 3] });
  const x = layers.reduce((y, layer) => layer.apply(y), inputs);
  return new Model({ inputs, outputs: new Dense({ units: 2 }).apply(new GlobalAveragePooling2D().apply(x)) });
}

describe("models that scale pixels themselves", () => {
  test("a Rescaling of pixels at the beginning says that pixels are taken as they are", async () => {
    const scaling = (scale = 1 / 255) => new Rescaling({ scale, offset: -1 });
    const augmentation = () =>
      new Sequential([new Activation({ activation: "linear" }), new Activation({ activation: "linear" })]);
    const cases: readonly (readonly [string, Model | Sequential, unknown])[] = [
      ["first", after(scaling()), RAW],
      ["after what only acts in training", after(augmentation(), new Dropout({ rate: 0.1 }), scaling(1 / 127.5)), RAW],
      ["within a model that is first", after(new Sequential([Input({ shape: [8, 8, 3] }), scaling()])), RAW],
      [
        "first in a Sequential",
        new Sequential([Input({ shape: [8, 8, 3] }), scaling(), new GlobalAveragePooling2D()]),
        RAW,
      ],
      [
        "after a mean was subtracted",
        after(new Rescaling({ scale: 1, offset: [-120, -110, -100] }), scaling(1 / 60)),
        RAW,
      ],
      ["after resizing", after(new Resizing({ height: 4, width: 4 }), scaling()), RAW],
      ["a mean alone", after(new Rescaling({ scale: 1, offset: -127.5 })), undefined],
      ["of numbers of 0 to 1", after(scaling(2)), undefined],
      ["after a convolution", after(new Conv2D({ filters: 3, kernelSize: 1 }), scaling()), undefined],
      ["none", after(augmentation()), undefined],
    ];
    for (const [name, model, expected] of cases) {
      for (const format of ["keras", "h5", "safetensors"]) {
        // oxlint-disable-next-line no-await-in-loop -- small ones
        assert.deepEqual(await readBack(model, format), expected, `${name}, ${format}`);
      }
    }
  });

  test("what a file says counts more", async () => {
    const model = after(new Rescaling({ scale: 1 / 255 }));
    model.preprocessing = { scale: 2, offset: 3 };
    assert.deepEqual(await readBack(model), { scale: 2, offset: 3 });
  });

  test("inputs that the scaled pixels are not the only use of", async () => {
    const inputs = Input({ shape: [8, 8, 3] });
    const pooled = [new Rescaling({ scale: 1 / 255 }).apply(inputs), inputs].map((x) =>
      new GlobalAveragePooling2D().apply(x),
    );
    const model = new Model({ inputs, outputs: pooled });
    assert.equal((await loadAnyModel(await model.toBytes())).preprocessing, undefined);
  });

  test("Keras's own tutorial, which calls preprocess_input", async () => {
    const path = fileURLToPath(new URL("../fixtures/saving/keras/keras-tutorial.keras", import.meta.url));
    assert.deepEqual((await loadModel(path)).preprocessing, RAW);
  });
});
