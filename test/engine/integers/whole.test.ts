/** Whole quantized graphs on the engine: exactly what the plain loops give, the same in every mode and with any number of threads. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MobileNetV2 } from "../../../src/applications/mobilenet-v2.ts";
import type { Tensor } from "../../../src/core/tensor.ts";
import { evaluate } from "../../../src/graph/evaluate.ts";
import { type Program, programOf } from "../../../src/graph/program.ts";
import { INTEGER_MODES } from "../../../src/kernels/i8/parts.ts";
import { hasMode } from "../../../src/engine/integers/modes.ts";
import { Activation } from "../../../src/layers/activations/activation.ts";
import { Add } from "../../../src/layers/merging/add.ts";
import { BatchNormalization } from "../../../src/layers/normalization/batch-normalization.ts";
import { Conv2D } from "../../../src/layers/convolutional/conv2d.ts";
import { Dense } from "../../../src/layers/core/dense.ts";
import { DepthwiseConv2D } from "../../../src/layers/convolutional/depthwise-conv2d.ts";
import { Dropout } from "../../../src/layers/regularization/dropout.ts";
import { Flatten } from "../../../src/layers/reshaping/flatten.ts";
import { GlobalAveragePooling2D } from "../../../src/layers/pooling/global-average-pooling2d.ts";
import { GlobalMaxPooling2D } from "../../../src/layers/pooling/global-max-pooling2d.ts";
import { Input } from "../../../src/layers/core/input-layer.ts";
import type { KerasTensor } from "../../../src/layers/layer.ts";
import { ReLU } from "../../../src/layers/activations/relu.ts";
import { Rescaling } from "../../../src/layers/preprocessing/rescaling.ts";
import { decibels } from "../../support/compare.ts";
import { supports, whileOn } from "../../support/integers.ts";
import { seedWeights } from "../../support/seeded.ts";
import { seededProgram, seededTensors } from "../run.ts";
import { byReference, onEngine, operationsFor, quantized } from "./run.ts";

/** All modes and numbers of threads give the same; the result of one. */
async function sameEverywhere(program: Program, inputs: readonly Tensor<Float32Array>[]) {
  const network = await quantized(program, inputs);
  const results = await onEngine(program, network, inputs, { mode: "i16" });
  for (const mode of INTEGER_MODES.filter((one) => supports(one) === false)) {
    const ways = [
      { threads: 1 },
      { threads: 2 },
      { threads: 3 },
      { threads: 1, wide: true },
      { threads: 2, wide: true },
    ];
    for (const way of hasMode(mode) ? ways : ways.filter(({ threads }) => threads === 1)) {
      const others = await whileOn(mode, () => onEngine(program, network, inputs, { mode, ...way }));
      for (const [i, { data }] of results.entries()) {
        assert.deepEqual(others[i]?.data, data, `output ${i}, ${mode}, ${JSON.stringify(way)}`);
      }
    }
  }
  return { network, results };
}

/** Exactly the plain loops', for the first picture. */
async function agrees(program: Program, inputs: readonly Tensor<Float32Array>[]): Promise<void> {
  const { network, results } = await sameEverywhere(program, inputs);
  const expected = byReference(operationsFor(program, network, inputs), inputs);
  for (const [i, values] of expected.entries()) {
    assert.deepEqual(results[i]?.data.subarray(0, values.length), values, `output ${i}`);
  }
}

async function logits(alpha: number, size: readonly [number, number]): Promise<Program> {
  const model = await MobileNetV2({
    weights: null,
    alpha,
    inputShape: [...size, 3],
    classes: 7,
    classifierActivation: null,
  });
  seedWeights(model, "int8");
  return programOf(model.graph);
}

/** An inverted residual block. */
function block(
  x: KerasTensor,
  { filters, strides = 1, expansion = 6 }: { filters: number; strides?: 1 | 2; expansion?: number },
): KerasTensor {
  const relu = (y: KerasTensor): KerasTensor => new ReLU({ maxValue: 6 }).apply(new BatchNormalization().apply(y));
  const expanded = relu(new Conv2D({ filters: (x.shape[3] ?? 1) * expansion, kernelSize: 1 }).apply(x));
  const depthwise = relu(
    new DepthwiseConv2D({ kernelSize: 3, strides, padding: "same", useBias: false }).apply(expanded),
  );
  const projected = new BatchNormalization().apply(new Conv2D({ filters, kernelSize: 1 }).apply(depthwise));
  return strides === 1 && filters === x.shape[3] ? new Add().apply([x, projected]) : projected;
}

describe("quantized MobileNetV2 up to its logits, exactly as the plain loops", () => {
  for (const [alpha, rows, cols] of [
    [0.35, 32, 32],
    [0.35, 47, 61],
    [0.75, 33, 64],
    [1.3, 32, 32],
  ] as const) {
    it(`${alpha}, ${rows} × ${cols}`, async () => {
      await agrees(await logits(alpha, [rows, cols]), seededTensors([[2, rows, cols, 3]]));
    });
  }
});

describe("other quantized graphs, exactly as the plain loops", () => {
  for (const [rows, cols] of [
    [1, 1],
    [2, 5],
    [7, 3],
    [29, 31],
  ] as const) {
    it(`blocks of 5 and 13 channels, ${rows} × ${cols}`, async () => {
      const image = Input({ shape: [rows, cols, 5] });
      let x = block(image, { filters: 13, expansion: 3 });
      x = block(x, { filters: 13, expansion: 1 });
      x = block(x, { filters: 9, strides: 2 });
      x = block(x, { filters: 9 });
      x = new Conv2D({ filters: 50, kernelSize: 1, activation: "relu6" }).apply(x);
      x = new Dense({ units: 37 }).apply(new Dropout({ rate: 0.5 }).apply(new GlobalAveragePooling2D().apply(x)));
      await agrees(seededProgram(image, x), seededTensors([[1, rows, cols, 5]]));
    });
  }

  it("wide pictures: 113 × 97", async () => {
    const image = Input({ shape: [113, 97, 3] });
    const x = block(new Conv2D({ filters: 4, kernelSize: 3, strides: 2, padding: "same" }).apply(image), {
      filters: 4,
    });
    await agrees(seededProgram(image, new GlobalAveragePooling2D().apply(x)), seededTensors([[1, 113, 97, 3]]));
  });

  it("windows of 5 × 3 with padding, between integers; dilated; strided", async () => {
    const image = Input({ shape: [12, 11, 3] });
    let x = new Conv2D({ filters: 6, kernelSize: [5, 3], padding: "same", activation: "relu" }).apply(image);
    x = new Conv2D({ filters: 7, kernelSize: [3, 5], padding: "same", strides: [2, 1] }).apply(x);
    x = new Conv2D({ filters: 5, kernelSize: 3, dilationRate: [2, 3], padding: "same", activation: "relu6" }).apply(x);
    await agrees(
      seededProgram(image, new Conv2D({ filters: 3, kernelSize: 2 }).apply(x)),
      seededTensors([[1, 12, 11, 3]]),
    );
  });

  it("outputs within: integers and float32 of the same value, and a sum that is an output", async () => {
    const image = Input({ shape: [8, 8, 8] });
    const first = block(image, { filters: 16 });
    const second = block(first, { filters: 16 });
    const third = block(second, { filters: 16 });
    const bounded = new Conv2D({ filters: 12, kernelSize: 1, activation: "relu6" }).apply(third);
    await agrees(seededProgram(image, [first, third, bounded, second]), seededTensors([[2, 8, 8, 8]]));
  });
});

describe("quantized graphs with float32 between, the same in every mode, within 20 dB of float32", () => {
  const graphs: readonly (readonly [string, () => readonly [KerasTensor, KerasTensor | KerasTensor[]]])[] = [
    [
      "softmax, sigmoid and maximum at the end",
      () => {
        const image = Input({ shape: [10, 10, 3] });
        const x = block(new Conv2D({ filters: 16, kernelSize: 3 }).apply(image), { filters: 16 });
        const pooled = new GlobalMaxPooling2D().apply(x);
        return [
          image,
          [
            new Dense({ units: 9, activation: "softmax" }).apply(pooled),
            new Activation({ activation: "sigmoid" }).apply(pooled),
          ],
        ];
      },
    ],
    [
      "scaled pixels, swish, groups, a depthwise window of 5 × 5",
      () => {
        const image = Input({ shape: [16, 16, 3] });
        let x = new Rescaling({ scale: 2 / 255, offset: -1 }).apply(image);
        x = new Conv2D({ filters: 8, kernelSize: 3, strides: 2, padding: "same", activation: "silu" }).apply(x);
        x = new DepthwiseConv2D({ kernelSize: 5, padding: "same", activation: "relu6" }).apply(x);
        x = new Conv2D({ filters: 12, kernelSize: 1, groups: 4, activation: "relu6" }).apply(x);
        x = new Conv2D({ filters: 12, kernelSize: 1 }).apply(x);
        return [image, new Dense({ units: 4 }).apply(new Flatten().apply(x))];
      },
    ],
    [
      "a layer that is applied twice",
      () => {
        const image = Input({ shape: [6, 6, 4] });
        const shared = new Conv2D({ filters: 4, kernelSize: 1, activation: "relu6" });
        const x = new Add().apply([shared.apply(shared.apply(image)), new BatchNormalization().apply(image)]);
        return [image, new Conv2D({ filters: 3, kernelSize: 1 }).apply(x)];
      },
    ],
  ];
  for (const [name, graph] of graphs) {
    it(name, async () => {
      const [image, outputs] = graph();
      const program = seededProgram(image, outputs);
      const inputs = seededTensors([[2, ...image.shape.slice(1).map((axis) => axis ?? 1)]]);
      const { results } = await sameEverywhere(program, inputs);
      for (const [i, { data }] of evaluate(program, inputs).entries()) {
        const found = decibels(data, results[i]?.data ?? []);
        assert.ok(found > 20, `output ${i}: ${found} dB`);
      }
    });
  }
});

describe("what quantizing does", () => {
  it("MobileNetV2 0.35: more than 15 dB over noise, by every way to choose ranges", async () => {
    const program = await logits(0.35, [32, 32]);
    const inputs = seededTensors([[4, 32, 32, 3]]);
    const [expected] = evaluate(program, inputs);
    for (const method of ["mse", "minMax", "percentile"] as const) {
      const network = await quantized(program, inputs, { method });
      const [actual] = await onEngine(program, network, inputs, { mode: "i16" });
      const found = decibels(expected?.data ?? [], actual?.data ?? []);
      assert.ok(found > 15, `${method}: ${found} dB`);
    }
  });

  it("channels of very different size cost nothing where a depthwise convolution takes them: 3 dB more with equalization", async () => {
    const image = Input({ shape: [8, 8, 16] });
    const relu = new ReLU({ maxValue: 6 }).apply(
      new Conv2D({ filters: 16, kernelSize: 1, name: "uneven" }).apply(image),
    );
    const depthwise = new DepthwiseConv2D({ kernelSize: 3, padding: "same", name: "even" });
    const program = seededProgram(image, new Conv2D({ filters: 8, kernelSize: 1 }).apply(depthwise.apply(relu)));
    const factors = Float32Array.from({ length: 16 }, (_, c) => (c % 2 === 0 ? 1 : 0.2));
    for (const { layer } of program.steps) {
      if (layer.name !== "uneven" && layer.name !== "even") continue;
      for (const weight of layer.weights) {
        if (layer.name === "even" && weight.name === "bias") continue;
        const factor = (i: number): number => factors[i % 16] ?? 1;
        weight.assign(weight.values.map((x, i) => (layer.name === "even" ? x / factor(i) ** 1.5 : x * factor(i))));
      }
    }
    const inputs = seededTensors([[1, 8, 8, 16]]);
    const [expected] = evaluate(program, inputs);
    const [without, withIt] = await Promise.all(
      [false, true].map(async (equalization) => {
        const network = await quantized(program, inputs, { equalization });
        const [actual] = await onEngine(program, network, inputs, { mode: "i16" });
        return decibels(expected?.data ?? [], actual?.data ?? []);
      }),
    );
    assert.ok((withIt ?? 0) > (without ?? 0) + 3, `${without} dB without, ${withIt} dB with`);
  });

  it("a channel of zeros, and a constant one", async () => {
    const image = Input({ shape: [4, 4, 3] });
    const conv = new Conv2D({ filters: 4, kernelSize: 1, name: "dead" });
    const x = new ReLU({ maxValue: 6 }).apply(conv.apply(image));
    const program = seededProgram(image, new Conv2D({ filters: 2, kernelSize: 1 }).apply(x));
    conv.weight("kernel").assign(conv.weight("kernel").values.map((w, i) => (i % 4 < 2 ? 0 : w)));
    conv.weight("bias").assign(Float32Array.of(0, 3.25, 0.1, -0.1));
    const inputs = seededTensors([[1, 4, 4, 3]]);
    const [expected] = evaluate(program, inputs);
    const { results } = await sameEverywhere(program, inputs);
    const found = decibels(expected?.data ?? [], results[0]?.data ?? []);
    assert.ok(found > 30, `${found} dB`);
  });
});
