/** Program → operations of training, for inputs of one shape: what normalizes and bounds becomes part of how values are read. */
import type { Padding2D } from "../../core/padding.ts";
import { type Dims, knownDims, sizeOf } from "../../core/shape.ts";
import type { Program, Step } from "../../graph/program.ts";
import { Activation } from "../../layers/activations/activation.ts";
import { isMapName } from "../../kernels/f32/elementwise.ts";
import { Add } from "../../layers/merging/add.ts";
import { AveragePooling2D } from "../../layers/pooling/average-pooling2d.ts";
import { BatchNormalization } from "../../layers/normalization/batch-normalization.ts";
import { Conv2D } from "../../layers/convolutional/conv2d.ts";
import { Dense } from "../../layers/core/dense.ts";
import { DepthwiseConv2D } from "../../layers/convolutional/depthwise-conv2d.ts";
import { Dropout } from "../../layers/regularization/dropout.ts";
import { Flatten } from "../../layers/reshaping/flatten.ts";
import { GlobalAveragePooling2D } from "../../layers/pooling/global-average-pooling2d.ts";
import { GlobalMaxPooling2D } from "../../layers/pooling/global-max-pooling2d.ts";
import type { OutputActivation } from "../../layers/gradients.ts";
import type { Layer } from "../../layers/layer.ts";
import { Passing } from "../../layers/regularization/passing.ts";
import { ReLU } from "../../layers/activations/relu.ts";
import { Rescaling } from "../../layers/preprocessing/rescaling.ts";
import { Reshape } from "../../layers/reshaping/reshape.ts";
import { Softmax } from "../../layers/activations/softmax.ts";
import { ZeroPadding2D } from "../../layers/reshaping/zero-padding2d.ts";
import { isDepthwise } from "../select.ts";
import { BOUNDS, type Bounds } from "../../lowering/bounds.ts";
import { sameDims } from "../../lowering/operations.ts";
import type { Picture } from "../../lowering/picture.ts";
import { NO_PADS, UNIT_WINDOW, type Window, windowOf } from "../../lowering/windows.ts";
import { type Matrix, type Scaling, type View, isRaw } from "./matrices.ts";
import { type Forward, forwardKind } from "./operations/table.ts";

/** A program for inputs of one shape. */
export interface Lowered {
  readonly list: readonly Forward[];
  readonly matrices: readonly Matrix[];
  /** For every matrix the view that reads it as it is. */
  readonly raw: readonly View[];
  readonly scalings: readonly Scaling[];
  /** The numbers of their matrices. */
  readonly inputs: readonly number[];
  readonly outputs: readonly Output[];
}

export interface Output {
  /** The number of the matrix that holds it. */
  readonly matrix: number;
  /** What operations behind it read; the gradient of this view is the output's. */
  readonly view: View;
  /** The number of the matrix that it is softmax or sigmoid of. */
  readonly logits: number | undefined;
}

/** How a value of the program can be read; `pads` are zeros around it that are not in memory yet. */
interface Seen {
  readonly view: View;
  readonly shape: Dims;
  readonly pads?: Padding2D;
}

/**
 * The operations for inputs of these shapes, batch included.
 * @throws ValueError if a layer does not take them.
 */
export function lower(program: Program, inputShapes: readonly Dims[], training: boolean): Lowered {
  const lowering = new Lowering(program, training);
  const inputs = program.inputs.map((value, i) => lowering.input(value, inputShapes[i] ?? []));
  for (const [number, step] of program.steps.entries()) lowering.step(step, number);
  const outputs = program.outputs.map((value) => lowering.output(value));
  const { list, matrices, raw, scalings } = lowering;
  return { list, matrices, raw, scalings, inputs, outputs };
}

class Lowering {
  readonly list: Forward[] = [];
  readonly matrices: Matrix[] = [];
  readonly raw: View[] = [];
  readonly scalings: Scaling[] = [];
  readonly #training: boolean;
  readonly #uses = new Map<number, number>();
  readonly #outputs: ReadonlySet<number>;
  readonly #seen = new Map<number, Seen>();
  /** For each matrix the place of the operation in the list that makes it. */
  readonly #makers = new Map<number, number>();

  constructor({ steps, outputs }: Program, training: boolean) {
    this.#training = training;
    this.#outputs = new Set(outputs);
    for (const value of [...steps.flatMap((step) => step.inputs), ...outputs]) {
      this.#uses.set(value, (this.#uses.get(value) ?? 0) + 1);
    }
  }

  input(value: number, shape: Dims): number {
    const matrix = this.#matrix(shape);
    this.#see(value, this.#viewOf(matrix), shape);
    return matrix;
  }

  output(value: number): Output {
    const { view } = this.#get(value);
    const matrix = this.#stored(value);
    const maker = this.list[this.#makers.get(matrix) ?? -1];
    return { matrix, view, logits: maker && forwardKind(maker).logits?.(maker) };
  }

  step(step: Step, number: number): void {
    const { layer, inputs, output } = step;
    const [first = -1] = inputs;
    const shape = knownDims(
      layer.computeOutputShape(inputs.map((value) => this.#get(value).shape)),
      `The output of '${layer.name}'`,
    );
    const same = (): void => this.#see(output, this.#unpadded(first), shape);
    if (layer instanceof Conv2D || layer instanceof DepthwiseConv2D || layer instanceof Dense) {
      this.#weighted(layer, first, output, shape, number);
    } else if (layer instanceof BatchNormalization && this.#isLastAxis(layer.axis, shape)) {
      this.#normalize(layer, step, shape);
    } else if (layer instanceof Rescaling) {
      const raw = this.#viewOf(this.#stored(first));
      const scaling = this.#constant(shape.at(-1) ?? 1, layer.scale, layer.offset);
      this.#see(output, { ...raw, scaling }, shape);
    } else if (layer instanceof ReLU && layer.negativeSlope === 0 && layer.threshold === 0) {
      this.#bound(first, output, shape, { low: 0, high: layer.maxValue ?? Infinity });
    } else if (layer instanceof Activation || layer instanceof Softmax) {
      this.#activate(layer.outputActivation, first, output, shape);
    } else if (layer instanceof ZeroPadding2D) {
      this.#pad(first, output, shape, layer.padding);
    } else if (layer instanceof Add && inputs.every((value) => sameDims(this.#get(value).shape, shape))) {
      const matrix = this.#matrix(shape);
      this.#make({ kind: "sum", inputs: inputs.map((value) => this.#unpadded(value)), output: matrix });
      this.#see(output, this.#viewOf(matrix), shape);
    } else if (layer instanceof GlobalAveragePooling2D || layer instanceof GlobalMaxPooling2D) {
      const matrix = this.#matrix(shape);
      const kind = layer instanceof GlobalMaxPooling2D ? "largest" : "mean";
      this.#make({ kind, input: this.#unpadded(first), output: matrix, batch: shape[0] ?? 0 });
      this.#see(output, this.#viewOf(matrix), shape);
    } else if (layer instanceof AveragePooling2D) {
      const from = pictureOf(this.#get(first).shape);
      const { poolSize: kernelSize, strides, padding } = layer;
      const window = windowOf({ kernelSize, strides, dilationRate: [1, 1], padding }, from);
      const [input, matrix] = [this.#stored(first), this.#matrix(shape)];
      const pictures = { batch: shape[0] ?? 0, from, to: pictureOf(shape), window };
      this.#make({ kind: "average", input, output: matrix, ...pictures });
      this.#see(output, this.#viewOf(matrix), shape);
    } else if (layer instanceof Dropout) {
      if (this.#trains(step) && layer.rate > 0) this.#drop(layer, first, output, shape, number);
      else same();
    } else if (layer instanceof Passing) same();
    else if (layer instanceof Flatten || layer instanceof Reshape) {
      const matrix = this.#matrix(shape);
      this.#make({ kind: "sum", inputs: [this.#unpadded(first)], output: matrix });
      this.#see(output, this.#viewOf(matrix), shape);
    } else this.#host(step, shape, number);
  }

  #weighted(layer: Conv2D | DepthwiseConv2D | Dense, input: number, output: number, shape: Dims, number: number): void {
    const step = { layer, inputs: [input], output, training: false };
    const seen = this.#get(input);
    const from = pictureOf(seen.shape);
    const to = pictureOf(shape);
    const groups = layer instanceof Dense ? 1 : layer instanceof Conv2D ? layer.groups : from.channels;
    const own = layer instanceof Dense ? UNIT_WINDOW : windowOf(layer, from);
    const window = { ...own, pads: added(own.pads, seen.pads ?? NO_PADS) };
    const inner = seen.pads === undefined ? from : without(from, seen.pads);
    const depthwise = isDepthwise({ groups, from: inner, to, window, residual: undefined }) && from.channels > 1;
    if (sizeOf(shape) === 0 || (groups > 1 && !depthwise)) {
      this.#host(step, shape, number);
      return;
    }
    const batch = shape[0] ?? 0;
    const matrix = this.#matrix(shape);
    const common = {
      kind: "convolution" as const,
      name: layer.name,
      output: matrix,
      batch,
      to,
      kernel: layer.weight("kernel"),
      bias: layer.useBias ? layer.weight("bias") : undefined,
      statistics: [],
    };
    if (depthwise) {
      this.#make({ ...common, by: "depthwise", input: seen.view, from: inner, window });
    } else if (isPointwise(window)) {
      this.#make({ ...common, by: "pixels", input: this.#unpadded(input), from, window });
    } else {
      const padded = this.#padded(seen.view, inner, window.pads, batch);
      const bare = { ...window, pads: NO_PADS };
      this.#make({ ...common, by: "window", input: padded.view, from: padded.picture, window: bare });
    }
    this.#finish(matrix, layer, number, output, shape);
  }

  /** Lets what a layer has computed go through its activation. */
  #finish(matrix: number, { outputActivation }: Layer, number: number, output: number, shape: Dims): void {
    // A value of its own stands between what the layer computes and what it gives.
    const linear = -1 - number;
    this.#see(linear, this.#viewOf(matrix), shape);
    this.#activate(outputActivation, linear, output, shape);
  }

  /** A picture with its zeros in memory. */
  #padded(view: View, from: Picture, pads: Padding2D, batch: number): { view: View; picture: Picture } {
    const [[top, bottom], [left, right]] = pads;
    if (isRaw(view) && top + bottom + left + right === 0) return { view, picture: from };
    const picture = { rows: top + from.rows + bottom, cols: left + from.cols + right, channels: from.channels };
    const matrix = this.#matrix([batch, picture.rows, picture.cols, picture.channels]);
    this.#make({ kind: "pad", input: view, output: matrix, batch, from, pads });
    return { view: this.#viewOf(matrix), picture };
  }

  #normalize(layer: BatchNormalization, step: Step, shape: Dims): void {
    const [input = -1] = step.inputs;
    const matrix = this.#stored(input);
    const kind = this.#trains(step) && layer.trainable ? "batch" : "moving";
    const scaling = this.#scaling({ kind, layer, channels: shape.at(-1) ?? 1, factors: [], summands: [] });
    if (kind === "batch") {
      const place = this.#makers.get(matrix) ?? -1;
      const maker = this.list[place];
      const gathering = maker && forwardKind(maker).gathering?.(maker, scaling);
      if (gathering !== undefined) this.list[place] = gathering;
      else this.list.push({ kind: "statistics", of: matrix, statistics: [scaling] });
    }
    this.#see(step.output, { of: matrix, scaling, bounds: undefined }, shape);
  }

  /** Whether a step behaves as in training. */
  #trains({ training }: Step): boolean {
    return this.#training && training !== false;
  }

  #bound(input: number, output: number, shape: Dims, bounds: Bounds): void {
    const seen = this.#get(input);
    // A view between two others would have two gradients.
    const isBetween = seen.pads !== undefined || seen.view.bounds !== undefined || !this.#isOnlyUse(input);
    const view = isRaw(seen.view) || !isBetween ? seen.view : this.#viewOf(this.#stored(input));
    const channels = shape.at(-1) ?? 1;
    const scaling = view.scaling ?? this.#constant(channels, 1, 0);
    this.#see(output, { of: view.of, scaling, bounds }, shape);
  }

  #constant(channels: number, factor: PerChannel, summand: PerChannel): Scaling {
    const [factors, summands] = [each(factor, channels), each(summand, channels)];
    return this.#scaling({ kind: "constant", layer: undefined, channels, factors, summands });
  }

  #activate(activation: OutputActivation, input: number, output: number, shape: Dims): void {
    const bounds = BOUNDS.get(activation.name);
    if (activation.name === "linear") this.#see(output, this.#unpadded(input), shape);
    else if (bounds !== undefined) this.#bound(input, output, shape, bounds);
    else {
      const from = this.#stored(input);
      const matrix = this.#matrix(shape);
      const { name } = activation;
      const isSoftmax = name === "softmax" && this.#isLastAxis(activation.axis, shape);
      const by = isMapName(name) ? name : isSoftmax ? "softmax" : undefined;
      this.#make({ kind: "activation", activation, by, input: from, output: matrix });
      this.#see(output, this.#viewOf(matrix), shape);
    }
  }

  #pad(input: number, output: number, shape: Dims, padding: Padding2D): void {
    const seen = this.#get(input);
    this.#seen.set(output, { view: seen.view, shape, pads: added(seen.pads ?? NO_PADS, padding) });
    // Whoever looks at it wants its gradient, zeros included.
    if (this.#outputs.has(output)) this.#unpadded(output);
  }

  #drop(layer: Dropout, input: number, output: number, shape: Dims, step: number): void {
    const [matrix, mask] = [this.#matrix(shape), this.#matrix(shape)];
    this.#make({ kind: "mask", input: this.#unpadded(input), mask, output: matrix, layer, step });
    this.#see(output, this.#viewOf(matrix), shape);
  }

  #host(step: Step, shape: Dims, number: number): void {
    const { layer, output } = step;
    const matrix = this.#matrix(shape);
    const inputs = step.inputs.map((value) => this.#stored(value));
    this.#make({ kind: "host", layer, inputs, output: matrix, step: number, training: this.#trains(step) });
    this.#finish(matrix, layer, number, output, shape);
  }

  #get(value: number): Seen {
    const seen = this.#seen.get(value);
    if (seen === undefined) throw new Error(`value ${value} is used before it is made`);
    return seen;
  }

  #see(value: number, view: View, shape: Dims): void {
    this.#seen.set(value, { view, shape });
  }

  /** A view of a value whose zeros are in memory. */
  #unpadded(value: number): View {
    const { view, shape, pads } = this.#get(value);
    if (pads === undefined) return view;
    const padded = this.#padded(view, without(pictureOf(shape), pads), pads, shape[0] ?? 0);
    this.#see(value, padded.view, shape);
    return padded.view;
  }

  /** A matrix that holds a value; whoever uses the value from now on reads that. */
  #stored(value: number): number {
    const { shape } = this.#get(value);
    const view = this.#unpadded(value);
    if (isRaw(view)) return view.of;
    const matrix = this.#matrix(shape);
    this.#make({ kind: "sum", inputs: [view], output: matrix });
    this.#see(value, this.#viewOf(matrix), shape);
    return matrix;
  }

  #isOnlyUse(value: number): boolean {
    return value < 0 || this.#uses.get(value) === 1;
  }

  #isLastAxis(axis: number, shape: Dims): boolean {
    return axis === -1 || axis === shape.length - 1;
  }

  #matrix(shape: Dims): number {
    const channels = shape.length > 1 ? (shape.at(-1) ?? 1) : 1;
    const pixels = sizeOf(shape.length > 1 ? shape.slice(0, -1) : shape);
    const matrix = this.matrices.push({ shape, pixels, channels }) - 1;
    this.raw[matrix] = { of: matrix, scaling: undefined, bounds: undefined };
    return matrix;
  }

  #viewOf(matrix: number): View {
    return rawOf(this, matrix);
  }

  #scaling(scaling: Omit<Scaling, "index">): Scaling {
    const made = { ...scaling, index: this.scalings.length };
    this.scalings.push(made);
    return made;
  }

  #make(operation: Forward): void {
    const place = this.list.push(operation) - 1;
    for (const output of forwardKind(operation).writes(operation)) this.#makers.set(output, place);
  }
}

/** A value as pictures; of other ranks, all axes but the first and the last are the columns of one row. */
function pictureOf(shape: Dims): Picture {
  const channels = shape.at(-1) ?? 1;
  const [rows = 1, cols = 1] = shape.length === 4 ? shape.slice(1) : [1, sizeOf(shape.slice(1, -1))];
  return { rows, cols, channels };
}

function isPointwise({ rows, cols, strides, pads }: Window): boolean {
  return rows * cols === 1 && strides.every((stride) => stride === 1) && pads.flat().every((zeros) => zeros === 0);
}

function added(a: Padding2D, b: Padding2D): Padding2D {
  const along = (axis: 0 | 1): readonly [number, number] => [a[axis][0] + b[axis][0], a[axis][1] + b[axis][1]];
  return [along(0), along(1)];
}

function without({ rows, cols, channels }: Picture, [[top, bottom], [left, right]]: Padding2D): Picture {
  return { rows: rows - top - bottom, cols: cols - left - right, channels };
}

type PerChannel = number | readonly number[];

function each(value: PerChannel, channels: number): readonly number[] {
  return Array.from({ length: channels }, (_, c) => (typeof value === "number" ? value : (value[c] ?? value[0] ?? 0)));
}

/** The view that reads a matrix as it is. */
export function rawOf({ raw }: Pick<Lowered, "raw">, matrix: number): View {
  const view = raw[matrix];
  if (view === undefined) throw new Error(`no matrix ${matrix}`);
  return view;
}
