/** A linear stack of layers (keras.Sequential). */
import { valueError } from "../core/errors.ts";
import { check, listOf } from "../core/kinds.ts";
import { checkOptions } from "../core/options.ts";
import { SHAPE, type Shape, formatShape, shapesEqual } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { type Graph, buildGraph } from "../graph/graph.ts";
import { Network } from "../graph/network.ts";
import { InputLayer, Input } from "../layers/core/input-layer.ts";
import { KerasTensor, Layer } from "../layers/layer.ts";
import type { BaseModelOptions, PredictOptions } from "./base-model.ts";
import { TrainableModel } from "./trainable-model.ts";

/** The options of `Sequential`. */
export interface SequentialOptions extends BaseModelOptions {
  /** The layers, of which the first may be an `Input(...)`. Without it, the model takes its input shape from the first data. Default: none. */
  readonly layers?: readonly (Layer | KerasTensor)[] | undefined;
}

/** A model that is a linear stack of layers, each with one input and one output. */
export class Sequential extends TrainableModel {
  readonly className = "Sequential";
  #input: KerasTensor | undefined;
  #stack: Layer[] = [];
  #graph: Graph | undefined;
  #whenBuilt: (() => void)[] = [];

  /** Takes options or just a list of layers. @throws ValueError if two layers have the same name, or shapes do not fit. */
  constructor(options: SequentialOptions | readonly (Layer | KerasTensor)[] = {}) {
    const given: SequentialOptions = isList(options) ? { layers: options } : options;
    checkOptions("Sequential", given, { layers: true, name: true, trainable: true, threads: true });
    const { layers = [], ...rest } = given;
    super(rest);
    for (const layer of layers) this.#push(layer);
    this.#rebuild();
  }

  /** The layers of the stack; the input is not one of them, as in Keras. */
  override get layers(): readonly Layer[] {
    return [...this.#stack];
  }

  /** The graph of the model. @throws ValueError if the model has no input shape yet. */
  get graph(): Graph {
    if (this.#graph === undefined) {
      throw valueError(
        `Sequential model '${this.name}' has no defined input shape yet. Give it an Input({ shape }) first, call build([inputShape]), or predict.`,
      );
    }
    return this.#graph;
  }

  /** Whether the model has an input shape, and so weights. */
  override get built(): boolean {
    return this.#graph !== undefined;
  }

  /** Adds a layer on top of the stack. @throws ValueError if another layer has its name, or shapes do not fit. */
  add(layer: Layer | KerasTensor): void {
    this.#push(layer);
    this.#rebuild();
  }

  /** Removes the last layer and returns it; undefined if there is none. */
  pop(): Layer | undefined {
    const layer = this.#stack.pop();
    this.#rebuild();
    return layer;
  }

  /**
   * Builds the model for an input shape, given as a list of that one shape with the batch axis first: `build([[null, 224, 224, 3]])`.
   * @throws ValueError if the model has no layers, or already another input shape
   */
  override build(inputShapes: readonly Shape[]): void {
    check("build()", "inputShapes", inputShapes, listOf("a list of one shape, as in [[null, 224, 224, 3]]", SHAPE));
    const [shape] = inputShapes;
    if (shape === undefined) return;
    if (this.#stack.length === 0) {
      throw valueError(
        `Sequential model ${this.name} cannot be built because it has no layers. Call \`model.add(layer)\`.`,
      );
    }
    if (this.#input !== undefined) {
      if (!shapesEqual(this.#input.shape.with(0, null), shape.with(0, null)) && this.#graph === undefined) {
        throw valueError(
          `Sequential model '${this.name}' has already been configured to use input shape ${formatShape(this.#input.shape)}. ` +
            `You cannot build it with input_shape ${formatShape(shape)}`,
        );
      }
      return;
    }
    this.#input = Input({ batchShape: shape });
    this.#rebuild();
    try {
      for (const action of this.#whenBuilt) action();
    } catch (error) {
      // Else it would answer with random weights.
      this.#input = undefined;
      this.#graph = undefined;
      throw error;
    }
    this.#whenBuilt = [];
  }

  /** Does something as soon as the model has an input shape, and so weights: right now if it has one. */
  whenBuilt(action: () => void): void {
    if (this.built) action();
    else this.#whenBuilt.push(action);
  }

  /**
   * Predicts the output for a batch of inputs, in inference mode. A model without an input shape is built for that of the batch.
   *
   * @param x a tensor of the input's shape with the batch axis first, or a single sample without that axis if the model is built
   * @returns a tensor, float32, with the batch axis first
   * @throws ValueError if shapes do not fit; StateError after `dispose()`
   */
  async predict(x: Tensor, options?: PredictOptions): Promise<Tensor<Float32Array>> {
    const [result] = await this.predictAll(x, options);
    if (result === undefined) throw valueError(`Model '${this.name}' has no output.`);
    return result;
  }

  override async predictAll(x: Tensor | readonly Tensor[], options?: PredictOptions): Promise<Tensor<Float32Array>[]> {
    const first: unknown = Array.isArray(x) ? x[0] : x;
    if (this.#graph === undefined && first instanceof Tensor)
      this.build([first.shape.with(0, NaN).map((n) => (Number.isNaN(n) ? null : n))]);
    return super.predictAll(x, options);
  }

  override computeOutputShapes(inputShapes: readonly Shape[]): readonly Shape[] {
    if (this.#graph !== undefined) return super.computeOutputShapes(inputShapes);
    let shapes = inputShapes;
    for (const layer of this.#stack) shapes = layer.computeOutputShapes(shapes);
    return shapes;
  }

  #push(added: Layer | KerasTensor): void {
    const layer = added instanceof KerasTensor ? added.node.layer : added;
    if (!(layer instanceof Layer)) {
      throw valueError(
        `Only instances of Layer can be added to a Sequential model. Received: a value of type ${typeof added}`,
      );
    }
    if (layer instanceof InputLayer) {
      if (this.#input !== undefined) {
        throw valueError(
          `Sequential model '${this.name}' has already been configured to use input shape ${formatShape(this.#input.shape)}. ` +
            "You cannot add a different Input layer to it.",
        );
      }
      if (this.#stack.length > 0) throw valueError("An Input can only be the first thing in a Sequential model.");
      this.#input = layer.output;
      return;
    }
    if (this.#stack.some(({ name }) => name === layer.name)) {
      throw valueError(
        `All layers added to a Sequential model should have unique names. Name '${layer.name}' is already the name of a layer in this model. ` +
          "Update the `name` argument to pass a unique name.",
      );
    }
    this.#stack.push(layer);
  }

  #rebuild(): void {
    this.releaseExecutor();
    this.#graph = undefined;
    const [bottom] = this.#stack;
    if (bottom === undefined) return;
    // If the first layer is a model, its input shape is that of the stack.
    if (this.#input === undefined && bottom instanceof Network && bottom.built) {
      this.#input = Input({ batchShape: bottom.input.shape });
    }
    if (this.#input === undefined) return;
    let x = this.#input;
    for (const layer of this.#stack) x = layer.apply(x);
    this.#graph = buildGraph([this.#input], [x]);
  }
}

function isList(
  options: SequentialOptions | readonly (Layer | KerasTensor)[],
): options is readonly (Layer | KerasTensor)[] {
  return Array.isArray(options);
}
