/** What every executor owes beside right numbers (graph/executor.ts). */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { Tensor } from "../../src/core/tensor.ts";
import { evaluate } from "../../src/graph/evaluate.ts";
import type { Executor } from "../../src/graph/executor.ts";
import { type Program, programOf } from "../../src/graph/program.ts";
import { ReLU } from "../../src/layers/activations/relu.ts";
import { Conv2D } from "../../src/layers/convolutional/conv2d.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import { GlobalAveragePooling2D } from "../../src/layers/pooling/global-average-pooling2d.ts";
import { Flatten } from "../../src/layers/reshaping/flatten.ts";
import { seededProgram, seededTensors } from "../engine/run.ts";
import { assertWithin, maxDifference } from "../support/compare.ts";
import { seedWeights } from "../support/seeded.ts";
import { EXECUTORS } from "./executors.ts";
import { smallModel } from "./programs.ts";

function small(seed = "engine"): { readonly program: Program; seed(name: string): void } {
  const model = smallModel();
  seedWeights(model, seed);
  return { program: programOf(model.graph), seed: (name) => seedWeights(model, name) };
}

function picture(rows: number, cols: number, batch = 1): readonly Tensor<Float32Array>[] {
  return seededTensors([[batch, rows, cols, 3]]);
}

for (const { name, skip, floats, hasMemory, make } of EXECUTORS) {
  const needsMemory = hasMemory ? false : "holds no memory of its own";
  const needsFloats = floats ? false : "keeps the integers that it was given";
  const makeSmall = (program = small().program): Promise<Executor> => make(program, picture(8, 8, 2));

  describe(name, { skip }, () => {
    it("a batch is each of its pictures, to the bit; overlapping calls of several shapes are right", async () => {
      using executor = await makeSmall();
      const [many] = picture(6, 7, 3);
      assert.ok(many);
      const [together] = await executor.run([many]);
      const size = 6 * 7 * 3;
      const singles = await Promise.all([
        ...Array.from({ length: 3 }, (_, i) =>
          executor.run([new Tensor([1, 6, 7, 3], many.data.slice(i * size, (i + 1) * size))]),
        ),
        ...Array.from({ length: 12 }, (_, i) => executor.run(picture(5 + i, 4))),
      ]);
      const flat = singles.slice(0, 3).flatMap(([y]) => [...(y?.data ?? [])]);
      assert.deepEqual([...(together?.data ?? [])], flat);
      for (const [i, [y]] of singles.slice(3).entries()) {
        assert.deepEqual(y?.shape, [1, 5 + i, 4, 5]);
        // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
        assert.deepEqual((await executor.run(picture(5 + i, 4)))[0], y);
      }
    });

    it("the same bits again and again, and in another executor", async () => {
      const { program } = small();
      using one = await makeSmall(program);
      using other = await makeSmall(program);
      const first = await one.run(picture(9, 8));
      assert.deepEqual(await one.run(picture(9, 8)), first);
      assert.deepEqual(await other.run(picture(9, 8)), first);
    });

    it("takes whole numbers as they are", async () => {
      using executor = await makeSmall();
      const bytes = Uint8Array.from({ length: 4 * 4 * 3 }, (_, i) => i * 5);
      const [a] = await executor.run([new Tensor([1, 4, 4, 3], bytes)]);
      const [b] = await executor.run([new Tensor([1, 4, 4, 3], Float32Array.from(bytes))]);
      assert.deepEqual(a, b);
    });

    it("inputs are not written to, and outputs are the caller's own", async () => {
      const x = Input({ shape: [4, 4, 3] });
      const y = new Conv2D({ filters: 3, kernelSize: 1 }).apply(x);
      const program = seededProgram(x, [x, y, y, new Flatten().apply(y)]);
      const inputs = picture(4, 4);
      using executor = await make(program, inputs);
      const before = inputs[0]?.data.slice();
      const outputs = await executor.run(inputs);
      const kept = outputs.map(({ data }) => data.slice());
      assert.deepEqual(inputs[0]?.data, before);
      for (const [i, { data }] of outputs.entries()) {
        data.fill(i + 7);
        for (const [j, other] of outputs.entries()) {
          if (j > i) assert.deepEqual(other.data, kept[j], `outputs ${i} and ${j} share memory`);
        }
      }
      assert.deepEqual(inputs[0]?.data, before);
      const again = await executor.run(inputs);
      assert.deepEqual(
        again.map(({ data }) => data),
        kept,
      );
    });

    it("no pictures, and pictures without pixels", async () => {
      using executor = await makeSmall();
      for (const [batch, rows, cols] of [
        [0, 4, 4],
        [2, 0, 4],
        [1, 3, 0],
      ] as const) {
        const [y] = await executor.run(picture(rows, cols, batch));
        assert.deepEqual(y?.shape, [batch, rows, cols, 5]);
        assert.equal(y.data.length, 0);
      }
    });

    it("says what does not fit, and goes on", async () => {
      const x = Input({ shape: [null, null, 3] });
      const y = new GlobalAveragePooling2D().apply(new Conv2D({ filters: 5, kernelSize: 3 }).apply(x));
      using executor = await make(seededProgram(x, new ReLU().apply(y)), picture(8, 8));
      const right = await executor.run(picture(8, 8));
      await assert.rejects(executor.run([]), { code: "ShapeError", message: /1 inputs. Received 0/ });
      await assert.rejects(executor.run([...picture(8, 8), ...picture(8, 8)]), { code: "ShapeError" });
      await assert.rejects(executor.run(seededTensors([[1, 4, 4, 2]])), {
        code: "ShapeError",
        message: /expected shape=\(1, None, None, 3\), found shape=\(1, 4, 4, 2\)/,
      });
      await assert.rejects(executor.run(seededTensors([[4, 4, 3]])), { code: "ShapeError" });
      await assert.rejects(executor.run(picture(2, 8)), { code: "ValueError" });
      assert.deepEqual(await executor.run(picture(8, 8)), right);
    });

    it("inputs of different batches are refused", async () => {
      const [a, b] = [Input({ shape: [4, 4, 3] }), Input({ shape: [4, 4, 3] })];
      const conv = new Conv2D({ filters: 2, kernelSize: 1 });
      const program = seededProgram([a, b], [conv.apply(a), conv.apply(b)]);
      using executor = await make(program, [...picture(4, 4), ...picture(4, 4)]);
      await assert.rejects(executor.run([...picture(4, 4, 1), ...picture(4, 4, 2)]), { code: "ShapeError" });
    });

    it("holds memory from the first call to dispose(), and is of no use then", async () => {
      const executor = await makeSmall();
      assert.equal(executor.memoryBytes, 0);
      const right = await executor.run(picture(4, 4));
      assert.equal(executor.memoryBytes > 0, hasMemory);
      const asked = Array.from({ length: 3 }, () => executor.run(picture(4, 4)));
      executor.dispose();
      for (const result of await Promise.allSettled(asked)) {
        if (result.status === "fulfilled") assert.deepEqual(result.value, right);
        else assert.equal((result.reason as { code?: string }).code, "StateError");
      }
      await assert.rejects(executor.run(picture(4, 4)), { code: "StateError" });
      assert.equal(executor.memoryBytes, 0);
      executor.dispose();
      assert.equal(executor.memoryBytes, 0);
    });

    it("dispose() before the first call", async () => {
      const executor = await makeSmall();
      executor.dispose();
      await assert.rejects(executor.run(picture(4, 4)), { code: "StateError" });
    });

    it("too large a picture is a LimitError, and the next call works", { skip: needsMemory }, async () => {
      const x = Input({ shape: [null, null, 1] });
      const y = new Conv2D({ filters: 512, kernelSize: 1 }).apply(x);
      using executor = await make(seededProgram(x, floats ? y : [x, y]), seededTensors([[1, 2, 2, 1]]));
      const side = floats ? 2048 : 4096;
      const large = new Tensor([1, side, side, 1], new Float32Array(side * side));
      await assert.rejects(executor.run([large]), { code: "LimitError", message: /MiB of memory/ });
      const [...small_] = await executor.run(seededTensors([[1, 2, 2, 1]]));
      assert.deepEqual(small_.at(-1)?.shape, [1, 2, 2, 512]);
    });

    it("uses weights that were assigned since the last call, within 1e-6", { skip: needsFloats }, async () => {
      const { program, seed } = small("one");
      using executor = await makeSmall(program);
      const inputs = picture(5, 5);
      const [before] = await executor.run(inputs);
      seed("two");
      const [after] = await executor.run(inputs);
      const [expected] = evaluate(program, inputs);
      assertWithin(after?.data ?? [], expected?.data ?? [], 1e-6);
      assert.ok(maxDifference(after?.data ?? [], before?.data ?? []) > 0.1);
    });

    it("calls in a row use all of the old weights or all of the new ones", { skip: needsFloats }, async () => {
      const { program, seed } = small("one");
      using executor = await makeSmall(program);
      const inputs = picture(5, 5);
      const old = await executor.run(inputs);
      const asked = Array.from({ length: 3 }, () => executor.run(inputs));
      seed("two");
      const answers = await Promise.all(asked);
      const now = await executor.run(inputs);
      assert.notDeepEqual(now, old);
      for (const answer of answers) assert.deepEqual(answer, isDeepStrictEqual(answer, old) ? old : now);
    });

    it(
      "any size in one model, larger and smaller, again and again: features within 1e-4",
      { skip: needsFloats },
      async () => {
        const model = await MobileNetV2({ alpha: 0.35, inputShape: [null, null, 3], weights: null, includeTop: false });
        seedWeights(model, "engine");
        const program = programOf(model.graph);
        using executor = await make(program, []);
        for (const [rows, cols] of [
          [32, 32],
          [64, 40],
          [33, 97],
          [32, 32],
          [96, 96],
          [64, 40],
        ] as const) {
          const inputs = picture(rows, cols);
          const [actual] = await executor.run(inputs);
          const [expected] = evaluate(program, inputs);
          assert.deepEqual(actual?.shape, expected?.shape);
          assertWithin(actual?.data ?? [], expected?.data ?? [], 1e-4 * Math.max(...(expected?.data ?? [])));
        }
      },
    );
  });
}
