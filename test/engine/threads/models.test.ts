/** Models on several threads: the numbers of one thread, exactly, from wherever and in whatever order they are asked for. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { MobileNetV2 } from "../../../src/applications/mobilenet-v2.ts";
import type { MobileNetV2Error } from "../../../src/core/errors.ts";
import { type Tensor, zeros } from "../../../src/core/tensor.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { buildGraph } from "../../../src/graph/graph.ts";
import { programOf } from "../../../src/graph/program.ts";
import { INTEGER_MODES } from "../../../src/kernels/i8/parts.ts";
import { hasMode } from "../../../src/engine/integers/modes.ts";
import { Activation } from "../../../src/layers/activations/activation.ts";
import { Conv2D } from "../../../src/layers/convolutional/conv2d.ts";
import { Input } from "../../../src/layers/core/input-layer.ts";
import { GlobalAveragePooling2D } from "../../../src/layers/pooling/global-average-pooling2d.ts";
import { Model } from "../../../src/models/model.ts";
import { quantize } from "../../../src/models/quantized/quantize.ts";
import { features } from "../../../src/wasm/features.ts";
import { besideKept, growth } from "../../support/memory.ts";
import { seedWeights, seededInput } from "../../support/seeded.ts";

const THREADS = [1, 2, 3, 8];

/** Lets workers start. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 15));

async function seeded(threads: number, rows = 96, cols = rows): Promise<Model> {
  const model = await MobileNetV2({ alpha: 0.35, inputShape: [rows, cols, 3], weights: null, threads });
  seedWeights(model, "threads");
  return model;
}

describe("models on 1, 2, 3 and 8 threads give the same bits", () => {
  for (const [rows, cols] of [
    [96, 96],
    [33, 97],
    [224, 160],
  ] as const) {
    it(`${rows} × ${cols}, a batch of 2`, async () => {
      const x = seededInput("threads", [2, rows, cols, 3]);
      let right: Tensor<Float32Array> | undefined;
      for (const threads of THREADS) {
        using model = await seeded(threads, rows, cols);
        for (let run = 0; run < 6; run++) {
          const y = await model.predict(x);
          right ??= y;
          assert.deepEqual(y.data, right.data, `${threads} threads, run ${run}`);
          await pause();
        }
      }
    });
  }

  it("without relaxed SIMD, several outputs, a size that changes", async () => {
    const whole = await seeded(1);
    const names = ["block_1_expand", "block_6_depthwise_relu", "block_12_add", "out_relu"];
    const graph = buildGraph(
      whole.inputs,
      names.map((name) => whole.getLayer(name).output),
    );
    const program = programOf(graph);
    const right = new Map<string, readonly Tensor[]>();
    for (const threads of THREADS) {
      using engine = await Engine.create(program, { threads, features: { ...features(), relaxedSimd: false } });
      for (const batch of [1, 2, 1]) {
        const x = seededInput("threads", [batch, 96, 96, 3]);
        const y = await engine.run([x]);
        const expected = right.get(String(batch)) ?? y;
        right.set(String(batch), expected);
        assert.deepEqual(y, expected);
        await pause();
      }
    }
  });

  it("in integers", async () => {
    const x = seededInput("threads", [2, 96, 96, 3]);
    for (const mode of INTEGER_MODES.filter(hasMode)) {
      let right: Tensor<Float32Array> | undefined;
      for (const threads of THREADS) {
        using quantized = await quantize(await seeded(threads), x, { mode });
        for (let run = 0; run < 3; run++) {
          const y = await quantized.predict(x);
          right ??= y;
          assert.deepEqual(y.data, right.data, `${mode} on ${threads} threads`);
          await pause();
        }
      }
    }
  });

  it("where a layer runs outside WebAssembly between two others", async () => {
    const input = Input({ shape: [20, 20, 4] });
    const inner = new Activation({ activation: "gelu" }).apply(new Conv2D({ filters: 9, kernelSize: 3 }).apply(input));
    const output = new Conv2D({ filters: 7, kernelSize: 3 }).apply(inner);
    const graph = buildGraph([input], [output]);
    seedWeights(graph, "threads");
    const x = seededInput("threads", [3, 20, 20, 4]);
    let right: readonly Tensor[] | undefined;
    for (const threads of THREADS) {
      using engine = await Engine.create(programOf(graph), { threads });
      for (let run = 0; run < 4; run++) {
        const y = await engine.run([x]);
        right ??= y;
        assert.deepEqual(y, right);
        await pause();
      }
    }
  });
});

describe("models that share the threads", () => {
  it("answer right when asked from many places at once", async () => {
    const models = await Promise.all([seeded(2), seeded(3, 64), seeded(1, 32), seeded(8, 64)]);
    const inputs = models.map((model) =>
      seededInput(
        "threads",
        model.input.shape.map((axis) => axis ?? 1),
      ),
    );
    const right: Float32Array[] = [];
    for (const [i, model] of models.entries()) right.push((await model.predict(inputs[i] ?? zeros([1]))).data);
    const asked = Array.from({ length: 60 }, async (_, i) => {
      if (i % 7 === 0) await pause();
      const which = (i * 5) % models.length;
      const y = await models[which]?.predict(inputs[which] ?? zeros([1]));
      assert.deepEqual(y?.data, right[which]);
    });
    await Promise.all(asked);
  });

  it("can be disposed of while they work: what has begun is finished, what has not is an error", async () => {
    const model = await seeded(2);
    const x = seededInput("threads", [1, 96, 96, 3]);
    const right = (await model.predict(x)).data;
    const asked = Array.from({ length: 8 }, () => model.predict(x));
    await asked[0];
    model.dispose();
    for (const result of await Promise.allSettled(asked)) {
      if (result.status === "fulfilled") assert.deepEqual(result.value.data, right);
      else assert.equal((result.reason as MobileNetV2Error).code, "StateError");
    }
  });

  it("that are disposed of leave less than a quarter of their memory behind, in all threads, even if someone holds them", async () => {
    const held: Model[] = [];
    // Nearly all of its memory is what the threads share: the values between the layers.
    const used = async (): Promise<Model> => {
      const input = Input({ shape: [512, 512, 1] });
      const wide = new Conv2D({ filters: 8, kernelSize: 1 }).apply(input);
      const outputs = new GlobalAveragePooling2D().apply(wide);
      const model = new Model({ inputs: input, outputs, threads: 2 });
      await model.predict(zeros([1, 512, 512, 1]));
      held.push(model);
      return model;
    };
    const disposed = async (): Promise<void> => (await used()).dispose();
    await growth(10, disposed);
    const kept = await growth(10, async () => void (await used()));
    const left = await growth(40, disposed);
    for (const model of held) model.dispose();
    assert.equal(held.length, 60);
    assert.ok(left.resident < kept.resident / 4, besideKept(left.resident, kept.resident));
  });

  it("`threads` that is no number of threads is an error", async () => {
    for (const threads of [0, -1, 1.5, NaN, Infinity]) {
      await assert.rejects(MobileNetV2({ weights: null, threads }), {
        code: "ValueError",
        message: `\`threads\` should be a whole number of 1 or more. Received \`threads=${threads}\``,
      });
    }
  });
});

it("a process that has predicted on several threads ends by itself, after its last prediction", async () => {
  const program = fileURLToPath(new URL("program.ts", import.meta.url));
  const argv = ["--conditions=@mobilenet-v2/source", program];
  // Only a process that never ends takes so long: it is killed then, which is an error.
  const { stdout } = await promisify(execFile)(process.execPath, argv, { timeout: 300_000 });
  assert.equal(stdout, "10 of 10\n");
});
