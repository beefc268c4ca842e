/** Writes models as TFLite (schema version 3), for phones, microcontrollers and Coral: pictures of one size, one at a time. */
import { valueError } from "../../core/errors.ts";
import { type Dims, type Shape, formatShape } from "../../core/shape.ts";
import type { Layer } from "../../layers/layer.ts";
import type { Weight } from "../../layers/weight.ts";
import { fold } from "../../lowering/fold.ts";
import { lower } from "../../lowering/lower.ts";
import type { Operation } from "../../lowering/operations.ts";
import type { QuantizedNetwork } from "../../quantization/network.ts";
import type { Preprocessing, SavedModel, WrittenFile } from "../checkpoint.ts";
import { RAW_PIXELS, scalingInside } from "../pixels-inside.ts";
import { type GraphEnd, TfliteGraph } from "./write/graph.ts";
import { metadataOf, withLabels } from "./write/metadata.ts";
import { OperatorWriter } from "./write/operators.ts";
import { type NamedProgram, savedProgram } from "./write/named-program.ts";
import { type TfliteIo, Values } from "./write/values.ts";

const METADATA = "TFLITE_METADATA";
const KERAS_PIXELS: Preprocessing = { scale: 1 / 127.5, offset: -1 };

export interface TfliteOptions extends Pick<SavedModel, "model" | "classNames" | "preprocessing" | "dtype"> {
  /** The integers of a quantized model, and the type of its inputs and outputs. */
  readonly integers?: { readonly network: QuantizedNetwork; readonly io: TfliteIo };
}

/** The file of a model of floats. @throws UnsupportedError if a layer does what no operator of TFLite does. */
export function tfliteFile(saved: SavedModel, name: string): WrittenFile {
  return { name, bytes: tfliteBytes(savedProgram(saved), saved) };
}

/**
 * The bytes of the file.
 * @throws ValueError if the model takes pictures of any size; UnsupportedError for what TFLite's operators do not compute.
 */
export function tfliteBytes(named: NamedProgram, options: TfliteOptions): Uint8Array<ArrayBuffer> {
  const { program, inputNames } = named;
  const { dtype = "float32", integers, classNames } = options;
  const io = integers?.io ?? "float32";
  const inputShapes = program.inputs.map((value, i) => fixedShape(program.shapes[value] ?? [], inputNames[i] ?? "x"));
  const operations = fold(lower(program, inputShapes));
  const names = new Names(named);
  const graph = new TfliteGraph();
  const values = new Values(graph, operations.shapes, integers?.network.ranges ?? new Map());
  const inputs = operations.inputs.map((value, i): GraphEnd => {
    const name = inputNames[i] ?? "x";
    return { name, tensor: values.input(value, name, io) };
  });
  const writer = new OperatorWriter({ graph, values, dtype, network: integers?.network, ...names.lookUps });
  for (const operation of operations.list) writer.add(operation);
  const outputs = operations.outputs.map((value, i): GraphEnd => {
    const name = names.lookUps.pathOf(program.outputs[i] ?? value) ?? `output_${i}`;
    return { name, tensor: values.output(value, io) };
  });
  const metadata = metadataOf({
    name: named.name,
    input: { name: inputNames[0] ?? "x", shape: [1, ...(inputShapes[0] ?? [])] },
    outputs: outputs.map(({ name }) => name),
    preprocessing: options.preprocessing ?? (scalingInside(options.model) === undefined ? KERAS_PIXELS : RAW_PIXELS),
    classNames,
  });
  const file = graph.file(named.name, inputs, outputs, new Map([[METADATA, metadata]]));
  return classNames === undefined ? file : withLabels(file, classNames);
}

function fixedShape(shape: Shape, name: string): Dims {
  return shape.slice(1).map((axis) => {
    if (axis !== null) return axis;
    throw valueError(
      `A TFLite file has pictures of one size, but the input '${name}' takes any: ${formatShape(shape)}. ` +
        "Build the model with an `inputShape` such as [224, 224, 3], load these weights into it, and save that.",
    );
  });
}

/** The names of operations: the paths of the layers that they come from. */
class Names {
  readonly #ofKernels = new Map<Weight, string>();
  readonly #layers = new Map<number, Layer>();
  readonly #paths: ReadonlyMap<Layer, string>;

  constructor({ program, paths }: NamedProgram) {
    this.#paths = paths;
    for (const { layer, output } of program.steps) {
      this.#layers.set(output, layer);
      for (const weight of layer.weights) this.#ofKernels.set(weight, paths.get(layer) ?? layer.name);
    }
  }

  get lookUps() {
    const layerOf = (value: number): Layer | undefined => this.#layers.get(value);
    const pathOf = (value: number): string | undefined => {
      const layer = layerOf(value);
      return layer && (this.#paths.get(layer) ?? layer.name);
    };
    const nameOf = (operation: Operation): string =>
      (operation.kind === "convolution" ? this.#ofKernels.get(operation.kernel) : pathOf(operation.output)) ??
      `${operation.kind}_${operation.output}`;
    return { layerOf, pathOf, nameOf };
  }
}
