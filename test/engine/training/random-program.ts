/** Random small programs of all layers that training has operations for. */
import type { Program } from "../../../src/graph/program.ts";
import { Activation } from "../../../src/layers/activations/activation.ts";
import { ReLU } from "../../../src/layers/activations/relu.ts";
import { Softmax } from "../../../src/layers/activations/softmax.ts";
import { Conv2D } from "../../../src/layers/convolutional/conv2d.ts";
import { DepthwiseConv2D } from "../../../src/layers/convolutional/depthwise-conv2d.ts";
import { Dense } from "../../../src/layers/core/dense.ts";
import { Input } from "../../../src/layers/core/input-layer.ts";
import type { KerasTensor, Layer } from "../../../src/layers/layer.ts";
import { Add } from "../../../src/layers/merging/add.ts";
import { BatchNormalization } from "../../../src/layers/normalization/batch-normalization.ts";
import { AveragePooling2D } from "../../../src/layers/pooling/average-pooling2d.ts";
import { GlobalAveragePooling2D } from "../../../src/layers/pooling/global-average-pooling2d.ts";
import { GlobalMaxPooling2D } from "../../../src/layers/pooling/global-max-pooling2d.ts";
import { Rescaling } from "../../../src/layers/preprocessing/rescaling.ts";
import { Dropout } from "../../../src/layers/regularization/dropout.ts";
import { Flatten } from "../../../src/layers/reshaping/flatten.ts";
import { ZeroPadding2D } from "../../../src/layers/reshaping/zero-padding2d.ts";
import type { Weight } from "../../../src/layers/weight.ts";
import { Draws } from "../../support/draws.ts";
import { seededProgram } from "../run.ts";
import { trainableOf } from "./run.ts";

export interface RandomProgram {
  readonly program: Program;
  /** Of the input, batch first. */
  readonly shape: readonly number[];
  readonly training: boolean;
  readonly weights: readonly Weight[];
  /** The numbers of outputs whose gradients are wanted. */
  readonly outputs: readonly number[];
}

/** The same number gives the same program. */
export function randomProgram(number: number): RandomProgram {
  const draws = new Draws(`program ${number}`);
  const below = (end: number): number => draws.whole(0, end - 1);
  const oneOf = <T>(all: readonly T[]): T => draws.one(all);
  const shape = [1 + below(3), 4 + below(4), 4 + below(4), oneOf([2, 3, 4])];
  const input = Input({ shape: shape.slice(1) });
  const values: KerasTensor[] = [input];
  const bounded = (x: KerasTensor): KerasTensor =>
    oneOf([new ReLU({ maxValue: 6 }), new ReLU(), new Activation({ activation: oneOf(["tanh", "linear"]) })]).apply(x);
  const normalized = (x: KerasTensor): KerasTensor =>
    new BatchNormalization({ trainable: below(4) > 0, scale: below(2) > 0 }).apply(x);
  const convolved = (x: KerasTensor): KerasTensor =>
    oneOf([
      new Conv2D({ filters: oneOf([4, 5]), kernelSize: 1, useBias: below(2) > 0 }),
      new Conv2D({ filters: 4, kernelSize: 3, strides: 1 + below(2), padding: "same" }),
      new DepthwiseConv2D({ kernelSize: 3, strides: 1 + below(2), padding: "same" }),
    ]).apply(x);
  const twice = (x: KerasTensor, layer: Layer): KerasTensor => layer.apply(layer.apply(x));
  const steps: readonly ((x: KerasTensor) => KerasTensor)[] = [
    convolved,
    (x) => normalized(convolved(x)),
    (x) => bounded(normalized(convolved(x))),
    normalized,
    bounded,
    (x) => new ZeroPadding2D({ padding: 1 }).apply(x),
    (x) => new DepthwiseConv2D({ kernelSize: 2 }).apply(new ZeroPadding2D({ padding: 1 }).apply(x)),
    (x) => new AveragePooling2D({ poolSize: 2, padding: "same" }).apply(x),
    (x) => new Dropout({ rate: 0.3 }).apply(x),
    (x) => new Rescaling({ scale: 0.5, offset: 0.1 }).apply(x),
    (x) => new Softmax({ axis: oneOf([-1, 1]) }).apply(x),
    (x) => new Activation({ activation: oneOf(["sigmoid", "softmax"]) }).apply(x),
    // Weights whose gradients have two parts.
    (x) => twice(x, new Conv2D({ filters: x.shape.at(-1) ?? 1, kernelSize: 1 })),
    (x) => twice(x, new BatchNormalization()),
    (x) => twice(x, new Conv2D({ filters: x.shape.at(-1) ?? 1, kernelSize: 1, groups: x.shape.at(-1) ?? 1 })),
    // No kernel has groups.
    (x) => new Conv2D({ filters: 4, kernelSize: 1, groups: (x.shape.at(-1) ?? 1) % 2 === 0 ? 2 : 1 }).apply(x),
    (x) => {
      const like = values.filter((value) => value.shape.join() === x.shape.join());
      return new Add().apply([x, oneOf(like), ...(below(2) > 0 ? [oneOf(like)] : [])]);
    },
  ];
  // Most read what came last; some go back, so that values have several readers.
  for (let left = 3 + below(7); left > 0; left--) {
    const x = below(3) > 0 ? values.at(-1) : oneOf(values);
    values.push(oneOf(steps)(x ?? input));
  }
  const last = values.at(-1) ?? input;
  const pooled = oneOf([new GlobalAveragePooling2D(), new GlobalMaxPooling2D(), new Flatten()]).apply(last);
  const head = new Dense({ units: 3, activation: oneOf(["softmax", "sigmoid", "linear"]) }).apply(pooled);
  const program = seededProgram(input, below(3) > 0 ? [head] : [head, oneOf(values.slice(1))]);
  const few = below(3);
  return {
    program,
    shape,
    training: below(5) > 0,
    weights: trainableOf(program).filter(() => few === 0 || below(3) > 0),
    outputs: program.outputs.map((_, i) => i).filter(() => below(3) === 0),
  };
}
