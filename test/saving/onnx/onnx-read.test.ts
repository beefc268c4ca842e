/** ONNX of others: single operators, quantized networks, shapes that are worked out (test/fixtures/saving/onnx, made by its make.py). */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { uniform } from "../../../src/core/random.ts";
import { Tensor } from "../../../src/core/tensor.ts";
import { loadAnyModel, readCheckpoint } from "../../../src/models/files/load-model.ts";
import { assertWithin } from "../../support/compare.ts";
import { savingFixture } from "../files.ts";
import { judge } from "./operator-cases.ts";

interface Stored {
  readonly shape: readonly number[];
  readonly data: string;
}

interface Cases {
  readonly inputs: Readonly<Record<string, Stored & { readonly dtype: string }>>;
  readonly read: readonly {
    readonly name: string;
    readonly model: string;
    readonly input: string;
    readonly output: Stored;
  }[];
  readonly refused: readonly { readonly name: string; readonly model: string }[];
}

function parsed<T>(name: string): T {
  return JSON.parse(new TextDecoder().decode(savingFixture(`onnx/${name}`)));
}

function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64"));
}

function described({ shape, data }: Stored, dtype = "float32") {
  return { shape, dtype, data: new Float32Array(bytesOf(data).buffer) };
}

const { inputs, read, refused } = parsed<Cases>("operators.json");

describe("operators: within 1e-5 of the largest of onnxruntime's values", () => {
  for (const { name, model, input, output } of read) {
    test(name, async () => {
      const given = inputs[input];
      assert.ok(given !== undefined);
      const { verdict, why } = await judge(bytesOf(model), described(given, given.dtype), described(output));
      assert.equal(verdict, "right", why);
    });
  }
});

describe("operators that no layer computes are refused by their names, not called broken", () => {
  for (const { name, model } of refused) {
    test(name, async () => {
      await assert.rejects(loadAnyModel(bytesOf(model)), {
        code: "UnsupportedError",
        message: /^The ONNX graph(?:'s \w+ '| is not a MobileNetV2 that is read here: ')/,
      });
    });
  }
});

describe("networks", () => {
  const answers = parsed<Record<string, number[]>>("quantized.json");
  const x = new Tensor([2, 16, 16, 3], uniform("onnx/input", 2 * 16 * 16 * 3, -1, 1));

  const predicted = async (name: string): Promise<Float32Array> => {
    using model = await loadAnyModel(savingFixture(`onnx/${name}`));
    const [answer] = [await model.predict(x)].flat();
    return answer?.data instanceof Float32Array ? answer.data : new Float32Array();
  };

  for (const name of ["float.onnx", "reshaped.onnx"]) {
    test(`${name}: within 1e-6 of onnxruntime, two pictures at once`, async () => {
      assertWithin(await predicted(name), answers[name] ?? [], 1e-6);
    });
  }

  for (const name of ["dynamic.onnx", "dynamic-channels.onnx", "qoperator.onnx", "qoperator-channels.onnx"]) {
    test(`${name}: nearer than 0.005 to the float32 model, whose values are not rounded either`, async () => {
      assertWithin(await predicted(name), answers["float.onnx"] ?? [], 0.005);
    });

    test(`${name}: within 0.06 of onnxruntime, which rounds values too`, async () => {
      assertWithin(await predicted(name), answers[name] ?? [], 0.06);
    });

    test(`${name}: every weight within 0.51 of a step of the float32 model's, in the same layers`, async () => {
      const [ours, theirs] = [
        await loadAnyModel(savingFixture(`onnx/${name}`)),
        await loadAnyModel(savingFixture("onnx/float.onnx")),
      ];
      assert.deepEqual(
        ours.layers.map(({ className }) => className),
        theirs.layers.map(({ className }) => className),
      );
      for (const [i, layer] of theirs.layers.entries()) {
        for (const weight of layer.weights.filter((one) => one.name === "kernel")) {
          // The step of a tensor is that of its largest value.
          const step = (2 * Math.max(...weight.values.map(Math.abs))) / 254;
          const other = ours.layers[i]?.weight("kernel").values ?? [];
          assertWithin(other, weight.values, 0.51 * step, layer.name);
        }
      }
    });
  }

  test("pixels of a graph that takes bytes are scaled as its first DequantizeLinear says", async () => {
    const named = (name: string): Uint8Array => bytesOf(read.find((one) => one.name === name)?.model ?? "");
    const { preprocessing } = await loadAnyModel(named("DequantizeLinear, opset 13: a uint8 input, zero 128"));
    const scale = Math.fround(1 / 127.5);
    assert.deepEqual(preprocessing, { scale, offset: -128 * scale });
    const plain = await loadAnyModel(named("Cast, opset 13: a uint8 input"));
    assert.deepEqual(plain.preprocessing, { scale: 1, offset: 0 });
  });
});

describe("a file whose graph is not read", () => {
  test("is described: its inputs, outputs and tensors, and the first thing that is not read", async () => {
    const model = refused.find(({ name }) => name.startsWith("PRelu"))?.model ?? "";
    const { format, model: none, unread, tensors } = await readCheckpoint(bytesOf(model));
    assert.equal(format, "ONNX");
    assert.equal(none, undefined);
    assert.match(unread?.reason ?? "", /^The ONNX graph's PRelu 'y' has slopes of shape \(4, 1, 1\)/);
    assert.deepEqual(unread?.inputs, [{ name: "x", shape: [null, 4, 6, 5] }]);
    assert.deepEqual(
      unread?.outputs.map(({ name }) => name),
      ["y"],
    );
    assert.deepEqual(
      tensors.map(({ name, shape, dtype }) => [name, shape, dtype]),
      [["c0", [4, 1, 1], "float32"]],
    );
  });
});
