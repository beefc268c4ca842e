/** Graphs on the engine: what is folded, what must not be, batches, sizes, new weights, memory. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { Tensor } from "../../src/core/tensor.ts";
import { Engine } from "../../src/engine/engine.ts";
import { executorOf } from "../../src/engine/executor-of.ts";
import { fold } from "../../src/lowering/fold.ts";
import { lower } from "../../src/lowering/lower.ts";
import { plan } from "../../src/engine/plan/plan.ts";
import { evaluate } from "../../src/graph/evaluate.ts";
import { programOf } from "../../src/graph/program.ts";
import { Activation } from "../../src/layers/activations/activation.ts";
import { Add } from "../../src/layers/merging/add.ts";
import { BatchNormalization } from "../../src/layers/normalization/batch-normalization.ts";
import { Conv2D } from "../../src/layers/convolutional/conv2d.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { DepthwiseConv2D } from "../../src/layers/convolutional/depthwise-conv2d.ts";
import { Dropout } from "../../src/layers/regularization/dropout.ts";
import { Flatten } from "../../src/layers/reshaping/flatten.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import type { KerasTensor } from "../../src/layers/layer.ts";
import { ReLU } from "../../src/layers/activations/relu.ts";
import { ZeroPadding2D } from "../../src/layers/reshaping/zero-padding2d.ts";
import { Model } from "../../src/models/model.ts";
import { assertWithin, maxDifference } from "../support/compare.ts";
import { seedWeights } from "../support/seeded.ts";
import { features as machine } from "../../src/wasm/features.ts";
import { PLAIN, engineDifference, runPlan, seededProgram, seededTensors } from "./run.ts";

function kinds(inputs: KerasTensor | readonly KerasTensor[], outputs: KerasTensor | readonly KerasTensor[]): string[] {
  const program = seededProgram(inputs, outputs);
  const shapes = program.inputs.map((value) => (program.shapes[value] ?? []).slice(1).map((axis) => axis ?? 8));
  return fold(lower(program, shapes)).list.map(({ kind }) => kind);
}

/** An inverted residual block; every tensor in it. */
function block(x: KerasTensor, strides: 1 | 2) {
  const channels = x.shape[3] ?? 1;
  const expand = new Conv2D({ filters: channels * 6, kernelSize: 1, useBias: false }).apply(x);
  const expandBN = new BatchNormalization().apply(expand);
  const expandRelu = new ReLU({ maxValue: 6 }).apply(expandBN);
  const pad =
    strides === 2
      ? new ZeroPadding2D({
          padding: [
            [0, 1],
            [0, 1],
          ],
        }).apply(expandRelu)
      : expandRelu;
  const depthwise = new DepthwiseConv2D({ kernelSize: 3, strides, padding: strides === 2 ? "valid" : "same" }).apply(
    pad,
  );
  const depthwiseBN = new BatchNormalization().apply(depthwise);
  const depthwiseRelu = new ReLU({ maxValue: 6 }).apply(depthwiseBN);
  const project = new Conv2D({ filters: channels, kernelSize: 1, useBias: false }).apply(depthwiseRelu);
  const projectBN = new BatchNormalization().apply(project);
  const add = strides === 1 ? new Add().apply([x, projectBN]) : projectBN;
  return { expand, expandBN, expandRelu, pad, depthwise, depthwiseBN, depthwiseRelu, project, projectBN, add };
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

  it("a sum of a tensor with itself, of two convolutions, of a convolution used twice: right", async () => {
    const x = Input({ shape: [5, 5, 4] });
    const conv = (from: KerasTensor) => new Conv2D({ filters: 4, kernelSize: 1 }).apply(from);
    const [a, b] = [conv(x), conv(x)];
    const sums = [new Add().apply([a, a]), new Add().apply([conv(x), conv(x)]), new Add().apply([a, b])];
    const chained = new Add().apply([new ReLU().apply(new Add().apply([x, conv(x)])), conv(b), b]);
    const relu = new ReLU().apply(x);
    const own = new Add().apply([relu, conv(relu)]);
    for (const outputs of [...sums, chained, own, [...sums, chained]]) {
      const difference = await engineDifference(seededProgram(x, outputs), seededTensors([[2, 5, 5, 4]]));
      assert.ok(difference <= 1e-6, `off by ${difference}`);
    }
  });
});

describe("chains: convolutions computed together, row by row", () => {
  it("a block of wide pictures is one operation", () => {
    for (const strides of [1, 2] as const) {
      const x = Input({ shape: [64, 64, 16] });
      const program = seededProgram(x, block(x, strides).add);
      const kindsOf = plan(fold(lower(program, [[64, 64, 16]]))).operations.map(({ kind }) => kind);
      assert.deepEqual(kindsOf, ["chain"]);
    }
  });

  it("in 1, 2, 3, 5 and 100 pieces, at sizes that no piece divides: bit-identical, within 2e-6 of the layers", async () => {
    for (const [rows, cols, strides] of [
      [64, 50, 1],
      [61, 47, 2],
      [40, 64, 2],
    ] as const) {
      const x = Input({ shape: [rows, cols, 16] });
      const { add, projectBN } = block(new Conv2D({ filters: 16, kernelSize: 3, padding: "same" }).apply(x), strides);
      const program = seededProgram(x, strides === 1 ? add : projectBN);
      const inputs = seededTensors([[1, rows, cols, 16]]);
      assert.ok((await engineDifference(program, inputs)) <= 2e-6);
      const operations = fold(lower(program, [[rows, cols, 16]]));
      const results = await Promise.all(
        [1, 2, 3, 5, 100].map((pieces) => runPlan(plan(operations, { pieces }), inputs)),
      );
      for (const result of results) assert.deepEqual(result, results[0]);
    }
  });
});

describe("values between", () => {
  it("every tensor of a block as an output, one by one and all together, within 2e-6", async () => {
    for (const strides of [1, 2] as const) {
      const x = Input({ shape: [7, 9, 5] });
      const tensors = Object.values(block(x, strides));
      for (const outputs of [...tensors.map((tensor) => [tensor, tensors[8] ?? tensor]), tensors, [x, ...tensors]]) {
        const difference = await engineDifference(seededProgram(x, outputs), seededTensors([[2, 7, 9, 5]]));
        assert.ok(difference <= 2e-6, `off by ${difference}`);
      }
    }
  });

  it("an output that is an input, twice the same output, a flattened view of another output", async () => {
    const x = Input({ shape: [3, 4, 2] });
    const relu = new ReLU().apply(x);
    const flat = new Flatten().apply(relu);
    const program = seededProgram(x, [x, relu, relu, flat, new ReLU({ maxValue: 0.5 }).apply(flat)]);
    assert.equal(await engineDifference(program, seededTensors([[3, 3, 4, 2]])), 0);
  });

  it("several inputs, one of them unused by the other's branch", async () => {
    const [a, b] = [Input({ shape: [6, 6, 3] }), Input({ shape: [4] })];
    const left = new Conv2D({ filters: 4, kernelSize: 3, strides: 2, padding: "same" }).apply(a);
    const program = seededProgram([a, b], [left, new Dense({ units: 3 }).apply(b)]);
    assert.ok(
      (await engineDifference(
        program,
        seededTensors([
          [2, 6, 6, 3],
          [2, 4],
        ]),
      )) <= 1e-6,
    );
  });

  it("padding that belongs to the caller's picture, read by two convolutions", async () => {
    const x = Input({ shape: [6, 5, 3] });
    const conv = () => new Conv2D({ filters: 4, kernelSize: 3, padding: "same" }).apply(x);
    assert.ok((await engineDifference(seededProgram(x, [conv(), conv()]), seededTensors([[2, 6, 5, 3]]))) <= 1e-6);
  });
});

describe("whole models against the layers' forwards", () => {
  for (const [alpha, size, channels] of [
    [0.35, 32, 3],
    [0.5, 33, 1],
    [1.0, 41, 4],
    [1.4, 32, 3],
  ] as const) {
    it(`alpha ${alpha}, ${size} × ${size} × ${channels}: softmax within 1e-5, features within 1e-4`, async () => {
      for (const includeTop of [true, false]) {
        const model = await MobileNetV2({
          alpha,
          inputShape: [size, size, channels],
          weights: null,
          includeTop,
          classes: 10,
        });
        seedWeights(model, "engine");
        const inputs = seededTensors([[1, size, size, channels]]);
        for (const features of [undefined, PLAIN, { ...machine(), wideSimd: true }]) {
          const difference = await engineDifference(programOf(model.graph), inputs, features);
          assert.ok(difference <= (includeTop ? 1e-5 : 1e-4), `off by ${difference}`);
        }
      }
    });
  }

  it("any size in one model, larger and smaller, again and again: features within 1e-4", async () => {
    const model = await MobileNetV2({ alpha: 0.35, inputShape: [null, null, 3], weights: null, includeTop: false });
    seedWeights(model, "engine");
    const program = programOf(model.graph);
    using engine = await Engine.create(program);
    for (const [rows, cols] of [
      [32, 32],
      [64, 40],
      [33, 97],
      [32, 32],
      [96, 96],
      [64, 40],
    ] as const) {
      const inputs = seededTensors([[1, rows, cols, 3]]);
      const [actual] = await engine.run(inputs);
      const [expected] = evaluate(program, inputs);
      assert.deepEqual(actual?.shape, expected?.shape);
      assertWithin(actual?.data ?? [], expected?.data ?? [], 1e-4 * Math.max(...(expected?.data ?? [])));
    }
  });

  it("NaN and infinity in a picture come out as in the layers", async () => {
    const x = Input({ shape: [9, 9, 4] });
    const program = seededProgram(x, block(x, 1).add);
    for (const special of [NaN, Infinity, -Infinity]) {
      const [input] = seededTensors([[1, 9, 9, 4]]);
      assert.ok(input);
      input.data[4 * (9 * 4 + 4)] = special;
      using engine = await Engine.create(program);
      const [actual] = await engine.run([input]);
      const [expected] = evaluate(program, [input]);
      assertWithin(actual?.data ?? [], expected?.data ?? [], 1e-5, String(special));
    }
  });
});

/** A convolution of any picture. */
function smallModel() {
  const x = Input({ shape: [null, null, 3] });
  const y = new Conv2D({ filters: 5, kernelSize: 3, padding: "same" }).apply(x);
  return new Model({ inputs: x, outputs: new BatchNormalization().apply(y) });
}

describe("engines", () => {
  it("a batch is each of its pictures; overlapping calls of several shapes are right", async () => {
    const model = smallModel();
    seedWeights(model, "engine");
    using engine = await Engine.create(programOf(model.graph));
    const [many] = seededTensors([[3, 6, 7, 3]]);
    assert.ok(many);
    const [together] = await engine.run([many]);
    const size = 6 * 7 * 3;
    const singles = await Promise.all([
      ...Array.from({ length: 3 }, (_, i) =>
        engine.run([new Tensor([1, 6, 7, 3], many.data.slice(i * size, (i + 1) * size))]),
      ),
      ...Array.from({ length: 12 }, (_, i) => engine.run(seededTensors([[1, 5 + i, 4, 3]]))),
    ]);
    const flat = singles.slice(0, 3).flatMap(([y]) => [...(y?.data ?? [])]);
    assert.deepEqual([...(together?.data ?? [])], flat);
    assert.deepEqual(singles.at(-1)?.[0]?.shape, [1, 16, 4, 5]);
  });

  it("takes integers as they are", async () => {
    using engine = await Engine.create(programOf(smallModel().graph));
    const bytes = Uint8Array.from({ length: 4 * 4 * 3 }, (_, i) => i * 5);
    const [a] = await engine.run([new Tensor([1, 4, 4, 3], bytes)]);
    const [b] = await engine.run([new Tensor([1, 4, 4, 3], Float32Array.from(bytes))]);
    assert.deepEqual(a, b);
  });

  it("uses weights that were assigned since the last run", async () => {
    const model = smallModel();
    seedWeights(model, "one");
    const program = programOf(model.graph);
    using engine = await Engine.create(program);
    const inputs = seededTensors([[1, 5, 5, 3]]);
    const [before] = await engine.run(inputs);
    seedWeights(model, "two");
    const [after] = await engine.run(inputs);
    const [expected] = evaluate(program, inputs);
    assertWithin(after?.data ?? [], expected?.data ?? [], 1e-6);
    assert.ok(maxDifference(after?.data ?? [], before?.data ?? []) > 0.1);
  });

  it("says what does not fit", async () => {
    using engine = await Engine.create(programOf(smallModel().graph));
    await assert.rejects(engine.run([]), { code: "ShapeError", message: /1 inputs. Received 0/ });
    await assert.rejects(engine.run(seededTensors([[1, 4, 4, 2]])), {
      code: "ShapeError",
      message: /expected shape=\(1, None, None, 3\), found shape=\(1, 4, 4, 2\)/,
    });
  });

  it("too large a picture is a LimitError, and the next call works", async () => {
    const x = Input({ shape: [null, null, 1] });
    const y = new Conv2D({ filters: 512, kernelSize: 1 }).apply(x);
    using engine = await Engine.create(seededProgram(x, y));
    const large = new Tensor([1, 2048, 2048, 1], new Float32Array(2048 * 2048));
    await assert.rejects(engine.run([large]), { code: "LimitError", message: /MiB of memory/ });
    const [small] = await engine.run(seededTensors([[1, 2, 2, 1]]));
    assert.deepEqual(small?.shape, [1, 2, 2, 512]);
  });

  it("is of no use after dispose()", async () => {
    const engine = await Engine.create(programOf(smallModel().graph));
    await engine.run(seededTensors([[1, 4, 4, 3]]));
    assert.ok(engine.memoryBytes > 0);
    const pending = engine.run(seededTensors([[1, 5, 5, 3]]));
    engine.dispose();
    await assert.rejects(pending, { code: "StateError" });
    await assert.rejects(engine.run(seededTensors([[1, 4, 4, 3]])), { code: "StateError" });
    assert.equal(engine.memoryBytes, 0);
  });

  it("without SIMD the layers compute", async () => {
    const model = smallModel();
    seedWeights(model, "engine");
    const program = programOf(model.graph);
    const inputs = seededTensors([[2, 4, 4, 3]]);
    using executor = await executorOf(program, { features: { ...PLAIN, simd: false } });
    assert.deepEqual(await executor.run(inputs), evaluate(program, inputs));
  });

  it("an arena of 1.0_224 is near its largest live set: 20 MiB with the weights", async () => {
    const model = await MobileNetV2({ weights: null });
    using engine = await Engine.create(programOf(model.graph));
    await engine.run([new Tensor([1, 224, 224, 3], new Float32Array(224 * 224 * 3))]);
    assert.ok(engine.memoryBytes < 20 * 2 ** 20, `${engine.memoryBytes} bytes`);
  });
});
