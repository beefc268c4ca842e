/** Program → operations: each layer as what it computes in inference, for inputs of one concrete shape. */
import { type Dims, knownDims, sizeOf } from "../core/shape.ts";
import type { Program } from "../graph/program.ts";
import { Activation } from "../layers/activations/activation.ts";
import { type ActivationName, activate, isElementwise } from "../layers/activations/activations.ts";
import { Add } from "../layers/merging/add.ts";
import { AveragePooling2D } from "../layers/pooling/average-pooling2d.ts";
import { BatchNormalization } from "../layers/normalization/batch-normalization.ts";
import { Conv2D } from "../layers/convolutional/conv2d.ts";
import { Dense } from "../layers/core/dense.ts";
import { DepthwiseConv2D } from "../layers/convolutional/depthwise-conv2d.ts";
import { Dropout } from "../layers/regularization/dropout.ts";
import { Flatten } from "../layers/reshaping/flatten.ts";
import { GlobalAveragePooling2D } from "../layers/pooling/global-average-pooling2d.ts";
import { GlobalMaxPooling2D } from "../layers/pooling/global-max-pooling2d.ts";
import type { Layer } from "../layers/layer.ts";
import { Passing } from "../layers/regularization/passing.ts";
import { ReLU } from "../layers/activations/relu.ts";
import { Rescaling } from "../layers/preprocessing/rescaling.ts";
import { Reshape } from "../layers/reshaping/reshape.ts";
import { Softmax } from "../layers/activations/softmax.ts";
import type { Weight } from "../layers/weight.ts";
import { ZeroPadding2D } from "../layers/reshaping/zero-padding2d.ts";
import { BOUNDS } from "./bounds.ts";
import { type Affine, type Operation, type Operations, sameDims } from "./operations.ts";
import { type Picture, pictureOf } from "./picture.ts";
import { UNIT_WINDOW, type Window, windowOf } from "./windows.ts";

/**
 * The operations of a program for inputs of these shapes (without the batch).
 * @throws ValueError if a layer does not take them.
 */
export function lower(program: Program, inputShapes: readonly Dims[]): Operations {
  const lowering = new Lowering(program.shapes.length);
  for (const [i, value] of program.inputs.entries()) lowering.shapes[value] = inputShapes[i] ?? [];
  for (const { layer, inputs: given, output } of program.steps) {
    const inputs = given.map((value) => lowering.sameAs(value));
    const shapes = inputs.map((input) => [1, ...lowering.shape(input)]);
    lowering.shapes[output] = knownDims(layer.computeOutputShape(shapes), `The output of '${layer.name}'`).slice(1);
    lowering.layer(layer, inputs, output);
  }
  const outputs = program.outputs.map((value) => lowering.sameAs(value));
  return { list: lowering.list, inputs: program.inputs, outputs, shapes: lowering.shapes };
}

class Lowering {
  readonly list: Operation[] = [];
  readonly shapes: Dims[];
  /** Values that are nothing but another one. */
  readonly #same = new Map<number, number>();

  constructor(values: number) {
    this.shapes = Array.from({ length: values }, () => []);
  }

  shape(value: number): Dims {
    return this.shapes[value] ?? [];
  }

  sameAs(value: number): number {
    return this.#same.get(value) ?? value;
  }

  layer(layer: Layer, inputs: readonly number[], output: number): void {
    const [input = -1] = inputs;
    if (layer instanceof Conv2D) {
      const window = windowOf(layer, this.#picture(input));
      this.#convolution(layer, input, output, { window, groups: layer.groups });
    } else if (layer instanceof DepthwiseConv2D) {
      const picture = this.#picture(input);
      this.#convolution(layer, input, output, { window: windowOf(layer, picture), groups: picture.channels });
    } else if (layer instanceof Dense) {
      this.#convolution(layer, input, output, { window: UNIT_WINDOW, groups: 1 });
    } else if (layer instanceof BatchNormalization && this.#isLastAxis(layer.axis, input)) {
      const channels = this.shape(input).at(-1) ?? 1;
      this.list.push({ kind: "affine", input, output, channels, affine: normalization(layer) });
    } else if (layer instanceof Rescaling) {
      const channels = this.shape(input).at(-1) ?? 1;
      this.list.push({ kind: "affine", input, output, channels, affine: rescaling(layer, channels) });
    } else if (layer instanceof ReLU && layer.negativeSlope === 0 && layer.threshold === 0) {
      this.list.push({ kind: "clamp", input, output, bounds: { low: 0, high: layer.maxValue ?? Infinity } });
    } else if (layer instanceof Activation) {
      this.#activation(layer.activation, input, output);
    } else if (layer instanceof Softmax && this.#isLastAxis(layer.axis, input)) {
      this.#activation("softmax", input, output);
    } else if (layer instanceof ZeroPadding2D) {
      this.list.push({ kind: "pad", input, output, from: this.#picture(input), pads: layer.padding });
    } else if (layer instanceof Add && inputs.every((value) => sameDims(this.shape(value), this.shape(output)))) {
      this.#sum(inputs, output);
    } else if (layer instanceof GlobalAveragePooling2D || layer instanceof GlobalMaxPooling2D) {
      const from = this.#picture(input);
      const mode = layer instanceof GlobalMaxPooling2D ? "max" : "mean";
      const to = { rows: 1, cols: 1, channels: from.channels };
      const window = { ...UNIT_WINDOW, rows: from.rows, cols: from.cols };
      this.list.push({ kind: "pool", mode, input, output, from, to, window });
    } else if (layer instanceof AveragePooling2D) {
      const from = this.#picture(input);
      const { poolSize: kernelSize, strides, padding } = layer;
      const window = windowOf({ kernelSize, strides, dilationRate: [1, 1], padding }, from);
      this.list.push({ kind: "pool", mode: "mean", input, output, from, to: this.#picture(output), window });
    } else if (layer instanceof Dropout || layer instanceof Passing) {
      this.#same.set(output, input);
    } else if (layer instanceof Flatten || layer instanceof Reshape) {
      this.list.push({ kind: "alias", input, output });
    } else {
      this.list.push({ kind: "host", inputs, output, compute: (values) => layer.forward(values) });
    }
  }

  #convolution(
    layer: Conv2D | DepthwiseConv2D | Dense,
    input: number,
    output: number,
    { window, groups }: { window: Window; groups: number },
  ): void {
    const sums = layer.activation === "linear" ? output : this.#newValue(this.shape(output));
    this.list.push({
      kind: "convolution",
      name: layer.name,
      input,
      output: sums,
      from: this.#picture(input),
      to: this.#picture(output),
      window,
      groups,
      kernel: layer.weight("kernel"),
      bias: layer.useBias ? layer.weight("bias") : undefined,
      affines: [],
      residual: undefined,
      bounds: undefined,
    });
    if (sums !== output) this.#activation(layer.activation, sums, output);
  }

  #activation(activation: ActivationName, input: number, output: number): void {
    const bounds = BOUNDS.get(activation);
    const shape = this.shape(output);
    if (activation === "linear") this.#same.set(output, input);
    else if (bounds !== undefined) this.list.push({ kind: "clamp", input, output, bounds });
    else if (isElementwise(activation)) this.list.push({ kind: "map", input, output, map: activation });
    else if (activation === "softmax" && sizeOf(shape) > 0) {
      const length = shape.at(-1) ?? 1;
      this.list.push({ kind: "softmax", input, output, lines: sizeOf(shape) / length, length });
    } else {
      const compute: (values: readonly Parameters<typeof activate>[1][]) => ReturnType<typeof activate> = ([x]) => {
        if (x === undefined) throw new Error(`${activation} without an input`);
        return activate(activation, x);
      };
      this.list.push({ kind: "host", inputs: [input], output, compute });
    }
  }

  #sum(inputs: readonly number[], output: number): void {
    const [first = -1, ...others] = inputs;
    if (others.length === 0) this.#same.set(output, first);
    let sum = first;
    for (const [i, other] of others.entries()) {
      const to = i === others.length - 1 ? output : this.#newValue(this.shape(output));
      this.list.push({ kind: "sum", inputs: [sum, other], output: to, bounds: undefined });
      sum = to;
    }
  }

  #newValue(shape: Dims): number {
    return this.shapes.push(shape) - 1;
  }

  #picture(value: number): Picture {
    return pictureOf(this.shape(value));
  }

  #isLastAxis(axis: number, value: number): boolean {
    return axis === -1 || axis === this.shape(value).length;
  }
}

function normalization(layer: BatchNormalization): Affine {
  const values = (name: string, wanted = true): Weight | undefined => (wanted ? layer.weight(name) : undefined);
  const gamma = values("gamma", layer.scale);
  const beta = values("beta", layer.center);
  const mean = layer.weight("moving_mean");
  const variance = layer.weight("moving_variance");
  const scale = (): Float64Array => {
    const factors = new Float64Array(variance.size);
    const [v, g] = [variance.values, gamma?.values];
    for (let c = 0; c < factors.length; c++) factors[c] = (g?.[c] ?? 1) / Math.sqrt((v[c] ?? NaN) + layer.epsilon);
    return factors;
  };
  const offset = (): Float64Array => {
    const summands = scale();
    const [m, b] = [mean.values, beta?.values];
    for (let c = 0; c < summands.length; c++) summands[c] = (b?.[c] ?? 0) - (m[c] ?? NaN) * (summands[c] ?? NaN);
    return summands;
  };
  return {
    source: layer,
    weights: [gamma, beta, mean, variance].filter((weight) => weight !== undefined),
    scale,
    offset,
  };
}

function rescaling(layer: Rescaling, channels: number): Affine {
  const each = (value: number | readonly number[]): readonly number[] =>
    Array.from({ length: channels }, (_, c) => (typeof value === "number" ? value : (value[c] ?? value[0] ?? 0)));
  const [scale, offset] = [each(layer.scale), each(layer.offset)];
  return { source: layer, weights: [], scale: () => scale, offset: () => offset };
}
