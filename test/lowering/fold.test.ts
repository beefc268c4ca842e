/** Folding: what becomes part of a convolution, and what stays. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { Activation } from "../../src/layers/activations/activation.ts";
import { ReLU } from "../../src/layers/activations/relu.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import type { KerasTensor } from "../../src/layers/layer.ts";
import { BatchNormalization } from "../../src/layers/normalization/batch-normalization.ts";
import { Dropout } from "../../src/layers/regularization/dropout.ts";
import { fold } from "../../src/lowering/fold.ts";
import { lower } from "../../src/lowering/lower.ts";
import { seededProgram } from "../engine/run.ts";
import { block } from "../executors/programs.ts";

function kinds(inputs: KerasTensor | readonly KerasTensor[], outputs: KerasTensor | readonly KerasTensor[]): string[] {
  const program = seededProgram(inputs, outputs);
  const shapes = program.inputs.map((value) => (program.shapes[value] ?? []).slice(1).map((axis) => axis ?? 8));
  return fold(lower(program, shapes)).list.map(({ kind }) => kind);
}

describe("folding", () => {
  it("an inverted residual block is three convolutions", () => {
    for (const strides of [1, 2] as const) {
      const x = Input({ shape: [8, 8, 8] });
      assert.deepEqual(kinds(x, block(x, strides).add), ["convolution", "convolution", "convolution"]);
    }
  });

  it("MobileNetV2 is 52 convolutions, a pool, a classifier and a softmax", async () => {
    const model = await MobileNetV2({ alpha: 0.35, inputShape: [96, 96, 3], weights: null });
    const found = kinds(model.inputs, model.outputs);
    assert.equal(found.filter((kind) => kind === "convolution").length, 53);
    assert.deepEqual(
      found.filter((kind) => kind !== "convolution"),
      ["pool", "softmax"],
    );
  });

  it("normalization, rescaling and Dense fold through Dropout; activations that are not bounds do not", () => {
    const x = Input({ shape: [6] });
    const dense = new Dense({ units: 4 }).apply(x);
    const dropped = new BatchNormalization().apply(new Dropout({ rate: 0.5 }).apply(dense));
    assert.deepEqual(kinds(x, new ReLU().apply(dropped)), ["convolution"]);
    const sigmoid = new Activation({ activation: "sigmoid" }).apply(dense);
    assert.deepEqual(kinds(x, new BatchNormalization().apply(sigmoid)), ["convolution", "map", "affine"]);
  });
});
