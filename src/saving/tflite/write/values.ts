/** The values of a program on their way into a TFLite graph: each as float32, as integers, or as both once both are asked for. */
import { MobileNetV2Error } from "../../../core/errors.ts";
import type { Dims } from "../../../core/shape.ts";
import type { Range } from "../../../quantization/scheme.ts";
import { paddingOf, quantizationOf } from "../../../quantization/scheme.ts";
import type { TensorQuantization, TfliteGraph } from "./graph.ts";
import { type OperatorName, type Options, dequantizeOptions, quantizeOptions } from "./schema.ts";

/** real = scale × (integer − zeroPoint) , for integers from −128 to 127. */
export interface Quantization {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** The types that integer models may have outside. */
export type TfliteIo = "float32" | "int8" | "uint8";

/** From int8 to uint8. */
const SIGN = 128;

/** The integers that span a range, as TFLite has them: its zero points are whole numbers. */
export function int8QuantizationOf(range: Range): Quantization {
  const quantization = quantizationOf(range);
  return { scale: quantization.scale, zeroPoint: paddingOf(quantization) - SIGN };
}

function rangeOf({ scale, zeroPoint }: Quantization): Range {
  return { low: scale * (-SIGN - zeroPoint), high: scale * (SIGN - 1 - zeroPoint) };
}

export function tensorQuantization({ scale, zeroPoint }: Quantization): TensorQuantization {
  return { scales: [scale], zeroPoints: [zeroPoint] };
}

export class Values {
  readonly #graph: TfliteGraph;
  readonly #shapes: readonly Dims[];
  /** The ranges that calibration found; none for a model of floats. */
  readonly #ranges: ReadonlyMap<number, Range>;
  readonly #floats = new Map<number, number>();
  readonly #integers = new Map<number, number>();
  readonly #quantizations = new Map<number, Quantization>();
  readonly #names = new Map<number, string>();

  constructor(graph: TfliteGraph, shapes: readonly Dims[], ranges: ReadonlyMap<number, Range>) {
    this.#graph = graph;
    this.#shapes = shapes;
    this.#ranges = ranges;
  }

  /** The shape with a batch of one. */
  shape(value: number): Dims {
    return [1, ...(this.#shapes[value] ?? [])];
  }

  /** How the value is, or would be, written as integers; undefined if that is not known. */
  quantization(value: number): Quantization | undefined {
    const known = this.#quantizations.get(value);
    if (known !== undefined) return known;
    const range = this.#ranges.get(value);
    return range && int8QuantizationOf(range);
  }

  /** Lets the integers of a sum that calibration did not see span all that it can be. */
  supposeSum(value: number, summands: readonly number[]): void {
    if (this.quantization(value) !== undefined) return;
    const [a, b] = summands.map((summand) => this.quantization(summand)).map((known) => known && rangeOf(known));
    if (a === undefined || b === undefined) return;
    this.#quantizations.set(value, int8QuantizationOf({ low: a.low + b.low, high: a.high + b.high }));
  }

  /** A new tensor for what an operator makes of a value, of integers if a quantization is given. */
  made(value: number, name: string, quantization: Quantization | undefined): number {
    this.#names.set(value, name);
    const tensor = this.part(this.shape(value), name, quantization);
    if (quantization === undefined) this.#floats.set(value, tensor);
    else {
      this.#integers.set(value, tensor);
      this.#quantizations.set(value, quantization);
    }
    return tensor;
  }

  /** A new tensor between the operators that make a value together. */
  part(shape: Dims, name: string, quantization: Quantization | undefined): number {
    return quantization === undefined
      ? this.#graph.tensor({ name, shape, type: "float32" })
      : this.#graph.tensor({ name, shape, type: "int8", quantization: tensorQuantization(quantization) });
  }

  /** An input of the graph. */
  input(value: number, name: string, io: TfliteIo): number {
    const quantization = io === "float32" ? undefined : this.#quantizationOfEnd(value, name, io);
    if (io !== "uint8" || quantization === undefined) return this.made(value, name, quantization);
    const tensor = this.#unsigned(value, name, quantization);
    const output = this.made(value, `${name}_int8`, quantization);
    return (this.#convert("QUANTIZE", tensor, output, quantizeOptions), tensor);
  }

  /** An output of the graph. */
  output(value: number, io: TfliteIo): number {
    if (io === "float32") return this.float(value);
    const name = this.#names.get(value) ?? "output";
    const quantization = this.#quantizationOfEnd(value, name, io);
    if (io === "int8") return this.integer(value);
    return this.#convert(
      "QUANTIZE",
      this.integer(value),
      this.#unsigned(value, `${name}_uint8`, quantization),
      quantizeOptions,
    );
  }

  /** The tensor of the value's float32. */
  float(value: number): number {
    const found = this.#floats.get(value);
    if (found !== undefined) return found;
    const integers = this.#integers.get(value);
    if (integers === undefined) throw new MobileNetV2Error("StateError", "A value is taken before it is made.");
    const tensor = this.part(this.shape(value), `${this.#names.get(value) ?? ""}_float32`, undefined);
    this.#floats.set(value, tensor);
    return this.#convert("DEQUANTIZE", integers, tensor, dequantizeOptions, 2);
  }

  /** The tensor of the value's integers, for a value that has a quantization. */
  integer(value: number): number {
    const found = this.#integers.get(value);
    if (found !== undefined) return found;
    const float = this.float(value);
    const tensor = this.part(this.shape(value), `${this.#names.get(value) ?? ""}_int8`, this.quantization(value));
    this.#integers.set(value, tensor);
    return this.#convert("QUANTIZE", float, tensor, quantizeOptions);
  }

  #quantizationOfEnd(value: number, name: string, io: TfliteIo): Quantization {
    const quantization = this.quantization(value);
    if (quantization !== undefined) return quantization;
    throw new MobileNetV2Error(
      "UnsupportedError",
      `'${name}' of the quantized model has no integers, so it cannot be ${io}: ask for float32 inputs and outputs.`,
    );
  }

  #unsigned(value: number, name: string, { scale, zeroPoint }: Quantization): number {
    const quantization = tensorQuantization({ scale, zeroPoint: zeroPoint + SIGN });
    return this.#graph.tensor({ name, shape: this.shape(value), type: "uint8", quantization });
  }

  #convert(operator: OperatorName, input: number, output: number, options: Options, version = 1): number {
    return this.#graph.operator(operator, { inputs: [input], output, options, version });
  }
}
