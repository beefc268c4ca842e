/** A linear stack of layers (keras.Sequential). */
import { valueError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import { type Shape, formatShape, shapesEqual } from "../core/shape.ts";
import { Tensor } from "../core/tensor.ts";
import { type Graph, buildGraph } from "../graph/graph.ts";
import { Network } from "../graph/network.ts";
import { InputLayer, Input } from "../layers/core/input-layer.ts";
import { KerasTensor, Layer } from "../layers/layer.ts";
import type { BaseModelOptions } from "./base-model.ts";
import { TrainableModel } from "./trainable-model.ts";

export interface SequentialOptions extends BaseModelOptions {
  /** The first may be an `Input(...)`; else the model takes its shape from the first data. */
  readonly layers?: readonly (Layer | KerasTensor)[] | undefined;
}

export class Sequential extends TrainableModel {
  readonly className = "Sequential";
  #input: KerasTensor | undefined;
  #stack: Layer[] = [];
  #graph: Graph | undefined;

  constructor(options: SequentialOptions | readonly (Layer | KerasTensor)[] = {}) {
    const given: SequentialOptions = isList(options) ? { layers: options } : options;
    checkOptions("Sequential", given, { layers: true, name: true, trainable: true, threads: true });
    const { layers = [], ...rest } = given;
    super(rest);
    for (const layer of layers) this.#push(layer);
    this.#rebuild();
  }

  /** The layers that were added; the input is not one of them, as in Keras. */
  override get layers(): readonly Layer[] {
    return this.#stack;
  }

  /** @throws ValueError where the model does not know its input shape yet. */
  get graph(): Graph {
    if (this.#graph === undefined) {
      throw valueError(
        `Sequential model '${this.name}' has no defined input shape yet. Give it an Input({ shape }) first, call build([inputShape]), or predict.`,
      );
    }
    return this.#graph;
  }

  override get built(): boolean {
    return this.#graph !== undefined;
  }

  /** Puts a layer on top. @throws ValueError where its name is taken or shapes do not fit. */
  add(layer: Layer | KerasTensor): void {
    this.#push(layer);
    this.#rebuild();
  }

  /** Takes the last layer off and gives it back. */
  pop(): Layer | undefined {
    const layer = this.#stack.pop();
    this.#rebuild();
    return layer;
  }

  /** Makes the weights for an input of this shape (batch first). */
  override build(inputShapes: readonly Shape[]): void {
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
  }

  /** See `predictAll`. A model that was not built yet takes its input shape from this batch. */
  async predict(x: Tensor): Promise<Tensor<Float32Array>> {
    const [result] = await this.predictAll(x);
    if (result === undefined) throw valueError(`Model '${this.name}' has no output.`);
    return result;
  }

  override async predictAll(x: Tensor | readonly Tensor[]): Promise<Tensor<Float32Array>[]> {
    const first = x instanceof Tensor ? x : x[0];
    if (this.#graph === undefined && first !== undefined)
      this.build([first.shape.with(0, NaN).map((n) => (Number.isNaN(n) ? null : n))]);
    return super.predictAll(x);
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
    // A model at the bottom has an input shape of its own.
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
