/** Losses and their gradients against Keras's (test/fixtures/training), and what they refuse. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Tensor } from "../../src/core/tensor.ts";
import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
} from "../../src/training/losses/crossentropy.ts";
import type { Loss } from "../../src/training/losses/loss.ts";
import { MeanSquaredError, lossOf } from "../../src/training/losses/losses.ts";
import { assertWithin } from "../support/compare.ts";
import { dataOf, keras } from "./keras.ts";

const classes: Readonly<Record<string, new (config?: object) => Loss>> = {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  MeanSquaredError,
  SparseCategoricalCrossentropy,
};

describe("losses", () => {
  for (const [i, example] of keras.losses.entries()) {
    const { className, config, made, shape, weighted, value, gradient } = example;
    const name = `${className} ${JSON.stringify(config)} of ${made} ${shape.join("×")}${weighted ? ", weighted" : ""}`;
    it(`${name}: value and gradient as Keras's within 1e-6 of the largest`, () => {
      const LossClass = classes[className];
      assert.ok(LossClass);
      const { yTrue, predicted, sampleWeight } = dataOf(`loss/${i}`, example);
      const result = new LossClass(config).evaluate(yTrue, predicted, sampleWeight);
      assertWithin([result.value], [value], 2e-6 * Math.max(1, Math.abs(value)), "value");
      const { of, values } = result.gradient();
      assert.equal(of, predicted.logits === undefined ? "output" : "logits");
      const scale = Math.max(...gradient.map(Math.abs));
      assertWithin(values, gradient, 1e-6 * Math.max(1e-3, scale), "gradient");
    });
  }

  it("gradients are the slopes of the value, by differences, within 1e-4", () => {
    for (const [i, example] of keras.losses.entries()) {
      if (example.made === "extreme") continue;
      const LossClass = classes[example.className];
      assert.ok(LossClass);
      const loss = new LossClass(example.config);
      const { yTrue, predicted, sampleWeight } = dataOf(`loss/${i}`, example);
      const { values } = loss.evaluate(yTrue, predicted, sampleWeight).gradient();
      const moved = (predicted.logits ?? predicted.output).data;
      for (let at = 0; at < moved.length; at++) {
        const before = moved[at] ?? 0;
        const step = 1e-2;
        const valueAt = (x: number): number => {
          moved[at] = x;
          return loss.evaluate(yTrue, predicted, sampleWeight).value;
        };
        const slope = (valueAt(before + step) - valueAt(before - step)) / (2 * step);
        moved[at] = before;
        const gradient = values[at] ?? 0;
        assert.ok(Math.abs(slope - gradient) < 1e-4 + 0.05 * Math.abs(gradient), `${example.className} ${at}`);
      }
    }
  });

  it("a label that is no class is named, in TensorFlow's words", () => {
    const loss = new SparseCategoricalCrossentropy();
    const output = new Tensor([2, 3], new Float32Array(6).fill(1 / 3));
    for (const label of [3, -1, NaN]) {
      const yTrue = new Tensor([2], Float32Array.of(1, label));
      assert.throws(() => loss.call(yTrue, output), {
        code: "ValueError",
        message: `Received a label value of ${label} which is outside the valid range of [0, 3).  Label values: 1 ${label}`,
      });
    }
  });

  it("targets of other shapes are refused in Keras's words", () => {
    const output = new Tensor([2, 3], new Float32Array(6).fill(1 / 3));
    const labels = new Tensor([2], Int32Array.of(0, 1));
    assert.throws(() => new CategoricalCrossentropy().call(labels, output), {
      message:
        "Arguments `target` and `output` must have the same rank (ndim). Received: target.shape=(2,), output.shape=(2, 3)",
    });
    assert.throws(() => new SparseCategoricalCrossentropy().call(new Tensor([3], new Int32Array(3)), output), {
      message:
        "Arguments `target` and `output` must have the same shape up until the last dimension: target.shape=(3,), output.shape=(2, 3)",
    });
    assert.throws(() => new SparseCategoricalCrossentropy().call(output, output), {
      message:
        "Argument `output` must have rank (ndim) `target.ndim - 1`. Received: target.shape=(2, 3), output.shape=(2, 3)",
    });
    assert.throws(() => new MeanSquaredError().call(labels, output, labels), { code: "ValueError" });
    assert.throws(
      () => new SparseCategoricalCrossentropy().call(labels, output, new Tensor([3], new Float32Array(3))),
      {
        message: /sampleWeight/,
      },
    );
  });

  it("names mean classes, `crossentropy` what the shapes say", () => {
    const yTrue = new Tensor([2], Int32Array.of(0, 1));
    const oneHot = new Tensor([2, 3], new Float32Array(6));
    const yPred = new Tensor([2, 3], new Float32Array(6));
    const binary = new Tensor([2, 1], new Float32Array(2));
    assert.equal(lossOf("crossentropy", yTrue, yPred).className, "SparseCategoricalCrossentropy");
    assert.equal(lossOf("crossentropy", oneHot, yPred).className, "CategoricalCrossentropy");
    assert.equal(lossOf("ce", binary, binary).className, "BinaryCrossentropy");
    assert.equal(lossOf("mse", binary, binary).name, "mean_squared_error");
    assert.throws(() => lossOf("sparse", yTrue, yPred), {
      message:
        /^Could not interpret loss identifier: sparse\. Did you mean "sparse_categorical_crossentropy"\? There are: crossentropy, /,
    });
    assert.throws(() => lossOf("toString", yTrue, yPred), {
      message: /^Could not interpret loss identifier: toString\. There are: crossentropy, /,
    });
  });

  it("an empty batch has the loss 0", () => {
    const nothing = new Tensor([0, 3], new Float32Array(0));
    assert.equal(new CategoricalCrossentropy().call(nothing, nothing), 0);
  });
});
