/** Graphs: what back ends fold and what they must not, outputs of every kind, whole models. */
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import type { Tensor } from "../../src/core/tensor.ts";
import { programOf } from "../../src/graph/program.ts";
import { ReLU } from "../../src/layers/activations/relu.ts";
import { Conv2D } from "../../src/layers/convolutional/conv2d.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import type { KerasTensor } from "../../src/layers/layer.ts";
import { Add } from "../../src/layers/merging/add.ts";
import { Flatten } from "../../src/layers/reshaping/flatten.ts";
import { LARGE, type Random, SMALL, randomProgram } from "../engine/plan/random-programs.ts";
import { seededProgram, seededTensors } from "../engine/run.ts";
import { seedWeights } from "../support/seeded.ts";
import { block } from "./programs.ts";
import type { Case, CaseGroup } from "./run-cases.ts";

function graph(
  what: string,
  ends: {
    readonly inputs: KerasTensor | readonly KerasTensor[];
    readonly outputs: KerasTensor | readonly KerasTensor[];
  },
  ...shapes: readonly (readonly number[])[]
): Case {
  return { what, program: seededProgram(ends.inputs, ends.outputs), inputs: seededTensors(shapes) };
}

function sums(): Case[] {
  const x = Input({ shape: [5, 5, 4] });
  const conv = (from: KerasTensor): KerasTensor => new Conv2D({ filters: 4, kernelSize: 1 }).apply(from);
  const [a, b] = [conv(x), conv(x)];
  const two = [new Add().apply([a, a]), new Add().apply([conv(x), conv(x)]), new Add().apply([a, b])];
  const chained = new Add().apply([new ReLU().apply(new Add().apply([x, conv(x)])), conv(b), b]);
  const relu = new ReLU().apply(x);
  const own = new Add().apply([relu, conv(relu)]);
  return [...two, chained, own, [...two, chained]].map((outputs, i) =>
    graph(`sum ${i}`, { inputs: x, outputs }, [2, 5, 5, 4]),
  );
}

function tensorsOfBlocks(): Case[] {
  return ([1, 2] as const).flatMap((strides) => {
    const x = Input({ shape: [7, 9, 5] });
    const tensors = Object.values(block(x, strides));
    return [...tensors.map((tensor) => [tensor, tensors[8] ?? tensor]), tensors, [x, ...tensors]].map((outputs, i) =>
      graph(`strides ${strides}, outputs ${i}`, { inputs: x, outputs }, [2, 7, 9, 5]),
    );
  });
}

function wideBlocks(): Case[] {
  return (
    [
      [64, 50, 1],
      [61, 47, 2],
      [40, 64, 2],
    ] as const
  ).map(([rows, cols, strides]) => {
    const x = Input({ shape: [rows, cols, 16] });
    const { add, projectBN } = block(new Conv2D({ filters: 16, kernelSize: 3, padding: "same" }).apply(x), strides);
    const outputs = strides === 1 ? add : projectBN;
    return graph(`${rows} × ${cols}, strides ${strides}`, { inputs: x, outputs }, [1, rows, cols, 16]);
  });
}

function sameValues(): Case[] {
  const x = Input({ shape: [3, 4, 2] });
  const relu = new ReLU().apply(x);
  const flat = new Flatten().apply(relu);
  const outputs = [x, relu, relu, flat, new ReLU({ maxValue: 0.5 }).apply(flat)];
  return [graph("outputs", { inputs: x, outputs }, [3, 3, 4, 2])];
}

function severalInputs(): Case[] {
  const inputs = [Input({ shape: [6, 6, 3] }), Input({ shape: [4] })] as const;
  const left = new Conv2D({ filters: 4, kernelSize: 3, strides: 2, padding: "same" }).apply(inputs[0]);
  const outputs = [left, new Dense({ units: 3 }).apply(inputs[1])];
  return [graph("two branches", { inputs, outputs }, [2, 6, 6, 3], [2, 4])];
}

function sharedPadding(): Case[] {
  const x = Input({ shape: [6, 5, 3] });
  const conv = (): KerasTensor => new Conv2D({ filters: 4, kernelSize: 3, padding: "same" }).apply(x);
  return [graph("two convolutions", { inputs: x, outputs: [conv(), conv()] }, [2, 6, 5, 3])];
}

function special(): Case[] {
  const x = Input({ shape: [9, 9, 4] });
  const program = seededProgram(x, block(x, 1).add);
  return [NaN, Infinity, -Infinity].map((number) => {
    const inputs: Tensor<Float32Array>[] = seededTensors([[1, 9, 9, 4]]);
    inputs[0]?.data.fill(number, 4 * (9 * 4 + 4), 4 * (9 * 4 + 4) + 1);
    return { what: String(number), program, inputs };
  });
}

function random(seed: string, { program, shapes }: Random, batch: number): Case {
  const inputs = seededTensors(shapes.map((shape) => [batch, ...shape]));
  return { what: `program '${seed}'`, program, inputs };
}

function smallPrograms(): Case[] {
  return Array.from({ length: 80 }, (_, i) => random(`engine ${i}`, randomProgram(`engine ${i}`, SMALL), (i % 2) + 1));
}

function largePrograms(): Case[] {
  const kind = { ...LARGE, sides: [48, 56] } as const;
  return Array.from({ length: 4 }, (_, i) => random(`chained ${i}`, randomProgram(`chained ${i}`, kind), 1));
}

const MODELS = [
  [0.35, 32, 3],
  [0.5, 33, 1],
  [1.0, 41, 4],
  [1.4, 32, 3],
] as const;

function models(includeTop: boolean): () => Promise<Case[]> {
  return () =>
    Promise.all(
      MODELS.map(async ([alpha, size, channels]) => {
        const inputShape = [size, size, channels] as const;
        const model = await MobileNetV2({ alpha, inputShape, weights: null, includeTop, classes: 10 });
        seedWeights(model, "engine");
        const what = `alpha ${alpha}, ${size} × ${size} × ${channels}`;
        return { what, program: programOf(model.graph), inputs: seededTensors([[1, ...inputShape]]) };
      }),
    );
}

export const GRAPH_CASES: readonly CaseGroup[] = [
  {
    name: "a sum of a tensor with itself, of two convolutions, of a convolution used twice",
    within: 1e-6,
    decibels: 20,
    cases: sums,
  },
  {
    name: "every tensor of a block as an output, one by one and all together",
    within: 2e-6,
    decibels: 20,
    cases: tensorsOfBlocks,
  },
  { name: "blocks of wide pictures, at sizes that no piece divides", within: 2e-6, decibels: 20, cases: wideBlocks },
  {
    name: "an output that is an input, twice the same output, a flattened view of another output",
    within: 0,
    cases: sameValues,
  },
  {
    name: "several inputs, one of them unused by the other's branch",
    within: 1e-6,
    decibels: 20,
    cases: severalInputs,
  },
  {
    name: "padding that belongs to the caller's picture, read by two convolutions",
    within: 1e-6,
    decibels: 20,
    cases: sharedPadding,
  },
  { name: "80 random programs, with one picture and with two", within: 1e-5, cases: smallPrograms },
  { name: "4 larger random programs", within: 1e-5, cases: largePrograms },
  { name: "NaN and infinity in a picture", within: 1e-5, cases: special },
  { name: "MobileNetV2 with softmax", within: 1e-5, cases: models(true) },
  { name: "features of MobileNetV2", within: 1e-4, cases: models(false) },
];
