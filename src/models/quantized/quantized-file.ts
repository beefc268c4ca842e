/** Quantized models to and from the bytes of their safetensors file, whose parts are matched with the model's layers. */
import { type Dims, formatShape, shapesEqual } from "../../core/shape.ts";
import { fold } from "../../lowering/fold.ts";
import { lower } from "../../lowering/lower.ts";
import type { Convolution, Operation, Operations } from "../../lowering/operations.ts";
import type { MixedOperation } from "../../engine/operations.ts";
import { toIntegers } from "../../engine/integers/integers.ts";
import type { QuantizedNetwork, QuantizedWeights } from "../../quantization/network.ts";
import type { Range } from "../../quantization/scheme.ts";
import { leafLayers } from "../../graph/leaf-layers.ts";
import type { Network } from "../../graph/network.ts";
import { programOf } from "../../graph/program.ts";
import type { IntegerMode } from "../../engine/integers/modes.ts";
import type { Layer } from "../../layers/layer.ts";
import type { Weight } from "../../layers/weight.ts";
import { type Assignment, assignAll, fits } from "../../saving/assignment.ts";
import type { Preprocessing } from "../../saving/checkpoint.ts";
import { checkClassNames, fittingClassNames } from "../../saving/plausible.ts";
import { formatError } from "../../saving/file-errors.ts";
import {
  type IntegerLayer,
  type QuantizedFile,
  readQuantized,
  writeQuantized,
} from "../../saving/safetensors/quantized.ts";
import type { StoredTensor } from "../../saving/stored-tensor.ts";
import type { NamedProgram } from "../../saving/tflite/write/named-program.ts";
import { describeModel } from "../files/describe-model.ts";
import { type AnyModel, architectureOf } from "../files/model-from-description.ts";
import type { ThreadOptions } from "../threads.ts";

/** The contents of a file beside the model itself. */
export interface Extras {
  readonly classNames: readonly string[] | undefined;
  readonly preprocessing: Preprocessing | undefined;
}

/** The size that takes the place of rows and columns that are not fixed. */
const ANY_SIZE = 224;

/** The parts of a quantized model. A model only holds them, so that the code of integers and files is loaded with the first one. */
export class QuantizedParts {
  /** The layers, of which the quantized ones have no float32 weights; it also has the number of threads. */
  readonly architecture: AnyModel;
  readonly network: QuantizedNetwork;

  constructor(architecture: AnyModel, network: QuantizedNetwork) {
    this.architecture = architecture;
    this.network = network;
  }

  /** The folded operations of the architecture, with integers in place of float32 where the network has them. */
  toIntegers(operations: Operations, mode: IntegerMode): Operations<MixedOperation> {
    return toIntegers(operations, this.network, mode);
  }

  /** The layers by their paths, and the program that they make. */
  get named(): NamedProgram {
    const { architecture } = this;
    return {
      name: architecture.name,
      program: programOf(architecture.graph),
      inputNames: architecture.inputs.map(({ node }) => node.layer.name),
      paths: new Map(leafLayers(architecture).map(([path, layer]) => [layer, path])),
    };
  }

  /** The bytes of the file. */
  toBytes({ classNames, preprocessing }: Extras): Uint8Array<ArrayBuffer> {
    const { architecture, network } = this;
    checkClassNames(classNames, classCountOf(architecture));
    const names = new Names(architecture);
    const layers = new Map<string, IntegerLayer>();
    for (const [name, { kernel, output }] of names.convolutions) {
      const weights = network.weights.get(output);
      if (weights !== undefined) layers.set(name, { ...weights, shape: kernel.shape });
    }
    const ranges = new Map<string, readonly [number, number]>();
    for (const [name, value] of names.values) {
      const range = network.ranges.get(value);
      if (range !== undefined) ranges.set(name, [range.low, range.high]);
    }
    const weights = new Map<string, StoredTensor>();
    for (const [name, { shape, values }] of floatWeights(names, network.weights)) {
      weights.set(name, { name, shape, dtype: "float32", read: () => values });
    }
    return writeQuantized({ model: describeModel(architecture), layers, ranges, weights, classNames, preprocessing });
  }
}

/** How many classes a model has, if it has one output. */
export function classCountOf({ outputs }: AnyModel): number | null | undefined {
  return outputs.length === 1 ? outputs[0]?.shape.at(-1) : undefined;
}

/** Reads a file. @throws FormatError if it is broken or its parts do not fit its model; UnsupportedError; LimitError. */
export function quantizedFromBytes(
  bytes: Uint8Array,
  options: ThreadOptions,
): { readonly parts: QuantizedParts } & Extras {
  const file = readQuantized(bytes);
  const { model: architecture } = architectureOf(file.model, options);
  const classNames = fittingClassNames(
    { classNames: file.classNames, origin: "mobilenet-v2" },
    classCountOf(architecture),
  );
  const names = new Names(architecture);
  const network = { weights: integerWeights(file, names), ranges: rangesOf(file, names) };
  assignAll(assignments(file, floatWeights(names, network.weights)), {});
  // Conversion throws if parts do not fit together, here rather than in the first prediction.
  toIntegers(names.operations, network, "i16");
  return {
    parts: new QuantizedParts(architecture, network),
    classNames,
    preprocessing: file.preprocessing,
  };
}

/** The parts of a quantized model: a copy of a model's layers, with float32 weights only where the network has no integers. */
export function partsOf(model: Network, network: QuantizedNetwork, options: ThreadOptions): QuantizedParts {
  const { model: architecture } = architectureOf(describeModel(model), options);
  const values = new Map(leafLayers(model));
  for (const [, { layer, weight }] of floatWeightsWithLayers(new Names(architecture), network.weights)) {
    const original = values.get(layer)?.weight(weight.name);
    if (original !== undefined) weight.assign(original.values.slice());
  }
  return new QuantizedParts(architecture, network);
}

/** The names of a model's parts in a file. */
class Names {
  readonly operations: Operations;
  readonly leaves: readonly (readonly [path: string, layer: Layer])[];
  /**
   * The values of the program, by the path of the layer or the name of the input that they come from; what goes into an activation within
   * a layer has `/sums` behind that path.
   */
  readonly values = new Map<string, number>();
  /** The convolutions, with folded bounds and normalizations, by the path of their layer. */
  readonly convolutions = new Map<string, Convolution>();

  constructor(model: Network) {
    const program = programOf(model.graph);
    this.operations = fold(lower(program, inputShapes(model)));
    this.leaves = leafLayers(model);
    const paths = new Map(this.leaves.map(([path, layer]) => [layer, path]));
    const owners = new Map(
      this.leaves.flatMap(([path, layer]) => layer.weights.map((weight) => [weight, path] as const)),
    );
    for (const [i, value] of program.inputs.entries()) {
      this.values.set(unused(this.values, model.inputs[i]?.node.layer.name ?? "input"), value);
    }
    for (const { layer, output } of program.steps) {
      this.values.set(unused(this.values, paths.get(layer) ?? layer.name), output);
    }
    const known = new Set(this.values.values());
    for (const operation of this.operations.list) {
      if (operation.kind !== "convolution") continue;
      const path = owners.get(operation.kernel) ?? operation.name;
      this.convolutions.set(unused(this.convolutions, path), operation);
      if (!known.has(operation.output)) this.values.set(unused(this.values, `${path}/sums`), operation.output);
    }
  }
}

/** A name, with a number if it is taken, since a layer may be applied several times. */
function unused(taken: ReadonlyMap<string, unknown>, name: string): string {
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name}#${number}`;
  return free;
}

/** The shapes of a model's inputs without the batch axis; sizes that are not fixed are replaced by `ANY_SIZE`. */
export function inputShapes(model: Network): readonly Dims[] {
  return model.inputs.map(({ shape }) => shape.slice(1).map((axis) => axis ?? ANY_SIZE));
}

/** All weights by `layer/weight`, except those that integers replace. */
function floatWeights(names: Names, integers: ReadonlyMap<number, QuantizedWeights>): ReadonlyMap<string, Weight> {
  return new Map([...floatWeightsWithLayers(names, integers)].map(([name, { weight }]) => [name, weight]));
}

function floatWeightsWithLayers(
  { operations, leaves }: Names,
  integers: ReadonlyMap<number, QuantizedWeights>,
): ReadonlyMap<string, { readonly layer: string; readonly weight: Weight }> {
  const replaced = new Set(operations.list.filter(({ output }) => integers.has(output)).flatMap(weightsOf));
  for (const operation of operations.list) {
    if (!integers.has(operation.output)) for (const weight of weightsOf(operation)) replaced.delete(weight);
  }
  return new Map(
    leaves.flatMap(([path, layer]) =>
      layer.weights
        .filter((weight) => !replaced.has(weight))
        .map((weight) => [`${path}/${weight.name}`, { layer: path, weight }] as const),
    ),
  );
}

function weightsOf(operation: Operation): readonly Weight[] {
  if (operation.kind === "affine") return operation.affine.weights;
  if (operation.kind !== "convolution") return [];
  const { kernel, bias, affines } = operation;
  return [kernel, ...(bias === undefined ? [] : [bias]), ...affines.flatMap((affine) => affine.weights)];
}

function integerWeights({ layers }: QuantizedFile, { convolutions }: Names): ReadonlyMap<number, QuantizedWeights> {
  const weights = new Map<number, QuantizedWeights>();
  for (const [name, { kernel, shape, scales, bias }] of layers) {
    const operation = convolutions.get(name);
    if (operation === undefined) throw formatError(`The file has a quantized layer '${name}', but the model has none.`);
    if (!shapesEqual(shape, operation.kernel.shape) || scales.length !== operation.to.channels) {
      throw formatError(
        `The quantized layer '${name}' has a kernel of shape ${formatShape(shape)} with ${scales.length} scales, ` +
          `but the model's has the shape ${formatShape(operation.kernel.shape)}.`,
      );
    }
    weights.set(operation.output, { kernel, scales, bias });
  }
  return weights;
}

function rangesOf({ ranges }: QuantizedFile, { values }: Names): ReadonlyMap<number, Range> {
  return new Map(
    [...ranges].map(([name, [low, high]]) => {
      const value = values.get(name);
      if (value === undefined)
        throw formatError(`The file has a range for '${name}', but the model has no such layer.`);
      return [value, { low, high }];
    }),
  );
}

/** The pairs of a float32 weight and its tensor. @throws FormatError if a tensor is missing, superfluous or of another shape. */
function assignments({ weights }: QuantizedFile, expected: ReadonlyMap<string, Weight>): readonly Assignment[] {
  const found = [...expected].map(([name, weight]): Assignment => {
    const tensor = weights.get(name);
    if (tensor === undefined || !fits({ weight, tensor })) {
      const has = tensor === undefined ? "none" : `one of shape ${formatShape(tensor.shape)}`;
      throw formatError(
        `The file should have a tensor '${name}' of shape ${formatShape(weight.shape)}. It has ${has}.`,
      );
    }
    return { weight, tensor };
  });
  for (const name of weights.keys()) {
    if (!expected.has(name)) throw formatError(`The file has a tensor '${name}', but the model has no such weight.`);
  }
  return found;
}
