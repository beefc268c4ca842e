/** Small graphs of all kinds of layers, drawn by a seed, and what the engine plans for them. */
import { toIntegers } from "../../../src/engine/integers/integers.ts";
import type { EngineOperations, MixedOperation } from "../../../src/engine/operations.ts";
import { type Plan, plan } from "../../../src/engine/plan/plan.ts";
import { select } from "../../../src/engine/select.ts";
import type { Program } from "../../../src/graph/program.ts";
import { TILINGS } from "../../../src/kernels/f32/tilings.ts";
import { Activation } from "../../../src/layers/activations/activation.ts";
import { ReLU } from "../../../src/layers/activations/relu.ts";
import { Softmax } from "../../../src/layers/activations/softmax.ts";
import { Conv2D } from "../../../src/layers/convolutional/conv2d.ts";
import { DepthwiseConv2D } from "../../../src/layers/convolutional/depthwise-conv2d.ts";
import { Dense } from "../../../src/layers/core/dense.ts";
import { Input } from "../../../src/layers/core/input-layer.ts";
import type { KerasTensor } from "../../../src/layers/layer.ts";
import { Add } from "../../../src/layers/merging/add.ts";
import { BatchNormalization } from "../../../src/layers/normalization/batch-normalization.ts";
import { AveragePooling2D } from "../../../src/layers/pooling/average-pooling2d.ts";
import { GlobalAveragePooling2D } from "../../../src/layers/pooling/global-average-pooling2d.ts";
import { GlobalMaxPooling2D } from "../../../src/layers/pooling/global-max-pooling2d.ts";
import { Rescaling } from "../../../src/layers/preprocessing/rescaling.ts";
import { Dropout } from "../../../src/layers/regularization/dropout.ts";
import { Flatten } from "../../../src/layers/reshaping/flatten.ts";
import { Reshape } from "../../../src/layers/reshaping/reshape.ts";
import { ZeroPadding2D } from "../../../src/layers/reshaping/zero-padding2d.ts";
import { fold } from "../../../src/lowering/fold.ts";
import { lower } from "../../../src/lowering/lower.ts";
import type { Operations } from "../../../src/lowering/operations.ts";
import { quantized } from "../integers/run.ts";
import { Draws } from "../../support/draws.ts";
import { seededProgram, seededTensors } from "../run.ts";

export interface Random {
  readonly program: Program;
  /** The inputs' shapes without the batch. */
  readonly shapes: readonly (readonly number[])[];
}

export interface Kind {
  /** The rows and columns of the inputs, least and most. */
  readonly sides: readonly [number, number];
  /** The largest number of channels of a picture. */
  readonly channels: number;
  /** How many layers or blocks of layers are drawn. */
  readonly layers: number;
}

export const SMALL: Kind = { sides: [1, 9], channels: 12, layers: 14 };
/** Large enough that convolutions are chained. */
export const LARGE: Kind = { sides: [56, 96], channels: 40, layers: 5 };

/** A program of one or two inputs and one or more outputs. Values are used once, several times, or are outputs and used. */
export function randomProgram(seed: string, kind: Kind = SMALL): Random {
  const draws = new Draws(seed);
  const side = (): number => draws.whole(...kind.sides);
  const inputs = Array.from({ length: draws.whole(1, 2) }, () =>
    Input({ shape: [side(), side(), draws.whole(1, Math.min(8, kind.channels))] }),
  );
  const tensors: KerasTensor[] = [...inputs];
  const used = new Set<KerasTensor>();
  const add = (input: KerasTensor | readonly KerasTensor[], output: KerasTensor): void => {
    for (const one of [input].flat()) used.add(one);
    tensors.push(output);
  };
  for (let i = 0; i < kind.layers; i++) {
    const unused = inputs.find((input) => !used.has(input));
    const x = i > 2 && unused !== undefined ? unused : draws.chance(0.6) ? last(tensors) : draws.one(tensors);
    const others = tensors.filter((other) => other.shape.join() === x.shape.join());
    if (draws.chance(0.3)) {
      const summands = [x, draws.one(others), ...(draws.chance(0.2) ? [draws.one(others)] : [])];
      add(summands, new Add().apply(summands));
    } else if (x.shape.length === 4) add(x, draws.chance(0.3) ? block(x, draws, kind) : picture(x, draws, kind));
    else add(x, anyRank(x, draws));
  }
  const ends = tensors.filter((tensor) => !used.has(tensor));
  const outputs = new Set([...ends, ...Array.from({ length: draws.whole(0, 2) }, () => draws.one(tensors))]);
  const program = seededProgram(
    inputs,
    [...outputs].filter((tensor) => !inputs.includes(tensor)),
  );
  return { program, shapes: inputs.map(({ shape }) => shape.slice(1).map((axis) => axis ?? 1)) };
}

function last(tensors: readonly KerasTensor[]): KerasTensor {
  const tensor = tensors.at(-1);
  if (tensor === undefined) throw new Error("no tensor");
  return tensor;
}

function axesOf(x: KerasTensor): readonly number[] {
  return x.shape.slice(1).map((axis) => axis ?? 1);
}

/** An inverted residual block, with a sum where it can have one. */
function block(x: KerasTensor, draws: Draws, { channels: most }: Kind): KerasTensor {
  const [, , channels = 1] = axesOf(x);
  const wide = Math.min(most, channels * draws.whole(2, 6));
  const relu6 = (y: KerasTensor): KerasTensor => new ReLU({ maxValue: 6 }).apply(new BatchNormalization().apply(y));
  const expanded = relu6(new Conv2D({ filters: wide, kernelSize: 1, useBias: false }).apply(x));
  const strides = draws.one([1, 1, 1, 2] as const);
  const filtered = relu6(
    new DepthwiseConv2D({ kernelSize: 3, strides, padding: "same", useBias: false }).apply(expanded),
  );
  const filters = draws.chance(0.8) ? channels : draws.whole(1, most);
  const projected = new BatchNormalization().apply(
    new Conv2D({ filters, kernelSize: 1, useBias: false }).apply(filtered),
  );
  const isSame = projected.shape.join() === x.shape.join();
  return isSame ? new Add().apply(draws.chance(0.5) ? [x, projected] : [projected, x]) : projected;
}

/** A layer that takes pictures. */
function picture(x: KerasTensor, draws: Draws, { channels: most }: Kind): KerasTensor {
  const [rows = 1, cols = 1, channels = 1] = axesOf(x);
  const size = draws.whole(1, Math.min(3, rows, cols));
  const window = {
    kernelSize: [size, draws.whole(1, Math.min(3, cols))] as const,
    padding: draws.one(["same", "valid"] as const),
  };
  const strides = draws.one([1, 1, 1, 2] as const);
  switch (draws.whole(0, 9)) {
    case 0:
    case 1: {
      const groups = draws.one([1, 1, 1, 2, 3].filter((count) => channels % count === 0));
      const filters = groups * draws.whole(1, Math.max(1, Math.floor(most / groups)));
      const activation = draws.one(["linear", "relu", "hard_tanh", "sigmoid"] as const);
      return new Conv2D({ filters, strides, groups, activation, ...window }).apply(x);
    }
    case 2:
    case 3:
      return new DepthwiseConv2D({ strides, ...window }).apply(x);
    case 4: {
      const zeros = (): readonly [number, number] => [draws.whole(0, 2), draws.whole(0, 2)];
      return new ZeroPadding2D({ padding: [zeros(), zeros()] }).apply(x);
    }
    case 5:
      return new AveragePooling2D({ poolSize: size, strides, padding: window.padding }).apply(x);
    case 6:
      return draws.chance(0.5) ? new GlobalAveragePooling2D().apply(x) : new GlobalMaxPooling2D().apply(x);
    case 7:
      return draws.chance(0.3) ? new Flatten().apply(x) : new Reshape({ targetShape: [cols, rows, channels] }).apply(x);
    default:
      return anyRank(x, draws);
  }
}

/** A layer that takes anything. */
function anyRank(x: KerasTensor, draws: Draws): KerasTensor {
  const size = axesOf(x).reduce((product, axis) => product * axis, 1);
  switch (draws.whole(0, 8)) {
    case 0:
      return new BatchNormalization().apply(x);
    case 1: {
      // The second one's bounds are wider: those of the first must stay.
      const bounded = new ReLU({ maxValue: draws.one([null, 6, 0.25]) }).apply(x);
      return draws.chance(0.5) ? new ReLU().apply(bounded) : bounded;
    }
    case 2:
      // The last has no kernel: the layer computes it.
      return new Activation({ activation: draws.one(["tanh", "hard_tanh", "linear", "gelu"] as const) }).apply(x);
    case 3:
      return new Dropout({ rate: 0.2 }).apply(x);
    case 4:
      return new Rescaling({ scale: 0.5, offset: -0.25 }).apply(x);
    case 5:
      return new Softmax().apply(x);
    case 6:
      return new Reshape({ targetShape: [size] }).apply(x);
    default:
      return new Dense({ units: draws.whole(1, 6), activation: draws.one(["linear", "hard_tanh"] as const) }).apply(x);
  }
}

/** The operations that a program is planned from. */
export function operationsOf({ program, shapes }: Random): Operations {
  return fold(lower(program, shapes));
}

/** The same with integers for what can have them. */
export async function integersOf({ program, shapes }: Random): Promise<Operations<MixedOperation>> {
  const network = await quantized(program, seededTensors(shapes.map((shape) => [1, ...shape])));
  return toIntegers(fold(lower(program, shapes)), network, "i16");
}

/** Operations with their kernels. */
export function selectedOf(operations: Operations<MixedOperation>): EngineOperations {
  return select(operations, TILINGS.mul);
}

/** The plan of operations, where threads cut chains into so many pieces. */
export function planOf(operations: Operations<MixedOperation>, pieces = 1): Plan {
  return plan(operations, { tiling: TILINGS.mul, pieces });
}
