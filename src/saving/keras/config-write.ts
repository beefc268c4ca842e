/** Writes descriptions as Keras's configs: as Keras 3 has them in `.keras`, or as Keras 2 did, which Keras 2, Keras 3 and TF.js read. */
import type { Shape } from "../../core/shape.ts";
import { isPassingClass } from "../../layers/regularization/passing-classes.ts";
import type { LayerDescription, ModelDescription, TensorReference } from "../checkpoint.ts";
import { unsupportedError } from "../file-errors.ts";

/** A value that can be written as JSON. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

/** A way to write configs: Keras 3's own; that of Keras 2, which Keras 3 reads if `keras2Suffices`; or TF.js's, which is much like it. */
export type Dialect = "keras 2" | "keras 3" | "tf.js";

/** False if a model is a layer of a functional one: Keras 2 and 3 count its applications from different numbers. */
export function keras2Suffices({ className, layers }: ModelDescription): boolean {
  return layers.every(({ model }) => model === undefined || (className === "Sequential" && keras2Suffices(model)));
}

/** `{ class_name, config }` and, for Keras 3, the module of the class. @throws UnsupportedError for what JSON cannot hold. */
export function kerasModelConfig(model: ModelDescription, dialect: Dialect): JsonObject {
  return new Writer(dialect).model(model, model.name);
}

/** The name of a layer, the number of its application, and the number of the output. */
type Entry = readonly [string, number, number];

const MODULES: Readonly<Record<ModelDescription["className"], string>> = {
  Functional: "keras.src.models.functional",
  Sequential: "keras",
};

/** The layers without effect in inference that TF.js has. In place of others there is one that has none. */
const PASSING_IN_TFJS: ReadonlySet<string> = new Set([
  "AlphaDropout",
  "GaussianDropout",
  "GaussianNoise",
  "SpatialDropout1D",
]);

class Writer {
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  model(model: ModelDescription, name: string): JsonObject {
    const config = model.className === "Sequential" ? this.#sequential(model, name) : this.#functional(model, name);
    // TF.js 1, which Teachable Machine has, knows functional models by Keras 2's first name alone; later ones by both.
    if (this.#dialect === "tf.js" && model.className === "Functional") return { class_name: "Model", config };
    if (this.#dialect !== "keras 3") return { class_name: model.className, config };
    const registered = model.className === "Functional" ? "Functional" : null;
    return { module: MODULES[model.className], class_name: model.className, config, registered_name: registered };
  }

  #functional({ trainable, layers, inputs, outputs }: ModelDescription, name: string): JsonObject {
    const models = new Map(layers.map((layer) => [layer.name, layer.model?.className]));
    const isOld = this.#dialect !== "keras 3";
    // Models were born with a node of their own; in Keras 3 functional ones alone, and only the list of outputs counts it.
    const within = ({ layer, node, output }: TensorReference): Entry => [
      layer,
      node + (isOld && models.get(layer) !== undefined ? 1 : 0),
      output,
    ];
    const end = ({ layer, node, output }: TensorReference): Entry => [
      layer,
      node + (models.get(layer) === "Functional" || (isOld && models.get(layer) !== undefined) ? 1 : 0),
      output,
    ];
    return {
      name,
      trainable,
      layers: layers.map((layer) => ({
        ...this.#layer(layer),
        name: layer.name,
        inbound_nodes: layer.nodes.map((tensors, i) =>
          this.#node(tensors.map(within), layer.training?.[i] ?? undefined),
        ),
      })),
      input_layers: this.#ends(inputs.map(end)),
      output_layers: this.#ends(outputs.map(end)),
    };
  }

  #ends(entries: readonly Entry[]): JsonValue {
    return this.#dialect === "tf.js" ? entries : oneOrAll(entries);
  }

  #node(entries: readonly Entry[], training: boolean | undefined): JsonValue {
    const kwargs = training === undefined ? {} : { training };
    if (this.#dialect !== "keras 3") return entries.map((entry) => [...entry, kwargs]);
    const tensors = entries.map((entry) => ({
      class_name: "__keras_tensor__",
      // Keras looks at nothing but the history.
      config: { shape: [], dtype: "float32", keras_history: entry },
    }));
    return { args: [oneOrAll(tensors)], kwargs };
  }

  #sequential({ trainable, layers, buildShape }: ModelDescription, name: string): JsonObject {
    const [first] = layers;
    const shape = first?.className === "InputLayer" ? shapeOf(first) : buildShape;
    return {
      name,
      ...(this.#dialect === "keras 3" && { trainable }),
      layers: layers.map((layer) => this.#layer(layer)),
      ...(shape !== undefined && { build_input_shape: shape }),
    };
  }

  #layer(layer: LayerDescription): JsonObject {
    if (layer.model !== undefined) return this.model(layer.model, layer.name);
    if (this.#dialect === "tf.js" && isPassingClass(layer.className) && !PASSING_IN_TFJS.has(layer.className)) {
      return this.#layer({ ...layer, className: "Activation", config: { activation: "linear" } });
    }
    const { className, name } = layer;
    const config = { name, ...this.#arguments(layer) };
    if (this.#dialect !== "keras 3") return { class_name: className, config };
    return { module: "keras.layers", class_name: className, config, registered_name: null };
  }

  #arguments({ className, name, config }: LayerDescription): JsonObject {
    if (className === "InputLayer") {
      const shape = this.#value(config.batchShape, "");
      return this.#dialect !== "keras 3"
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
    const entries = Object.entries(value)
      // Keras 2 refuses arguments that are newer than itself, even if they say nothing.
      .filter(([, item]) => item !== null || this.#dialect === "keras 3")
      .map(([key, item]) => [snakeCase(key), this.#value(item, argument)] as const);
    const plain: JsonObject = Object.fromEntries(entries);
    const kind = /(Initializer|Regularizer|Constraint)$/.exec(argument)?.[1]?.toLowerCase();
    if (plain.class_name === undefined || kind === undefined || this.#dialect !== "keras 3") return plain;
    return { module: `keras.${kind}s`, ...plain, registered_name: null };
  }
}

function shapeOf({ config }: LayerDescription): Shape | undefined {
  const { batchShape } = config;
  if (!isList(batchShape)) return undefined;
  return batchShape.map((axis) => (typeof axis === "number" ? axis : null));
}

/** One item as it is, several as a list: so Keras writes tensors. */
function oneOrAll(items: readonly JsonValue[]): JsonValue {
  const [only, ...more] = items;
  return only !== undefined && more.length === 0 ? only : items;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** `useBias` → `use_bias`. */
export function snakeCase(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
