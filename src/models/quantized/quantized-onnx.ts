/**
 * Quantized models as ONNX in its QDQ form: int8 weights with a scale for each channel, int32 biases, and QuantizeLinear and
 * DequantizeLinear, with bytes between them, before each convolution.
 */
import { MobileNetV2Error } from "../../core/errors.ts";
import { type Dims, sizeOf } from "../../core/shape.ts";
import { fold } from "../../lowering/fold.ts";
import { lower } from "../../lowering/lower.ts";
import type { Bounds } from "../../lowering/bounds.ts";
import {
  type Convolution,
  type Operation,
  type Operations,
  type Pool,
  inputsOf,
  isGlobalMean,
} from "../../lowering/operations.ts";
import type { QuantizedNetwork, QuantizedWeights } from "../../quantization/network.ts";
import { paddingOf, quantizationOf } from "../../quantization/scheme.ts";
import { folded } from "../../lowering/folded.ts";
import { programOf } from "../../graph/program.ts";
import type { Preprocessing } from "../../saving/checkpoint.ts";
import { GraphWriter, type WrittenValue } from "../../saving/onnx/graph-writer.ts";
import { checkClassNames } from "../../saving/plausible.ts";
import { modelFile } from "../../saving/onnx/write.ts";
import { type QuantizedParts, classCountOf, inputShapes } from "./quantized-file.ts";

interface Extras {
  readonly classNames: readonly string[] | undefined;
  readonly preprocessing: Preprocessing | undefined;
}

/** The bytes of the file. @throws UnsupportedError if an operation has no operator in ONNX. */
export function quantizedOnnx({ architecture, network }: QuantizedParts, extras: Extras): Uint8Array<ArrayBuffer> {
  checkClassNames(extras.classNames, classCountOf(architecture));
  const operations = fold(lower(programOf(architecture.graph), inputShapes(architecture)));
  const writer = new QuantizedGraph(operations, network);
  const inputs = operations.inputs.map((value, i) =>
    writer.input(value, architecture.inputs[i]?.node.layer.name ?? "x"),
  );
  for (const operation of operations.list) writer.add(operation);
  const outputs = operations.outputs.map((value) => writer.output(value));
  return modelFile(writer.graph.graph(architecture.name, inputs, outputs), extras);
}

interface Scale {
  readonly scale: number;
  readonly zeroPoint: number;
}

class QuantizedGraph {
  readonly graph = new GraphWriter();
  readonly #operations: Operations;
  readonly #network: QuantizedNetwork;
  readonly #values = new Map<number, WrittenValue>();
  /** Values after a pair of QuantizeLinear and DequantizeLinear. */
  readonly #rounded = new Map<number, WrittenValue>();
  readonly #consumers = new Map<number, Operation[]>();
  /** For values that are another value in another shape, that value. */
  readonly #sources = new Map<number, number>();

  constructor(operations: Operations, network: QuantizedNetwork) {
    this.#operations = operations;
    this.#network = network;
    for (const operation of operations.list) {
      for (const input of inputsOf(operation)) {
        this.#consumers.set(input, [...(this.#consumers.get(input) ?? []), operation]);
      }
    }
  }

  input(value: number, name: string): WrittenValue {
    const written = { name: this.graph.unused(name), channelsFirst: false, shape: this.#shape(value) };
    this.#values.set(value, written);
    return written;
  }

  output(value: number): WrittenValue {
    return this.graph.ordered(this.#value(value), false);
  }

  add(operation: Operation): void {
    const made = this.#written(operation);
    this.#values.set(operation.output, made);
  }

  #written(operation: Operation): WrittenValue {
    const { graph } = this;
    switch (operation.kind) {
      case "convolution":
        return this.#convolution(operation);
      case "sum": {
        const [a, b] = operation.inputs.map((value) => this.#value(value));
        if (a === undefined || b === undefined) throw missing();
        const sum = graph.node("Add", `add_${operation.output}`, [a.name, graph.ordered(b, a.channelsFirst).name]);
        return this.#bounded({ ...a, name: sum }, operation.bounds);
      }
      case "clamp":
        return this.#bounded(this.#value(operation.input), operation.bounds);
      case "pool":
        return this.#pool(operation);
      case "alias":
        return this.#alias(operation.input, operation.output);
      case "softmax": {
        const x = graph.ordered(this.#value(operation.input), false);
        return { ...x, name: graph.node("Softmax", `softmax_${operation.output}`, [x.name], { axis: -1n }) };
      }
      case "affine": {
        const x = graph.ordered(this.#value(operation.input), false);
        const { affine, channels, output } = operation;
        const factor = (what: "scale" | "offset"): string =>
          graph.floats(`${what}_${output}`, [channels], () => Float32Array.from(affine[what]()));
        const scaled = graph.node("Mul", `mul_${output}`, [x.name, factor("scale")]);
        return { ...x, name: graph.node("Add", `affine_${output}`, [scaled, factor("offset")]) };
      }
      case "pad": {
        const x = graph.ordered(this.#value(operation.input), true);
        const [[top, bottom], [left, right]] = operation.pads;
        const pads = graph.int64s(`pads_${operation.output}`, [0, 0, top, left, 0, 0, bottom, right]);
        const name = graph.node("Pad", `pad_${operation.output}`, [x.name, pads]);
        return { name, channelsFirst: true, shape: this.#shape(operation.output) };
      }
      default:
        throw new MobileNetV2Error(
          "UnsupportedError",
          `A quantized model with ${operation.kind === "map" ? `the activation ${operation.map}` : "such a layer"} is not written to ONNX.`,
        );
    }
  }

  #convolution(operation: Convolution): WrittenValue {
    const { name, output, groups, window, kernel, to, residual } = operation;
    const weights = this.#network.weights.get(output);
    const shape = this.#shape(output);
    const isVector = shape.length === 2;
    const input = weights === undefined ? this.#value(operation.input) : this.#roundedValue(operation.input);
    const x = this.graph.ordered(input, !isVector);
    const [rows, cols, perGroup] = [
      window.rows,
      window.cols,
      sizeOf(kernel.shape) / (window.rows * window.cols * to.channels),
    ];
    // Keras's kernels are (rows, cols, channels of a group, filters), those of Dense layers (inputs, units).
    const layout = isVector
      ? { dims: [perGroup, to.channels], order: undefined, axis: 1 }
      : { dims: [to.channels, perGroup, rows, cols], order: [rows, cols, perGroup, to.channels] as const, axis: 0 };
    const inputs =
      weights === undefined
        ? this.#realWeights(operation, layout.dims, layout.order)
        : this.#integerWeights(name, weights, layout, this.#scaleOf(operation.input));
    const [[top, bottom], [left, right]] = window.pads;
    const made = isVector
      ? this.graph.node("Gemm", name, [x.name, ...inputs])
      : this.graph.node("Conv", name, [x.name, ...inputs], {
          kernel_shape: [rows, cols],
          strides: window.strides,
          dilations: window.dilation,
          group: BigInt(groups),
          pads: [top, left, bottom, right],
        });
    let value: WrittenValue = { name: made, channelsFirst: !isVector, shape };
    if (residual !== undefined) {
      const added = weights === undefined ? this.#value(residual) : this.#roundedValue(residual);
      const sum = this.graph.node("Add", `${name}/add`, [made, this.graph.ordered(added, !isVector).name]);
      value = { ...value, name: sum };
    }
    if (weights === undefined || !this.#feedsIntegers(output)) return this.#bounded(value, operation.bounds);
    // Rounding to bytes applies the bounds. They must not be applied before it: equalization may have scaled each channel differently.
    this.#values.set(output, value);
    return this.#roundedValue(output);
  }

  /** Whether an operation takes a value as bytes, as in the engine (engine/integers/integers.ts). */
  #feedsIntegers(value: number): boolean {
    return (this.#consumers.get(value) ?? []).some(
      (consumer) =>
        this.#network.weights.has(consumer.output) ||
        (consumer.kind === "pool" && isGlobalMean(consumer)) ||
        (consumer.kind === "alias" && this.#feedsIntegers(consumer.output)),
    );
  }

  #realWeights(
    operation: Convolution,
    dims: Dims,
    order: readonly [number, number, number, number] | undefined,
  ): string[] {
    const { name, kernel, to } = operation;
    const { scale, offset } = folded(operation);
    const values = kernel.values.map((value, i) => value * (scale[i % to.channels] ?? 1));
    return [
      this.graph.floats(`${name}/kernel`, dims, () => (order === undefined ? values : filtersFirst(values, order))),
      this.graph.floats(`${name}/bias`, [to.channels], () => Float32Array.from(offset)),
    ];
  }

  #integerWeights(
    name: string,
    { kernel, scales, bias }: QuantizedWeights,
    { dims, order, axis }: { dims: Dims; order: readonly [number, number, number, number] | undefined; axis: number },
    input: Scale,
  ): string[] {
    const { graph } = this;
    const channels = scales.length;
    const biasScales = scales.map((scale) => scale * input.scale);
    const biases = Int32Array.from(bias, (value, c) => Math.round(value / (biasScales[c] ?? 1)));
    const dequantized = (part: string, integers: string, factors: Float32Array, along: number): string =>
      graph.node(
        "DequantizeLinear",
        `${name}/${part}/real`,
        [integers, graph.floats(`${name}/${part}/scale`, [channels], () => factors)],
        {
          axis: BigInt(along),
        },
      );
    const integers = order === undefined ? kernel : filtersFirst(kernel, order);
    return [
      dequantized("kernel", graph.integers(`${name}/kernel`, dims, integers), scales, axis),
      dequantized("bias", graph.integers(`${name}/bias`, [channels], biases), biasScales, 0),
    ];
  }

  #pool(operation: Pool): WrittenValue {
    const { mode, window, input, output } = operation;
    const { graph } = this;
    const given =
      isGlobalMean(operation) && this.#rangeOf(input) !== undefined ? this.#roundedValue(input) : this.#value(input);
    const x = graph.ordered(given, true);
    const shape = this.#shape(output);
    const isGlobal = isGlobalMean({ ...operation, mode: "mean" });
    const [[top, bottom], [left, right]] = window.pads;
    const pooled = isGlobal
      ? graph.node(mode === "mean" ? "GlobalAveragePool" : "GlobalMaxPool", `pool_${output}`, [x.name])
      : graph.node(mode === "mean" ? "AveragePool" : "MaxPool", `pool_${output}`, [x.name], {
          kernel_shape: [window.rows, window.cols],
          strides: window.strides,
          pads: [top, left, bottom, right],
        });
    if (shape.length === 4) return { name: pooled, channelsFirst: true, shape };
    return { name: graph.node("Flatten", `flatten_${output}`, [pooled], { axis: 1n }), channelsFirst: false, shape };
  }

  #alias(input: number, output: number): WrittenValue {
    this.#sources.set(output, input);
    const shape = this.#shape(output);
    const x = this.#value(input);
    if (shape.length === x.shape.length && shape.every((axis, i) => axis === x.shape[i])) return x;
    const last = this.graph.ordered(x, false);
    const target = this.graph.int64s(`shape_${output}`, [0, ...shape.slice(1).map((axis) => axis ?? -1)]);
    return { name: this.graph.node("Reshape", `reshape_${output}`, [last.name, target]), channelsFirst: false, shape };
  }

  #bounded(x: WrittenValue, bounds: Bounds | undefined): WrittenValue {
    if (bounds === undefined) return x;
    const { graph } = this;
    if (bounds.low === 0 && bounds.high === Infinity) {
      return { ...x, name: graph.node("Relu", `${x.name}/relu`, [x.name]) };
    }
    const limit = (value: number): string => graph.floats(`bound/${value}`, [], () => new Float32Array([value]));
    return { ...x, name: graph.node("Clip", `${x.name}/clip`, [x.name, limit(bounds.low), limit(bounds.high)]) };
  }

  /** A value rounded to bytes and back. */
  #roundedValue(value: number): WrittenValue {
    const known = this.#rounded.get(value);
    if (known !== undefined) return known;
    const { graph } = this;
    const x = this.#value(value);
    const { scale, zeroPoint } = this.#scaleOf(value);
    const parameters = [
      graph.floats(`${x.name}/scale`, [], () => new Float32Array([scale])),
      graph.integers(`${x.name}/zero_point`, [], new Uint8Array([zeroPoint])),
    ];
    const bytes = graph.node("QuantizeLinear", `${x.name}/bytes`, [x.name, ...parameters]);
    const rounded = { ...x, name: graph.node("DequantizeLinear", `${x.name}/rounded`, [bytes, ...parameters]) };
    this.#rounded.set(value, rounded);
    return rounded;
  }

  /** The scale and zero point of a value; ONNX's zero points are integers, those of the engine need not be. */
  #scaleOf(value: number): Scale {
    const range = this.#rangeOf(value);
    if (range === undefined) throw missing();
    const quantization = quantizationOf(range);
    return { scale: quantization.scale, zeroPoint: paddingOf(quantization) };
  }

  #rangeOf(value: number): { readonly low: number; readonly high: number } | undefined {
    const range = this.#network.ranges.get(value);
    const source = this.#sources.get(value);
    return range ?? (source === undefined ? undefined : this.#rangeOf(source));
  }

  #value(value: number): WrittenValue {
    const found = this.#values.get(value);
    if (found === undefined) throw missing();
    return found;
  }

  /** The shape of a value with the batch axis, null for any size. */
  #shape(value: number): readonly (number | null)[] {
    return [null, ...(this.#operations.shapes[value] ?? [])];
  }
}

interface Numbers<T> {
  [index: number]: number;
  slice(): T;
}

/** A kernel transposed from (rows, cols, channels, filters) to (filters, channels, rows, cols). */
function filtersFirst<T extends Numbers<T>>(
  values: T,
  [rows, cols, channels, filters]: readonly [number, number, number, number],
): T {
  const result = values.slice();
  let to = 0;
  for (let f = 0; f < filters; f++) {
    for (let c = 0; c < channels; c++) {
      for (let tap = 0; tap < rows * cols; tap++) result[to++] = values[(tap * channels + c) * filters + f] ?? 0;
    }
  }
  return result;
}

function missing(): MobileNetV2Error {
  return new MobileNetV2Error(
    "StateError",
    "The quantized model takes a value that nothing in it makes, or that has no range.",
  );
}
