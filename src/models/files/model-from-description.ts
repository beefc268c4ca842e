/** Models made from their description in a file and the tensors of their weights (keras.saving.deserialize_keras_object). */
import { MobileNetV2Error } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import { Network } from "../../graph/network.ts";
import type { KerasTensor, Layer, Node } from "../../layers/layer.ts";
import { layerFromConfig } from "../../layers/registry.ts";
import { Input } from "../../layers/core/input-layer.ts";
import { type AssignOptions, type Assignment, assignAll, fits } from "../../saving/assignment.ts";
import type { LayerDescription, ModelDescription, TensorReference } from "../../saving/checkpoint.ts";
import { formatError } from "../../saving/file-errors.ts";
import type { StoredTensor } from "../../saving/stored-tensor.ts";
import { Model } from "../model.ts";
import { Sequential } from "../sequential.ts";
import type { ThreadOptions } from "../threads.ts";

/** A model of either class, functional (with one output or several) or sequential. */
export type AnyModel = Model<KerasTensor | readonly KerasTensor[]> | Sequential;

const MAX_LAYERS = 10_000;
/** The largest number of applications of layers; those in a nested model count as often as the model is applied. */
const MAX_STEPS = 50_000;

/**
 * Builds a model and assigns its weights. A Sequential without an input shape gets them when it is built.
 *
 * @param weights a tensor for every weight, by `layer/weight`, and no others
 * @throws FormatError if the graph is invalid (cycles, unknown names), or tensors are missing, superfluous or of other shapes;
 *   UnsupportedError for unknown classes and arguments; ValueError for invalid arguments; LimitError for too many layers
 */
export function modelFromDescription(
  description: ModelDescription,
  weights: ReadonlyMap<string, StoredTensor>,
  options: AssignOptions & ThreadOptions = {},
): AnyModel {
  const { model, leaves } = architectureOf(description, options);
  const assign = (): void => assignAll(assignments(leaves, weights), options);
  if (model instanceof Model || model.built) assign();
  else if (weights.size > 0) model.whenBuilt(assign);
  return model;
}

/** A model without values. */
export interface Architecture {
  readonly model: AnyModel;
  /** All layers that are not models by their paths: their names, after those of the models they are nested in. */
  readonly leaves: ReadonlyMap<string, Layer>;
}

/** The same without values; random ones are drawn when a weight is first read. */
export function architectureOf(description: ModelDescription, options: ThreadOptions = {}): Architecture {
  checkSize(description);
  const builder = new Builder(options);
  return { model: builder.model(description, description.name, ""), leaves: builder.leaves };
}

/** Checks the number of layers and of their applications, which nested models multiply, before anything is made. @throws LimitError */
function checkSize(description: ModelDescription): void {
  let layers = 0;
  const steps = (model: ModelDescription): number => {
    layers += model.layers.length;
    if (layers > MAX_LAYERS) {
      throw new MobileNetV2Error("LimitError", `The model has more than ${MAX_LAYERS} layers.`);
    }
    let sum = 0;
    for (const layer of model.layers) {
      sum += layer.model === undefined ? layer.nodes.length : Math.max(1, layer.nodes.length) * steps(layer.model);
    }
    if (sum > MAX_STEPS) {
      throw new MobileNetV2Error("LimitError", `The model applies its layers more than ${MAX_STEPS} times.`);
    }
    return sum;
  };
  steps(description);
}

class Builder {
  /** All layers that are not models by their paths: their names, after those of the models they are nested in. */
  readonly leaves = new Map<string, Layer>();
  readonly #threads: ThreadOptions["threads"];

  constructor({ threads }: ThreadOptions) {
    this.#threads = threads;
  }

  model(description: ModelDescription, name: string, prefix: string): AnyModel {
    const model =
      description.className === "Sequential"
        ? this.#sequential(description, name, prefix)
        : this.#functional(description, name, prefix);
    // It is not set to true, since setting it changes all layers of the model.
    if (!description.trainable) model.trainable = false;
    return model;
  }

  #sequential({ layers, buildShape }: ModelDescription, name: string, prefix: string): Sequential {
    const made = layers.map((layer) => this.#layer(layer, prefix));
    const [first] = layers;
    const input = buildShape === undefined || first?.model !== undefined ? [] : [Input({ batchShape: buildShape })];
    return new Sequential({ name, threads: this.#threads, layers: [...input, ...made] });
  }

  #functional({ layers, inputs, outputs }: ModelDescription, name: string, prefix: string): AnyModel {
    const applied = new Applications(layers, (layer) => this.#layer(layer, prefix));
    const starts = inputs.map((tensor) => applied.tensor(tensor));
    const ends = outputs.map((tensor) => applied.tensor(tensor));
    const [only, ...more] = ends;
    return only === undefined || more.length > 0
      ? new Model({ inputs: starts, outputs: ends, name, threads: this.#threads })
      : new Model({ inputs: starts, outputs: only, name, threads: this.#threads });
  }

  #layer(described: LayerDescription, prefix: string): Layer {
    const { model, name, className, config } = described;
    if (model !== undefined) return this.model(model, name, `${prefix}${name}/`);
    const layer = named(name, () => layerFromConfig(className, { ...config, name }));
    this.leaves.set(prefix + name, layer);
    return layer;
  }
}

/** Errors say of which layer of the file they are. */
function named(name: string, make: () => Layer): Layer {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof MobileNetV2Error) || error.message.includes(`'${name}'`)) throw error;
    throw new MobileNetV2Error(error.code, `Layer '${name}': ${error.message}`, { cause: error });
  }
}

/** An application of a layer that waits for its input tensors. */
interface Waiting {
  readonly described: LayerDescription;
  readonly index: number;
  /** The number of applications that must come first. */
  missing: number;
}

/** The layers of a description, applied to one another, each as soon as its inputs exist. */
class Applications {
  readonly #layers = new Map<string, Layer>();
  readonly #nodes = new Map<string, Node>();

  /** @throws FormatError if an input tensor does not exist, or the graph has a cycle. */
  constructor(described: readonly LayerDescription[], make: (layer: LayerDescription) => Layer) {
    for (const layer of described) {
      if (this.#layers.has(layer.name)) {
        throw formatError(
          `The name "${layer.name}" is used more than once in the model. All operation names should be unique.`,
        );
      }
      this.#layers.set(layer.name, make(layer));
    }
    const waiting = described.flatMap((layer) =>
      layer.className === "InputLayer"
        ? []
        : layer.nodes.map((tensors, index): Waiting => ({
            described: layer,
            index,
            missing: tensors.length + (index > 0 ? 1 : 0),
          })),
    );
    const followers = this.#followers(waiting);
    const ready: string[] = [];
    for (const layer of described) {
      if (layer.className !== "InputLayer") continue;
      const [node] = this.#layers.get(layer.name)?.inboundNodes ?? [];
      if (node === undefined || layer.nodes.length > 0) {
        throw formatError(`InputLayer '${layer.name}' takes no tensors, but the file applies it to some.`);
      }
      this.#nodes.set(keyOf(layer.name, 0), node);
      ready.push(keyOf(layer.name, 0));
    }
    let left = waiting.length;
    for (let key = ready.pop(); key !== undefined; key = ready.pop()) {
      for (const next of followers.get(key) ?? []) {
        if (--next.missing > 0) continue;
        this.#apply(next);
        left--;
        ready.push(keyOf(next.described.name, next.index));
      }
    }
    if (left > 0) {
      const stuck = waiting.find(({ missing }) => missing > 0) ?? waiting[0];
      throw formatError(
        "Invalid Functional model configuration. The graph of the Functional model either has loops or disconnected nodes: " +
          `layer '${stuck?.described.name ?? ""}' waits for what never comes.`,
      );
    }
  }

  /** The tensor of a reference. @throws FormatError if there is no such tensor. */
  tensor({ layer, node, output }: TensorReference): KerasTensor {
    const tensor = this.#nodes.get(keyOf(layer, node))?.outputs[output];
    if (tensor === undefined) {
      throw formatError(`The model has no tensor (${layer}, ${node}, ${output}): no layer gives it.`);
    }
    return tensor;
  }

  /** For each application, the ones that wait for it. */
  #followers(waiting: readonly Waiting[]): ReadonlyMap<string, readonly Waiting[]> {
    const followers = new Map<string, Waiting[]>();
    const follow = (key: string, one: Waiting): void => {
      const list = followers.get(key);
      if (list === undefined) followers.set(key, [one]);
      else list.push(one);
    };
    for (const one of waiting) {
      const tensors = one.described.nodes[one.index] ?? [];
      if (tensors.length === 0) {
        throw formatError(`Layer '${one.described.name}' is applied to no tensor. Only an InputLayer is.`);
      }
      for (const { layer, node } of tensors) {
        if (!this.#layers.has(layer)) {
          throw formatError(`Invalid Functional model configuration. Missing node: ${layer}`);
        }
        follow(keyOf(layer, node), one);
      }
      if (one.index > 0) follow(keyOf(one.described.name, one.index - 1), one);
    }
    return followers;
  }

  #apply({ described, index }: Waiting): void {
    const tensors = (described.nodes[index] ?? []).map((tensor) => this.tensor(tensor));
    const node = this.#layers.get(described.name)?.connect(tensors, {
      training: described.training?.[index] ?? undefined,
    });
    if (node !== undefined) this.#nodes.set(keyOf(described.name, index), node);
  }
}

function keyOf(layer: string, node: number): string {
  return `${node}/${layer}`;
}

/** The pairs of a weight and its tensor. @throws FormatError if a tensor is missing, superfluous or of another shape. */
function assignments(
  leaves: ReadonlyMap<string, Layer>,
  tensors: ReadonlyMap<string, StoredTensor>,
): readonly Assignment[] {
  const found: Assignment[] = [];
  for (const [path, layer] of leaves) {
    if (layer instanceof Network) continue;
    for (const weight of layer.weights) {
      const name = `${path}/${weight.name}`;
      const tensor = tensors.get(name);
      if (tensor === undefined) {
        throw formatError(`The file has no tensor for weight '${name}' of shape ${formatShape(weight.shape)}.`);
      }
      if (!fits({ weight, tensor })) {
        throw formatError(
          `Shape mismatch in layer '${path}' for weight ${name}. Weight expects shape ${formatShape(weight.shape)}. ` +
            `Received saved weight with shape ${formatShape(tensor.shape)}`,
        );
      }
      found.push({ weight, tensor });
    }
  }
  if (found.length < tensors.size) {
    const known = new Set(found.map(({ tensor }) => tensor));
    const extra = [...tensors].find(([, tensor]) => !known.has(tensor));
    throw formatError(`The file has a tensor for '${extra?.[0] ?? ""}', but the model has no such weight.`);
  }
  return found;
}
