/** What is the WebAssembly engine's own: chains, memory, runs that wait, and when it is chosen. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { Tensor } from "../../src/core/tensor.ts";
import { Engine } from "../../src/engine/engine.ts";
import { executorOf } from "../../src/engine/executor-of.ts";
import { plan } from "../../src/engine/plan/plan.ts";
import { evaluate } from "../../src/graph/evaluate.ts";
import { programOf } from "../../src/graph/program.ts";
import { TILINGS } from "../../src/kernels/f32/tilings.ts";
import { Conv2D } from "../../src/layers/convolutional/conv2d.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import { fold } from "../../src/lowering/fold.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { Operations } from "../../src/lowering/operations.ts";
import { block, smallModel } from "../executors/programs.ts";
import { seedWeights } from "../support/seeded.ts";
import { PLAIN, engineDifference, runPlan, seededProgram, seededTensors } from "./run.ts";

describe("chains: convolutions computed together, row by row", () => {
  it("a block of wide pictures is one operation", () => {
    for (const strides of [1, 2] as const) {
      const x = Input({ shape: [64, 64, 16] });
      const program = seededProgram(x, block(x, strides).add);
      const kindsOf = plan(fold(lower(program, [[64, 64, 16]])), { tiling: TILINGS.mul }).operations.map(
        ({ kind }) => kind,
      );
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
        [1, 2, 3, 5, 100].map((pieces) => runPlan(plan(operations, { tiling: TILINGS.mul, pieces }), inputs)),
      );
      for (const result of results) assert.deepEqual(result, results[0]);
    }
  });
});

describe("engines", () => {
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

  it("without SIMD there are no integers", async () => {
    const program = programOf(smallModel().graph);
    const options = { features: { ...PLAIN, simd: false }, transform: (operations: Operations) => operations };
    await assert.rejects(executorOf(program, options), { code: "MissingError", message: /needs WebAssembly SIMD/ });
  });

  it("an arena of 1.0_224 is near its largest live set: 20 MiB with the weights", async () => {
    const model = await MobileNetV2({ weights: null });
    using engine = await Engine.create(programOf(model.graph));
    await engine.run([new Tensor([1, 224, 224, 3], new Float32Array(224 * 224 * 3))]);
    assert.ok(engine.memoryBytes < 20 * 2 ** 20, `${engine.memoryBytes} bytes`);
  });
});
