/** Reads MobileNetV2 in TFLite, float or quantised, into a model of Keras's layers with float32 weights. */
import type { Shape } from "../../core/shape.ts";
import { formatShape } from "../../core/shape.ts";
import type { Checkpoint, FileSource, Preprocessing } from "../checkpoint.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { GraphBuilder } from "../graphs/graph-builder.ts";
import { plainModelName, withoutEnding } from "../graphs/layer-names.ts";
import { isValue } from "../graphs/tensorflow-operation.ts";
import type { Value } from "../graphs/value.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { normalizationOf, packedLabels } from "./metadata.ts";
import { type TfliteModel, type TfliteOperator, type TfliteTensor, readTfliteModel } from "./model.ts";
import { type Item, OPERATORS, Operation } from "./operators.ts";

/**
 * Reads everything but the values. Integer weights become the numbers that they stand for; activations are float32, so answers are
 * close to those of the integers, not the same.
 * @throws FormatError, UnsupportedError, LimitError.
 */
export function open({ bytes, name }: FileSource): Checkpoint {
  const file = readTfliteModel(bytes);
  const stored = new Map<number, StoredTensor>();
  const constant = (index: number): StoredTensor | undefined => {
    const tensor = stored.get(index) ?? file.tensors[index]?.stored?.();
    if (tensor !== undefined) stored.set(index, tensor);
    return tensor;
  };
  const builder = new GraphBuilder();
  const items = new Map<number, Item>();
  const inputs = file.inputs.map((index): Value => {
    const value = builder.input(tensorAt(file, index).name, inputShape(tensorAt(file, index)));
    items.set(index, value);
    return value;
  });
  for (const operator of file.operators) run(operator, file, builder, items, constant);
  const outputs = file.outputs.map((index): Value => {
    const item = items.get(index);
    if (isValue(item)) return item;
    throw formatError(`The TFLite graph's output '${tensorAt(file, index).name}' is made by nothing in it.`);
  });
  if (inputs.length === 0 || outputs.length === 0) throw formatError("The TFLite graph has no input or no output.");
  const built = builder.finish(plainModelName(withoutEnding(name)), inputs, outputs, { fileSize: bytes.length });
  return {
    format: "TFLite",
    origin: "tflite",
    model: built.model,
    tensors: [...stored.values()],
    weights: built.weights,
    classNames: packedLabels(bytes),
    preprocessing: preprocessingOf(file),
  };
}

function tensorAt(file: TfliteModel, index: number): TfliteTensor {
  const tensor = file.tensors[index];
  if (tensor === undefined) throw formatError(`The TFLite graph has no tensor ${index}.`);
  return tensor;
}

/** The batch can be any, whatever the file was made for. */
function inputShape({ name, shape }: TfliteTensor): Shape {
  const [, ...axes] = shape;
  if (axes.length === 3 || axes.length === 1) return [null, ...axes.map((axis) => (axis > 0 ? axis : null))];
  throw unsupportedError(
    `The TFLite graph's input '${name}' has the shape ${formatShape(shape)}; read are pictures and vectors.`,
  );
}

function run(
  operator: TfliteOperator,
  file: TfliteModel,
  builder: GraphBuilder,
  items: Map<number, Item>,
  constant: (index: number) => StoredTensor | undefined,
): void {
  const [operatorName, read] = OPERATORS.get(operator.code) ?? [];
  const [result, ...more] = operator.outputs;
  const output = tensorAt(file, result ?? -1);
  if (operatorName === undefined || read === undefined || more.length > 0) {
    const known = [...OPERATORS.values()].map(([other]) => other).toSorted();
    throw unsupportedError(
      `The TFLite graph is not a MobileNetV2 that is read here: '${output.name}' is made by ` +
        `${operatorName ?? `operator ${operator.code} ${operator.customName}`.trimEnd()}. Read are: ${known.join(", ")}`,
    );
  }
  const inputs = operator.inputs.map((index) => {
    if (index === -1) return undefined;
    const item = items.get(index) ?? constant(index);
    if (item !== undefined) return item;
    throw formatError(
      `The TFLite graph's ${operatorName} '${output.name}' takes '${tensorAt(file, index).name}', which nothing before it makes.`,
    );
  });
  if (result === undefined || items.has(result)) throw formatError(`The TFLite graph makes '${output.name}' twice.`);
  items.set(result, read(new Operation(operator, operatorName, output, builder, inputs)));
}

/** How pixels become what the model takes: as the metadata say; or without them, if it takes integers, which are pixels or pixels − 128, by their scale. */
function preprocessingOf(file: TfliteModel): Preprocessing | undefined {
  const metadata = file.metadata("TFLITE_METADATA");
  const said = metadata && normalizationOf(metadata);
  if (said !== undefined) return said;
  const { quantization, dtype } = tensorAt(file, file.inputs[0] ?? -1);
  if (quantization !== undefined && (dtype === "uint8" || dtype === "int8")) {
    const { scale, zeroPoint } = quantization;
    const zero = dtype === "uint8" ? zeroPoint : zeroPoint + 128;
    if (Number.isFinite(scale) && Number.isFinite(zero)) return { scale, offset: -zero * scale };
  }
  return undefined;
}
