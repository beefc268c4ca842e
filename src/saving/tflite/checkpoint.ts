/** Reads networks of pictures in TFLite, float or quantised, into models of Keras's layers with float32 weights. */
import type { Shape } from "../../core/shape.ts";
import { formatShape } from "../../core/shape.ts";
import type { Checkpoint, FileSource, ModelEnd } from "../checkpoint.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { type BuiltModel, GraphBuilder } from "../graphs/graph-builder.ts";
import { plainModelName, withoutEnding } from "../graphs/layer-names.ts";
import { isConstant, isValue } from "../graphs/tensorflow-operation.ts";
import type { Value } from "../graphs/value.ts";
import { channelsFirst, isView, outputValue, viewOf } from "../graphs/view.ts";
import { type StoredTensor, byName } from "../stored-tensor.ts";
import { unlessUnsupported } from "../unread.ts";
import { takesChannelsFirst } from "./input-use.ts";
import { kindOf } from "./kinds.ts";
import { packedLabels } from "./metadata.ts";
import { type TfliteModel, type TfliteOperator, type TfliteTensor, readTfliteModel, tensorAt } from "./model.ts";
import { type GraphContext, type Item, Operation } from "./operation.ts";
import { operatorName } from "./operator-names.ts";
import { OPERATORS } from "./operators.ts";
import { preprocessingOf } from "./preprocessing.ts";

/**
 * Reads everything but the values. Integer weights become the numbers that they stand for; activations are float32, so answers are
 * close to those of the integers, not the same.
 * @throws FormatError, UnsupportedError, LimitError.
 */
export function open({ bytes, name }: FileSource): Checkpoint {
  const file = readTfliteModel(bytes);
  if (file.inputs.length === 0 || file.outputs.length === 0) {
    throw formatError("The TFLite graph has no input or no output.");
  }
  const common = {
    format: "TFLite",
    origin: "tflite",
    classNames: packedLabels(bytes),
    preprocessing: preprocessingOf(file),
  } as const;
  return unlessUnsupported<Checkpoint>(
    () => {
      const constants = new Constants(file);
      const { model, weights } = readGraph(file, constants, plainModelName(withoutEnding(name)), bytes.length);
      return { ...common, model, tensors: constants.all, weights };
    },
    (problem) => {
      const kind = kindOf(file);
      const reason = kind === undefined ? problem : `${kind} ${problem}`;
      const [inputs, outputs] = [file.inputs, file.outputs].map((list) => list.map((i) => endOf(tensorAt(file, i))));
      const tensors = file.tensors.filter((tensor) => tensor.isConstant).map(described);
      const unread = { reason, inputs: inputs ?? [], outputs: outputs ?? [] };
      return { ...common, model: undefined, unread, tensors, weights: byName(tensors) };
    },
  );
}

function endOf({ name, shape }: TfliteTensor): ModelEnd {
  return { name, shape: shape.map(knownLength) };
}

function knownLength(length: number): number | null {
  return length > 0 ? length : null;
}

/** A tensor of a file that is only described. */
function described({ name, size, dtype, stored }: TfliteTensor): StoredTensor {
  return { name, shape: size, dtype, read: () => stored()?.read() ?? new Float32Array() };
}

/** The constants of a file that its operators took, each made once. */
class Constants {
  readonly #file: TfliteModel;
  readonly #taken = new Map<number, StoredTensor>();

  constructor(file: TfliteModel) {
    this.#file = file;
  }

  get(index: number): StoredTensor | undefined {
    const tensor = this.#taken.get(index) ?? this.#file.tensors[index]?.stored();
    if (tensor !== undefined) this.#taken.set(index, tensor);
    return tensor;
  }

  get all(): readonly StoredTensor[] {
    return [...this.#taken.values()];
  }
}

function readGraph(file: TfliteModel, constants: Constants, name: string, fileSize: number): BuiltModel {
  const builder = new GraphBuilder();
  const items = new Map<number, Item>();
  const inputs = file.inputs.map((index): Value => {
    const tensor = tensorAt(file, index);
    const isFirst = takesChannelsFirst(file, index);
    const value = builder.input(tensor.name, inputShape(tensor, isFirst));
    items.set(index, isFirst ? channelsFirst(value) : viewOf(value));
    return value;
  });
  const { size } = tensorAt(file, file.inputs[0] ?? -1);
  const context: GraphContext = { builder, batch: size[0] };
  for (const operator of file.operators) run(operator, file, items, constants, context);
  const outputs = file.outputs.map((index): Value => {
    const item = items.get(index) ?? constants.get(index);
    const { name: output } = tensorAt(file, index);
    if (isValue(item)) return item;
    const value = isView(item) ? outputValue(builder, item) : undefined;
    if (value !== undefined) return value;
    if (item === undefined) throw formatError(`The TFLite graph's output '${output}' is made by nothing in it.`);
    const what = isView(item)
      ? "has its axes in another order"
      : isConstant(item)
        ? "is a constant"
        : "is made of shapes";
    throw unsupportedError(`The TFLite graph's output '${output}' ${what}: no layer here gives that.`);
  });
  return builder.finish(name, inputs, outputs, { fileSize });
}

/** The batch can be any, whatever the file was made for; channels are last. */
function inputShape({ name, shape }: TfliteTensor, isChannelsFirst: boolean): Shape {
  const [, ...axes] = isChannelsFirst ? [0, 2, 3, 1].map((axis) => shape[axis] ?? -1) : shape;
  if (axes.length === 3 || axes.length === 1) return [null, ...axes.map(knownLength)];
  throw unsupportedError(
    `The TFLite graph's input '${name}' has the shape ${formatShape(shape)}; read are pictures and vectors.`,
  );
}

function run(
  operator: TfliteOperator,
  file: TfliteModel,
  items: Map<number, Item>,
  constants: Constants,
  context: GraphContext,
): void {
  const named = operatorName(operator.code, operator.customName);
  const [result] = operator.outputs;
  // Operators that make nothing give orders to a delegate, or fill variables.
  const output = result === undefined ? undefined : tensorAt(file, result);
  const read = OPERATORS.get(named);
  if (read === undefined || output === undefined) {
    const what = output === undefined ? "" : `, which makes '${output.name.slice(0, 200)}'`;
    throw unsupportedError(
      `The TFLite graph has ${named}${what}: no layer here does that. docs/formats.md lists the operators that are read.`,
    );
  }
  const inputs = operator.inputs.map((index) => {
    if (index === -1) return undefined;
    const item = items.get(index) ?? constants.get(index);
    if (item !== undefined) return item;
    throw formatError(
      `The TFLite graph's ${named} '${output.name}' takes '${tensorAt(file, index).name}', which nothing before it makes.`,
    );
  });
  const taken = operator.inputs.map((index) => file.tensors[index]);
  const made = read(new Operation(operator, named, taken, output, inputs, context));
  const results: readonly Item[] = Array.isArray(made) ? made : [made];
  for (const [i, index] of operator.outputs.entries()) {
    const item = results[i];
    if (item === undefined) throw formatError(`The TFLite graph's ${named} '${output.name}' makes more than it can.`);
    if (items.has(index)) throw formatError(`The TFLite graph makes '${tensorAt(file, index).name}' twice.`);
    items.set(index, item);
  }
}
