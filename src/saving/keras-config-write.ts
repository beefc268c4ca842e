/** Descriptions as Keras's configs: as Keras 3 writes them into `.keras`, or as Keras 2 did, which Keras 2, Keras 3 and TF.js read. */
import type { Shape } from "../core/shape.ts";
import type { LayerDescription, ModelDescription, TensorReference } from "./checkpoint.ts";
import { unsupportedError } from "./file-errors.ts";

/** What can be written as JSON. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
type JsonObject = { readonly [key: string]: JsonValue };

export interface Dialect {
  readonly version: 2 | 3;
  /** What the first application of a model within is called in `inbound_nodes`: Keras 2 and TF.js say 1, Keras 3 says 0. */
  readonly firstNodeOfModels: 0 | 1;
}

/** `{ class_name, config }` and, for Keras 3, who knows the class. @throws UnsupportedError for what JSON cannot hold. */
export function kerasModelConfig(model: ModelDescription, dialect: Dialect): JsonObject {
  return new Writer(dialect).model(model, model.name);
}

const MODULES: Readonly<Record<ModelDescription["className"], string>> = {
  Functional: "keras.src.models.functional",
  Sequential: "keras",
};

class Writer {
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  model(model: ModelDescription, name: string): JsonObject {
    const config = model.className === "Sequential" ? this.#sequential(model, name) : this.#functional(model, name);
    if (this.#dialect.version === 2) return { class_name: model.className, config };
    const registered = model.className === "Functional" ? "Functional" : null;
    return { module: MODULES[model.className], class_name: model.className, config, registered_name: registered };
  }

  #functional({ trainable, layers, inputs, outputs }: ModelDescription, name: string): JsonObject {
    const models = new Set(layers.filter(({ model }) => model !== undefined).map((layer) => layer.name));
    const within = this.#dialect.firstNodeOfModels;
    const entry = (tensor: TensorReference, first: 0 | 1): [string, number, number] => [
      tensor.layer,
      tensor.node + (models.has(tensor.layer) ? first : 0),
      tensor.output,
    ];
    // Every Keras counts from 1 here.
    const ends = (tensors: readonly TensorReference[]): JsonValue => {
      const entries = tensors.map((tensor) => entry(tensor, 1));
      const [only, ...more] = entries;
      return this.#dialect.version === 3 && only !== undefined && more.length === 0 ? only : entries;
    };
    return {
      name,
      trainable,
      layers: layers.map((layer) => ({
        ...this.#layer(layer),
        name: layer.name,
        inbound_nodes: layer.nodes.map((tensors) => this.#node(tensors.map((tensor) => entry(tensor, within)))),
      })),
      input_layers: ends(inputs),
      output_layers: ends(outputs),
    };
  }

  #node(entries: readonly (readonly [string, number, number])[]): JsonValue {
    if (this.#dialect.version === 2) return entries.map((entry) => [...entry, {}]);
    const tensors = entries.map((entry) => ({
      class_name: "__keras_tensor__",
      // Keras looks at the history alone.
      config: { shape: [], dtype: "float32", keras_history: entry },
    }));
    const [only, ...more] = tensors;
    return { args: [only !== undefined && more.length === 0 ? only : tensors], kwargs: {} };
  }

  #sequential({ trainable, layers, buildShape }: ModelDescription, name: string): JsonObject {
    const [first] = layers;
    const shape = first?.className === "InputLayer" ? shapeOf(first) : buildShape;
    return {
      name,
      ...(this.#dialect.version === 3 && { trainable }),
      layers: layers.map((layer) => this.#layer(layer)),
      ...(shape !== undefined && { build_input_shape: shape }),
    };
  }

  #layer(layer: LayerDescription): JsonObject {
    if (layer.model !== undefined) return this.model(layer.model, layer.name);
    const { className, name } = layer;
    const config = { name, ...this.#arguments(layer) };
    if (this.#dialect.version === 2) return { class_name: className, config };
    return { module: "keras.layers", class_name: className, config, registered_name: null };
  }

  #arguments({ className, name, config }: LayerDescription): JsonObject {
    if (className === "InputLayer") {
      const shape = this.#value(config.batchShape, "");
      return this.#dialect.version === 2
        ? { batch_input_shape: shape, dtype: "float32", sparse: false, ragged: false }
        : { batch_shape: shape, dtype: "float32", sparse: false, ragged: false, optional: false };
    }
    const entries = Object.entries(config).map(([key, value]) => [snakeCase(key), this.#value(value, key)] as const);
    return { ...Object.fromEntries(entries), name, dtype: "float32" };
  }

  #value(value: unknown, argument: string): JsonValue {
    if (value === null || value === undefined) return null;
    if (typeof value === "boolean" || typeof value === "string") return value;
    if (typeof value === "number") {
      if (Number.isFinite(value)) return value;
      throw unsupportedError(`A config cannot hold ${value}, which is the argument ${argument} of a layer.`);
    }
    if (isList(value)) return value.map((item) => this.#value(item, argument));
    if (typeof value === "object") return this.#object(value, argument);
    throw unsupportedError(`A config cannot hold the argument ${argument} of a layer: it is a ${typeof value}.`);
  }

  /** An initializer, a regularizer or a constraint; or a plain object. */
  #object(value: object, argument: string): JsonObject {
    const entries = Object.entries(value).map(([key, item]) => [snakeCase(key), this.#value(item, argument)] as const);
    const plain: JsonObject = Object.fromEntries(entries);
    const kind = /(Initializer|Regularizer|Constraint)$/.exec(argument)?.[1]?.toLowerCase();
    if (plain.class_name === undefined || kind === undefined || this.#dialect.version === 2) return plain;
    return { module: `keras.${kind}s`, ...plain, registered_name: null };
  }
}

function shapeOf({ config }: LayerDescription): Shape | undefined {
  const { batchShape } = config;
  if (!isList(batchShape)) return undefined;
  return batchShape.map((axis) => (typeof axis === "number" ? axis : null));
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** `useBias` → `use_bias`. */
function snakeCase(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
