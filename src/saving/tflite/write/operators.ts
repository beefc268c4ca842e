/** Writes folded operations in TFLite's operators, with integers where a quantized network has them (docs/int8.md). */
import type { Dims } from "../../../core/shape.ts";
import type { ElementwiseActivation } from "../../../layers/activations/activations.ts";
import { ReLU } from "../../../layers/activations/relu.ts";
import type { Bounds } from "../../../lowering/bounds.ts";
import {
  type Clamp,
  type Convolution,
  type ElementwiseMap,
  type Host,
  type Operation,
  type Pad,
  type PerChannel,
  type Pool,
  type Softmax,
  type Sum,
  isGlobalMean,
} from "../../../lowering/operations.ts";
import { unsupportedError } from "../../file-errors.ts";
import { paddingOf, writePad, writePixelConvolution, writeSums } from "./convolutions.ts";
import {
  type OperatorName,
  type Options,
  addOptions,
  expOptions,
  fusedActivation,
  geluOptions,
  hardSwishOptions,
  leakyReluOptions,
  logSoftmaxOptions,
  maximumMinimumOptions,
  mulOptions,
  pool2DOptions,
  quantizeOptions,
  reducerOptions,
  reshapeOptions,
  softmaxOptions,
} from "./schema.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Quantization } from "./values.ts";

/** TFLite's own integers for numbers from 0 to 1, and from −1 to 1. */
const UNIT: Quantization = { scale: 1 / 256, zeroPoint: -128 };
const SIGNED_UNIT: Quantization = { scale: 1 / 128, zeroPoint: 0 };

interface MappingOperator {
  readonly operator: OperatorName;
  readonly options?: Options;
  /** How integers that go through it are written: "seen" for what calibration saw. Left out if only floats can. */
  readonly integers?: Quantization | "seen";
}

/** Activations that are one operator. */
const MAPS: ReadonlyMap<ElementwiseActivation, MappingOperator> = new Map<ElementwiseActivation, MappingOperator>([
  ["elu", { operator: "ELU", integers: "seen" }],
  ["exponential", { operator: "EXP", options: expOptions }],
  ["gelu", { operator: "GELU", options: geluOptions }],
  ["hard_silu", { operator: "HARD_SWISH", options: hardSwishOptions, integers: "seen" }],
  ["leaky_relu", { operator: "LEAKY_RELU", options: leakyReluOptions(Math.fround(0.2)), integers: "seen" }],
  ["sigmoid", { operator: "LOGISTIC", integers: UNIT }],
  ["tanh", { operator: "TANH", integers: SIGNED_UNIT }],
]);

export class OperatorWriter {
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Adds the operators of an operation. @throws UnsupportedError for what TFLite's operators do not compute. */
  add(operation: Operation): void {
    switch (operation.kind) {
      case "convolution":
        return this.#convolution(operation);
      case "pad":
        return this.#padding(operation);
      case "sum":
        return this.#sum(operation);
      case "clamp":
        return this.#clamp(operation);
      case "affine":
        return this.#affine(operation);
      case "map":
        return this.#map(operation);
      case "pool":
        return this.#pool(operation);
      case "softmax":
        return this.#softmax(operation);
      case "alias":
        return this.#reshape(operation);
      case "host":
        return this.#host(operation);
    }
  }

  /** The tensor of a value: of its integers if the operation is one of integers. */
  #taken(value: number, integers: Quantization | undefined): number {
    const { values } = this.#around;
    return integers === undefined ? values.float(value) : values.integer(value);
  }

  /** One operator from the value that an operation takes to the one that it makes. Kernels of int8 are the second version of each. */
  #one(
    operation: Exclude<Operation, Sum | Host>,
    name: OperatorName,
    quantization: Quantization | undefined,
    { options, more = [], version }: { options?: Options | undefined; more?: readonly number[]; version?: number } = {},
  ): void {
    const { graph, values, nameOf } = this.#around;
    const x = this.#taken(operation.input, quantization);
    const output = values.made(operation.output, nameOf(operation), quantization);
    graph.operator(name, {
      inputs: [x, ...more],
      output,
      options,
      version: version ?? (quantization === undefined ? 1 : 2),
    });
  }

  #integers(name: string, numbers: readonly number[]): number {
    return this.#around.graph.constant({ name, shape: [numbers.length], type: "int32" }, Int32Array.from(numbers));
  }

  #floats(name: string, numbers: ArrayLike<number>, shape: Dims): number {
    return this.#around.graph.constant({ name, shape, type: "float32" }, Float32Array.from(numbers));
  }

  #convolution(operation: Convolution): void {
    const { values, network, nameOf } = this.#around;
    const { input, output, residual, bounds, unadded = output } = operation;
    const name = nameOf(operation);
    const weights = network?.weights.get(output);
    if (residual !== undefined) values.supposeSum(output, [unadded, residual]);
    const known = [input, unadded, residual ?? output, output].map((value) => values.quantization(value));
    const isInteger = weights !== undefined && known.every((one) => one !== undefined);
    const sums = { name, weights, quantization: isInteger ? values.quantization(unadded) : undefined };
    const fused = residual === undefined ? fusedActivation(bounds) : 0;
    // Integers are bounded by their range.
    const activation = fused ?? 0;
    if (residual === undefined && (fused !== undefined || isInteger)) {
      writeSums(this.#around, operation, values.made(output, name, sums.quantization), { ...sums, activation });
      return;
    }
    const tensor = values.part(values.shape(output), name, sums.quantization);
    writeSums(this.#around, operation, tensor, { ...sums, activation });
    if (residual === undefined) this.#bounded(tensor, output, name, bounds);
    else {
      const quantization = isInteger ? values.quantization(output) : undefined;
      this.#added([tensor, this.#taken(residual, quantization)], operation, quantization);
    }
  }

  #padding(operation: Pad): void {
    const { values, nameOf } = this.#around;
    const quantization = values.quantization(operation.input);
    const x = this.#taken(operation.input, quantization);
    const output = values.made(operation.output, nameOf(operation), quantization);
    writePad(this.#around, x, output, {
      pads: operation.pads,
      name: nameOf(operation),
      isInteger: quantization !== undefined,
    });
  }

  #sum(operation: Sum): void {
    const { values } = this.#around;
    values.supposeSum(operation.output, operation.inputs);
    const known = [...operation.inputs, operation.output].map((value) => values.quantization(value));
    const quantization = known.every((one) => one !== undefined) ? values.quantization(operation.output) : undefined;
    this.#added(
      operation.inputs.map((value) => this.#taken(value, quantization)),
      operation,
      quantization,
    );
  }

  #added(inputs: readonly number[], operation: Sum | Convolution, quantization: Quantization | undefined): void {
    const { graph, values, layerOf, nameOf } = this.#around;
    const { output, bounds } = operation;
    const name = layerOf(output)?.name ?? nameOf(operation);
    const fused = fusedActivation(bounds);
    const version = quantization === undefined ? 1 : 2;
    if (fused !== undefined || quantization !== undefined) {
      const tensor = values.made(output, name, quantization);
      graph.operator("ADD", { inputs, output: tensor, version, options: addOptions(fused ?? 0) });
      return;
    }
    const tensor = values.part(values.shape(output), name, undefined);
    graph.operator("ADD", { inputs, output: tensor, options: addOptions(0) });
    this.#bounded(tensor, output, name, bounds);
  }

  #clamp(operation: Clamp): void {
    const { values, nameOf } = this.#around;
    const { input, output, bounds } = operation;
    const known = values.quantization(input) && values.quantization(output);
    const operator = BOUNDING[fusedActivation(bounds) ?? 0];
    if (operator !== undefined) this.#one(operation, operator, known);
    // Integers are bounded by their range.
    else if (known !== undefined) this.#one(operation, "QUANTIZE", known, { options: quantizeOptions, version: 1 });
    else this.#bounded(values.float(input), output, nameOf(operation), bounds);
  }

  /** A value of floats within bounds that no operator has of itself. */
  #bounded(x: number, value: number, name: string, bounds: Bounds = { low: -Infinity, high: Infinity }): void {
    const { graph, values } = this.#around;
    const { low, high } = bounds;
    let tensor = x;
    for (const [operator, bound] of [["MAXIMUM", low] as const, ["MINIMUM", high] as const]) {
      if (!Number.isFinite(bound)) continue;
      const limit = this.#floats(`${name}/${operator.toLowerCase()}`, [bound], []);
      const isLast = operator === "MINIMUM" || high === Infinity;
      const output = isLast
        ? values.made(value, `${name}_bounded`, undefined)
        : values.part(values.shape(value), `${name}_low`, undefined);
      tensor = graph.operator(operator, { inputs: [tensor, limit], output, options: maximumMinimumOptions });
    }
  }

  #affine(operation: PerChannel): void {
    const { graph, values, nameOf } = this.#around;
    const { input, output, channels, affine } = operation;
    const name = nameOf(operation);
    const [scale, offset] = [affine.scale(), affine.offset()];
    const shape = values.shape(output);
    const quantization = values.quantization(input) && values.quantization(output);
    const given = values.quantization(input);
    if (shape.length === 4 && quantization !== undefined && given !== undefined) {
      writePixelConvolution(
        this.#around,
        { name, input, output, scale, offset },
        { input: given, output: quantization },
      );
      return;
    }
    const scaled = values.part(shape, `${name}/mul`, undefined);
    const inputs = [values.float(input), this.#floats(`${name}/scale`, scale, [channels])];
    graph.operator("MUL", { inputs, output: scaled, options: mulOptions });
    const summands = this.#floats(`${name}/offset`, offset, [channels]);
    const tensor = values.made(output, name, undefined);
    graph.operator("ADD", { inputs: [scaled, summands], output: tensor, options: addOptions(0) });
  }

  #map(operation: ElementwiseMap): void {
    const { graph, values, nameOf } = this.#around;
    const { map, input, output } = operation;
    if (map === "silu") {
      const [x, name] = [values.float(input), nameOf(operation)];
      const sigmoid = values.part(values.shape(output), `${name}/sigmoid`, undefined);
      graph.operator("LOGISTIC", { inputs: [x], output: sigmoid });
      const product = values.made(output, name, undefined);
      graph.operator("MUL", { inputs: [x, sigmoid], output: product, options: mulOptions });
      return;
    }
    const known = MAPS.get(map);
    if (known === undefined) {
      throw unsupportedError(`The activation ${map} of layer '${nameOf(operation)}' is not written to TFLite.`);
    }
    const { operator, options, integers } = known;
    const made = integers === "seen" ? values.quantization(output) : integers;
    const quantization = values.quantization(input) && made;
    this.#one(operation, operator, quantization, {
      options,
      version: quantization !== undefined && operator !== "HARD_SWISH" && operator !== "ELU" ? 2 : 1,
    });
  }

  #pool(operation: Pool): void {
    const { values, nameOf } = this.#around;
    const { mode, window, from, input, output } = operation;
    const given = values.quantization(input);
    const keepsAxes = values.shape(output).length === 4;
    if (isGlobalMean({ ...operation, mode: "mean" })) {
      const name = mode === "mean" ? "MEAN" : "REDUCE_MAX";
      const seen = mode === "mean" ? (values.quantization(output) ?? given) : given;
      const axes = this.#integers(`${nameOf(operation)}/axes`, [1, 2]);
      this.#one(operation, name, given && seen, { options: reducerOptions(keepsAxes), more: [axes] });
      return;
    }
    const padding = paddingOf(window, from);
    if (mode === "max" || padding === undefined) {
      throw unsupportedError(`Layer '${nameOf(operation)}' pools in a way that is not written to TFLite.`);
    }
    const { strides, dilation, rows, cols } = window;
    const options = pool2DOptions({ padding, strides, dilation, activation: 0 }, [rows, cols]);
    this.#one(operation, "AVERAGE_POOL_2D", given, { options });
  }

  #softmax(operation: Softmax): void {
    const given = this.#around.values.quantization(operation.input);
    this.#one(operation, "SOFTMAX", given && UNIT, { options: softmaxOptions });
  }

  /** The batch is −1: it can be made larger. */
  #reshape(operation: Extract<Operation, { kind: "alias" }>): void {
    const { values, nameOf } = this.#around;
    const shape = [-1, ...values.shape(operation.output).slice(1)];
    const target = this.#integers(`${nameOf(operation)}/shape`, shape);
    const quantization = values.quantization(operation.input);
    this.#one(operation, "RESHAPE", quantization, { options: reshapeOptions(shape), more: [target], version: 1 });
  }

  /** What has no kind of its own. */
  #host({ inputs, output, ...operation }: Host): void {
    const { graph, values, nameOf, layerOf } = this.#around;
    const layer = layerOf(output);
    const name = nameOf({ ...operation, inputs, output });
    const [input = -1] = inputs;
    const isSlope = layer instanceof ReLU && layer.threshold === 0 && layer.maxValue === null;
    const isLogSoftmax = layer?.outputActivation.name === "log_softmax";
    if (!isSlope && !isLogSoftmax) {
      throw unsupportedError(
        `Layer '${name}'${layer === undefined ? "" : ` (${layer.className})`} computes what no operator of TFLite does.`,
      );
    }
    const operator = isSlope ? "LEAKY_RELU" : "LOG_SOFTMAX";
    const options = isSlope ? leakyReluOptions(layer.negativeSlope) : logSoftmaxOptions;
    const quantization = isSlope ? values.quantization(input) && values.quantization(output) : undefined;
    const x = this.#taken(input, quantization);
    const tensor = values.made(output, name, quantization);
    graph.operator(operator, { inputs: [x], output: tensor, options, version: quantization === undefined ? 1 : 2 });
  }
}

/** The operators of ActivationFunctionType, by its numbers. */
const BOUNDING: readonly (OperatorName | undefined)[] = [undefined, "RELU", "RELU_N1_TO_1", "RELU6"];
