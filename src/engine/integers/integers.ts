/** Folded operations → the same with integer operations in place of those that a quantized network has integers for. */
import { MobileNetV2Error } from "../../core/errors.ts";
import { type Dims, sizeOf } from "../../core/shape.ts";
import {
  type Convolution,
  type Operation,
  type Operations,
  type Pool,
  inputsOf,
  isGlobalMean,
} from "../../lowering/operations.ts";
import { NO_PADS, hasPads } from "../../lowering/windows.ts";
import type { MixedOperation } from "../operations.ts";
import { integerKernelOf } from "../select.ts";
import { outsideOf, weightsOf } from "./kernels.ts";
import { canBeIntegers } from "../../quantization/convolutions.ts";
import type { QuantizedNetwork, QuantizedWeights } from "../../quantization/network.ts";
import type { IntegerSums } from "./operations.ts";
import { meanRequantization, requantization } from "../../quantization/requantize.ts";
import { ACTIVATION_BYTES, type IntegerMode } from "../../kernels/i8/parts.ts";
import { type Quantization, paddingOf, quantizationOf } from "../../quantization/scheme.ts";
import { scratchBytesOf } from "./shares.ts";
import { joinsIntegers } from "./wide.ts";

/**
 * The operations with integers in place of those that the network has integers for.
 *
 * @param wide whether the kernels are those that V8 joins to 256 bits
 * @throws FormatError if the network does not fit the operations.
 */
export function toIntegers(
  operations: Operations,
  network: QuantizedNetwork,
  mode: IntegerMode,
  wide = joinsIntegers(mode),
): Operations<MixedOperation> {
  const mixing = new Mixing(operations, network, { mode, wide });
  for (const operation of operations.list) mixing.add(operation);
  return mixing.finish();
}

interface IntegerValue {
  readonly value: number;
  readonly quantization: Quantization;
}

class Mixing {
  readonly #operations: Operations;
  readonly #network: QuantizedNetwork;
  readonly #mode: IntegerMode;
  readonly #wide: boolean;
  readonly #list: MixedOperation[] = [];
  readonly #shapes: Dims[];
  readonly #bytes: number[];
  readonly #consumers = new Map<number, Operation[]>();
  /** The forms that each value has by now. */
  readonly #floats = new Map<number, number>();
  readonly #integers = new Map<number, IntegerValue>();
  readonly #padded = new Map<string, number>();

  constructor(
    operations: Operations,
    network: QuantizedNetwork,
    { mode, wide }: { readonly mode: IntegerMode; readonly wide: boolean },
  ) {
    this.#operations = operations;
    this.#network = network;
    this.#mode = mode;
    this.#wide = wide;
    this.#shapes = [...operations.shapes];
    this.#bytes = operations.shapes.map(() => 4);
    for (const value of operations.inputs) this.#floats.set(value, value);
    for (const operation of operations.list) {
      for (const input of inputsOf(operation)) {
        const consumers = this.#consumers.get(input) ?? [];
        consumers.push(operation);
        this.#consumers.set(input, consumers);
      }
    }
  }

  finish(): Operations<MixedOperation> {
    const outputs = this.#operations.outputs.map((value) => this.#float(value));
    const { inputs } = this.#operations;
    return { list: this.#list, inputs, outputs, shapes: this.#shapes, bytes: this.#bytes };
  }

  add(operation: Operation): void {
    // A value without numbers needs no kernel, and there is none of integers for it.
    const isEmpty = sizeOf(this.#shapes[operation.output] ?? []) === 0;
    const weights = isEmpty ? undefined : this.#network.weights.get(operation.output);
    if (weights !== undefined) {
      if (operation.kind !== "convolution") throw misfit(`weights for a ${operation.kind}`);
      if (!canBeIntegers(operation))
        throw misfit(`'${operation.name}' is a convolution that integers are not there for`);
      if (weights.kernel.length !== operation.kernel.size || weights.scales.length !== operation.to.channels) {
        throw misfit(`weights of another size for '${operation.name}'`);
      }
      this.#convolution(operation, weights);
    } else if (operation.kind === "pool" && isGlobalMean(operation) && this.#integers.has(operation.input)) {
      this.#mean(operation);
    } else if (operation.kind === "alias" && this.#integers.has(operation.input)) {
      const given = this.#integer(operation.input);
      this.#list.push({ ...operation, input: given.value });
      this.#bytes[operation.output] = ACTIVATION_BYTES[this.#mode];
      this.#integers.set(operation.output, { ...given, value: operation.output });
    } else {
      this.#list.push(this.#withFloats(operation));
      this.#floats.set(operation.output, operation.output);
    }
  }

  #convolution(operation: Convolution, weights: QuantizedWeights): void {
    const { output, residual } = operation;
    const by = integerKernelOf(operation);
    const input = this.#integer(operation.input);
    const added = residual === undefined ? undefined : this.#integer(residual);
    const padding = paddingOf(input.quantization);
    const { pads } = operation.window;
    const padded = by === "depthwise" || !hasPads(operation.window) ? undefined : { pads, padding };
    const quantization = this.#outputQuantization(output);
    const { starts, factors, residualFactor } = requantization(weights, {
      input: input.quantization,
      output: quantization,
      residual: added?.quantization,
    });
    const [rows, cols] = padded === undefined ? [0, 0] : [pads[0][0] + pads[0][1], pads[1][0] + pads[1][1]];
    const { from, to } = operation;
    // Integers are bounded by their range; float32 results are not.
    const bounds = quantization === undefined ? operation.bounds : undefined;
    const result = bounds === undefined ? output : this.#newValue(this.#shapes[output] ?? [], 4);
    const sums: IntegerSums = {
      kind: "integer convolution",
      mode: this.#mode,
      wide: this.#wide,
      input: padded === undefined ? input.value : this.#pad(operation, input, padding),
      output: result,
      from: { rows: from.rows + rows, cols: from.cols + cols, channels: from.channels },
      to,
      window: padded === undefined ? operation.window : { ...operation.window, pads: NO_PADS },
      by,
      kernel: weights.kernel,
      starts,
      factors,
      results: quantization === undefined ? "f32" : "integers",
      padding,
      residual: added && { value: added.value, factor: residualFactor },
    };
    const needed = { weights: weightsOf(sums), outside: outsideOf(sums), scratchBytes: scratchBytesOf(sums) };
    this.#list.push({ ...sums, ...needed });
    if (bounds !== undefined) this.#list.push({ kind: "clamp", input: result, output, bounds });
    this.#made(output, quantization);
  }

  #mean(operation: Pool): void {
    const { input, from, output } = operation;
    const { value, quantization } = this.#integer(input);
    const result = this.#outputQuantization(output);
    const { start, factor } = meanRequantization(from.rows * from.cols, quantization, result);
    this.#list.push({
      kind: "integer mean",
      mode: this.#mode,
      input: value,
      output,
      from,
      start,
      factor,
      results: result === undefined ? "f32" : "integers",
    });
    this.#made(output, result);
  }

  #made(output: number, quantization: Quantization | undefined): void {
    if (quantization === undefined) this.#floats.set(output, output);
    else {
      this.#bytes[output] = ACTIVATION_BYTES[this.#mode];
      this.#integers.set(output, { value: output, quantization });
    }
  }

  /** The quantization of a result that is to be integers; undefined if everyone who reads it wants float32. */
  #outputQuantization(output: number): Quantization | undefined {
    const range = this.#network.ranges.get(output);
    if (range === undefined || !this.#feedsIntegers(output)) return undefined;
    return quantizationOf(range);
  }

  #feedsIntegers(value: number): boolean {
    return (this.#consumers.get(value) ?? []).some(
      (consumer) =>
        this.#network.weights.has(consumer.output) ||
        (consumer.kind === "pool" && isGlobalMean(consumer)) ||
        (consumer.kind === "alias" && this.#feedsIntegers(consumer.output)),
    );
  }

  /** The value's integers, made of its float32 if it has none yet. */
  #integer(value: number): IntegerValue {
    const found = this.#integers.get(value);
    if (found !== undefined) return found;
    const range = this.#network.ranges.get(value);
    if (range === undefined) throw misfit("no range for a value that a quantized layer takes");
    const quantization = quantizationOf(range);
    const shape = this.#shapes[value] ?? [];
    const made = { value: this.#newValue(shape, ACTIVATION_BYTES[this.#mode]), quantization };
    this.#list.push({
      kind: "quantize",
      mode: this.#mode,
      input: this.#float(value),
      output: made.value,
      size: sizeOf(shape),
      factor: Math.fround(1 / quantization.scale),
      offset: Math.fround(quantization.zeroPoint + 0.5),
      padded: undefined,
    });
    this.#integers.set(value, made);
    return made;
  }

  /** The integers of a convolution's input with its surroundings. */
  #pad({ input, from, window }: Convolution, { value }: IntegerValue, padding: number): number {
    const { pads } = window;
    const key = `${input} ${pads.join()}`;
    const found = this.#padded.get(key);
    if (found !== undefined) return found;
    const [[top, bottom], [left, right]] = pads;
    const shape = [top + from.rows + bottom, left + from.cols + right, from.channels];
    const output = this.#newValue(shape, ACTIVATION_BYTES[this.#mode]);
    const padded = { from, pads, padding };
    const last = this.#list.at(-1);
    // Integers that were made just now are made between their surroundings at once.
    if (last?.kind === "quantize" && last.output === value && this.#consumers.get(input)?.length === 1) {
      this.#list.pop();
      this.#list.push({ ...last, output, padded });
    } else this.#list.push({ kind: "integer pad", mode: this.#mode, input: value, output, ...padded });
    this.#padded.set(key, output);
    return output;
  }

  /** The value's float32, made of its integers if it has none yet. */
  #float(value: number): number {
    const found = this.#floats.get(value);
    if (found !== undefined) return found;
    const { value: input, quantization } = this.#integer(value);
    const { scale, zeroPoint } = quantization;
    const shape = this.#shapes[value] ?? [];
    const output = this.#newValue(shape, 4);
    this.#list.push({
      kind: "dequantize",
      mode: this.#mode,
      input,
      output,
      size: sizeOf(shape),
      scale,
      offset: Math.fround(-zeroPoint * scale),
    });
    this.#floats.set(value, output);
    return output;
  }

  #newValue(shape: Dims, bytes: number): number {
    this.#bytes.push(bytes);
    return this.#shapes.push(shape) - 1;
  }

  #withFloats(operation: Operation): Operation {
    switch (operation.kind) {
      case "sum": {
        const [a, b] = operation.inputs;
        return { ...operation, inputs: [this.#float(a), this.#float(b)] };
      }
      case "host":
        return { ...operation, inputs: operation.inputs.map((input) => this.#float(input)) };
      case "convolution": {
        const residual = operation.residual === undefined ? undefined : this.#float(operation.residual);
        return { ...operation, input: this.#float(operation.input), residual };
      }
      default:
        return { ...operation, input: this.#float(operation.input) };
    }
  }
}

function misfit(what: string): MobileNetV2Error {
  return new MobileNetV2Error("FormatError", `The quantized network does not fit its layers: ${what}.`);
}
