/**
 * Keras's configs of models as descriptions: what Keras 3 writes (keras.src.models.functional, keras.src.saving.serialization_lib),
 * what Keras 2 wrote, and TF.js, which writes as Keras 2 did. Configs are read, never evaluated: what names code is refused.
 */
import { MobileNetV2Error, show, valueError } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import type { LayerConfig } from "../../layers/layer.ts";
import type { LayerDescription, ModelDescription, TensorReference } from "../checkpoint.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { type Json, arrayOf, member, stringOf } from "../bytes/json.ts";
import { argumentsOf, refuseForeign } from "./arguments.ts";
import { type Call, callsOf } from "./calls.ts";
import { refuseUnknownClass, withCalls } from "./operations.ts";

/** The most layers that a file may describe: more than any real network has. */
const MAX_LAYERS = 10_000;
const MAX_DEPTH = 16;

/**
 * The model that a config describes, with its models within.
 * @param holder `{ class_name, config }`, as `model.to_json()` writes it
 * @throws FormatError for a broken config, UnsupportedError for classes and arguments that are not read, LimitError
 */
export function readKerasModel(holder: Json | undefined): ModelDescription {
  return new Reader().model(holder, "model", 0);
}

/** True for the classes that are models. */
export function isModelClass(className: string): boolean {
  return className === "Functional" || className === "Model" || className === "Sequential";
}

class Reader {
  #layers = 0;

  model(holder: Json | undefined, fallbackName: string, depth: number): ModelDescription {
    if (depth > MAX_DEPTH) {
      throw new MobileNetV2Error("LimitError", `The model has models within, more than ${MAX_DEPTH} levels deep.`);
    }
    const className = stringOf(member(holder, "class_name"), "The `class_name` of the model");
    if (!isModelClass(className)) {
      throw unsupportedError(
        `The file holds a '${show(className)}'. Read are models of the classes Functional and Sequential; ` +
          "save a model of a class of your own as one: keras.Model(inputs, outputs).",
      );
    }
    refuseForeign(holder, `Model '${fallbackName}'`);
    const config = member(holder, "config");
    return className === "Sequential"
      ? this.#sequential(holder, fallbackName, depth)
      : this.#functional(config, fallbackName, depth);
  }

  #functional(config: Json | undefined, fallbackName: string, depth: number): ModelDescription {
    const name = nameOf(member(config, "name") ?? fallbackName);
    const items = arrayOf(member(config, "layers"), `The \`layers\` of model '${name}'`);
    const names = namesOf(items);
    const layers = items.map((item, i) => this.#layer(item, names[i], depth));
    const calls = layers.map(({ layer }, i) => callsOf(member(items[i], "inbound_nodes"), layer.name));
    refuseDoubles(layers.map(({ layer }) => layer.name));
    const ends = {
      inputs: referencesOf(member(config, "input_layers"), `The \`input_layers\` of model '${name}'`),
      outputs: referencesOf(member(config, "output_layers"), `The \`output_layers\` of model '${name}'`),
    };
    const counted = countedFromZero(layers, calls, ends);
    const given = new Map<string, Shape | undefined>(
      layers.flatMap(({ layer, item }): [string, Shape | undefined][] =>
        layer.className === "InputLayer" ? [[layer.name, firstShape(item)]] : [],
      ),
    );
    return {
      className: "Functional",
      name,
      trainable: member(config, "trainable") !== false,
      layers: layers.map(({ layer, item }, i) =>
        withCalls(
          layer,
          item,
          (counted.calls[i] ?? []).map((call) => ({
            ...call,
            shape: call.shape ?? given.get(call.tensors[0]?.layer ?? ""),
          })),
        ),
      ),
      inputs: counted.inputs,
      outputs: counted.outputs,
    };
  }

  #sequential(holder: Json | undefined, fallbackName: string, depth: number): ModelDescription {
    const config = member(holder, "config");
    // Before Keras 2.3, and in TF.js 1, the config was the list itself.
    const list = Array.isArray(config) ? config : member(config, "layers");
    const name = nameOf(member(config, "name") ?? fallbackName);
    const items = arrayOf(list, `The \`layers\` of model '${name}'`);
    const names = namesOf(items);
    const read = items.map((item, i) => this.#layer(item, names[i], depth).layer);
    refuseDoubles(read.map((layer) => layer.name));
    for (const layer of read) refuseUnknownClass(layer);
    const [first] = read;
    const hasInput = first?.className === "InputLayer";
    const layers = read.map((layer, i) => {
      const before = read[i - 1];
      return { ...layer, nodes: before === undefined ? [] : [[reference(before.name)]] };
    });
    const last = layers.at(-1);
    return {
      className: "Sequential",
      name,
      trainable: member(config, "trainable") !== false,
      layers,
      inputs: hasInput ? [reference(first.name)] : [],
      outputs: last === undefined ? [] : [reference(last.name)],
      buildShape: hasInput ? undefined : (firstShape(items[0]) ?? builtShape(holder)),
    };
  }

  #layer(
    item: Json,
    given: Json | undefined,
    depth: number,
  ): { readonly layer: LayerDescription; readonly item: Json } {
    if (++this.#layers > MAX_LAYERS) {
      throw new MobileNetV2Error("LimitError", `The model has more than ${MAX_LAYERS} layers.`);
    }
    const className = stringOf(member(item, "class_name"), "The `class_name` of a layer");
    const config = member(item, "config");
    const name = nameOf(given);
    if (isModelClass(className)) {
      const model = this.model(item, name, depth + 1);
      return { layer: { className: model.className, name, config: {}, model, nodes: [] }, item };
    }
    if (className === "Lambda") {
      throw unsupportedError(
        `Layer '${name}' is a Lambda: Python code in the file, which is never run here. ` +
          "Replace it by layers, or cut it off, and save the model again.",
      );
    }
    const what = `Layer '${name}' of class ${show(className)}`;
    refuseForeign(item, what);
    const args: LayerConfig = { ...argumentsOf(className, config, what), name };
    return { layer: { ...inInference(className, args), name, nodes: [] }, item };
  }
}

/** Keras 2's RandomCrop, which has no `data_format`, resizes pictures in inference; Keras 3's hands them on. */
function inInference(className: string, config: LayerConfig): Pick<LayerDescription, "className" | "config"> {
  if (className !== "RandomCrop" || Object.hasOwn(config, "dataFormat")) return { className, config };
  const { name, height, width } = config;
  return { className: "Resizing", config: { name, height, width, cropToAspectRatio: true } };
}

/** The names of layers; models whose config is a bare list have none and are numbered, as Keras numbers layers without a name. */
function namesOf(items: readonly Json[]): readonly (Json | undefined)[] {
  const given = items.map((item) => member(item, "name") ?? member(member(item, "config"), "name"));
  const taken = new Set(given);
  return given.map((name, i) => {
    const className = member(items[i], "class_name");
    if (name !== undefined || typeof className !== "string" || !isModelClass(className)) return name;
    const stem = className.toLowerCase();
    let own = stem;
    for (let number = 1; taken.has(own); number++) own = `${stem}_${number}`;
    taken.add(own);
    return own;
  });
}

function nameOf(value: Json | undefined): string {
  const name = stringOf(value, "The name of a layer");
  if (name === "" || name.length > 1000 || name.includes("/")) {
    throw valueError(
      `Argument \`name\` must be a string and cannot contain character \`/\`. Received: name=${show(name)}`,
    );
  }
  return name;
}

function refuseDoubles(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) {
      const times = names.filter((other) => other === name).length;
      throw formatError(
        `The name "${show(name)}" is used ${times} times in the model. All operation names should be unique.`,
      );
    }
    seen.add(name);
  }
}

function reference(layer: string): TensorReference {
  return { layer, node: 0, output: 0 };
}

/** The tensors in `["a", 0, 0]`, in a list of such, or in an object that names them. */
function referencesOf(value: Json | undefined, what: string): readonly TensorReference[] {
  const found: TensorReference[] = [];
  const visit = (one: Json | undefined, depth: number): void => {
    const items = one instanceof Map ? [...one.values()] : arrayOf(one, what);
    if (typeof items[0] === "string") {
      const [layer, node, output] = items;
      found.push({ layer: nameOf(layer), node: indexOf(node, what), output: indexOf(output, what) });
    } else if (depth < MAX_DEPTH) {
      for (const item of items) visit(item, depth + 1);
    }
  };
  visit(value, 0);
  if (found.length === 0) throw formatError(`${what} should name at least one tensor.`);
  return found;
}

function indexOf(value: Json | undefined, what: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw formatError(`${what} should have whole numbers of 0 or more as indexes.`);
}

interface Counted {
  readonly calls: readonly (readonly Call[])[];
  readonly inputs: readonly TensorReference[];
  readonly outputs: readonly TensorReference[];
}

/**
 * A model within was born with a node of its own. Keras 2 counts that node wherever it names the model's applications, Keras 3 only
 * in the list of outputs, and there only for functional models. Here every count starts at 0.
 */
function countedFromZero(
  layers: readonly { readonly layer: LayerDescription }[],
  calls: readonly (readonly Call[])[],
  ends: { readonly inputs: readonly TensorReference[]; readonly outputs: readonly TensorReference[] },
): Counted {
  const models = new Map(layers.map(({ layer }) => [layer.name, layer.model?.className]));
  const isOld = calls.flat().some(({ style }) => style === "keras 2");
  const counted = (tensor: TensorReference, ownNode: boolean): TensorReference =>
    ownNode ? { ...tensor, node: Math.max(0, tensor.node - 1) } : tensor;
  const within = (tensor: TensorReference): TensorReference =>
    counted(tensor, isOld && models.get(tensor.layer) !== undefined);
  const end = (tensor: TensorReference): TensorReference =>
    counted(tensor, models.get(tensor.layer) === "Functional" || (isOld && models.get(tensor.layer) !== undefined));
  return {
    calls: calls.map((list) => list.map((call) => ({ ...call, tensors: call.tensors.map(within) }))),
    inputs: ends.inputs.map(end),
    outputs: ends.outputs.map(end),
  };
}

/** The shape that the first layer of a Sequential carries if there is no InputLayer. */
function firstShape(item: Json | undefined): Shape | undefined {
  const config = member(item, "config");
  return shapeOf(member(config, "batch_input_shape") ?? member(config, "batch_shape"));
}

/** The shape of the data that a Sequential without an InputLayer was called with, as Keras 3 and Keras 2 write it. */
function builtShape(holder: Json | undefined): Shape | undefined {
  return shapeOf(
    member(member(holder, "config"), "build_input_shape") ?? member(member(holder, "build_config"), "input_shape"),
  );
}

function shapeOf(value: Json | undefined): Shape | undefined {
  if (value === undefined || value === null) return undefined;
  return arrayOf(value, "An input shape").map((axis) => {
    if (axis === null || (typeof axis === "number" && Number.isSafeInteger(axis) && axis >= 0)) return axis;
    throw formatError("An input shape should have whole numbers of 0 or more, or null, as its axes.");
  });
}
