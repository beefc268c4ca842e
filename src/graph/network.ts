/** A layer made of layers: the graph that functional and sequential models share. How they are run is decided elsewhere. */
import { show, valueError } from "../core/errors.ts";
import { type Kind, NUMBER, TEXT, check, listOf } from "../core/kinds.ts";
import { checkOptions } from "../core/options.ts";
import { SHAPE, type Shape, formatShape, shapesCompatible, shapesEqual } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { type KerasTensor, Layer } from "../layers/layer.ts";
import type { Weight } from "../layers/weight.ts";
import type { Graph } from "./graph.ts";

/** A model of layers, be it functional or sequential. */
export const MODEL: Kind = ["a Model or a Sequential", (value) => value instanceof Network];

/** Keras's arguments of `get_layer`: one of the two. */
export interface LayerChoice {
  readonly name?: string | undefined;
  /** The index in `layers`; negative ones count from the end. */
  readonly index?: number | undefined;
}

function chosen(which: LayerChoice): string | number {
  checkOptions("getLayer()", which, { name: TEXT, index: NUMBER });
  const { name, index } = which;
  if (name !== undefined && index !== undefined) {
    throw valueError(`Provide only a layer name or a layer index. Received: index=${index}, name=${name}.`);
  }
  const given = index ?? name;
  if (given === undefined) throw valueError("Provide either a layer name or layer index at `getLayer`.");
  return given;
}

/** The base class of models, which are graphs of layers and can themselves be applied as layers. */
export abstract class Network extends Layer {
  /**
   * The graph of the layers.
   * @throws ValueError if the model does not know its input yet.
   */
  abstract get graph(): Graph;

  /** The layers of the model in Keras's order: a list of the caller's own, as in Keras. */
  get layers(): readonly Layer[] {
    return [...this.graph.layers];
  }

  /** The symbolic inputs of the model. */
  get inputs(): readonly KerasTensor[] {
    return [...this.graph.inputs];
  }

  /** The symbolic outputs of the model. */
  get outputs(): readonly KerasTensor[] {
    return [...this.graph.outputs];
  }

  /** The first symbolic input of the model; `inputs` has all of them. */
  override get input(): KerasTensor {
    return first(this.graph.inputs);
  }

  /** The first symbolic output of the model; `outputs` has all of them. */
  override get output(): KerasTensor {
    return first(this.graph.outputs);
  }

  /**
   * The layer with a name or at an index in `layers`; negative indices count from the end. `{ name }` and `{ index }` are Keras's arguments.
   * @throws ValueError if there is no such layer, or if the object has both of `name` and `index` or neither.
   */
  getLayer(which: string | number | LayerChoice): Layer {
    const nameOrIndex = typeof which === "object" ? chosen(which) : which;
    const layers = this.layers;
    if (typeof nameOrIndex === "number") {
      const layer = layers.at(nameOrIndex);
      if (layer === undefined) {
        throw valueError(
          `Was asked to retrieve layer at index ${nameOrIndex} but model only has ${layers.length} layers.`,
        );
      }
      return layer;
    }
    const layer = layers.find(({ name }) => name === nameOrIndex);
    if (layer === undefined) {
      const names = layers.map(({ name }) => `'${name}'`).join(", ");
      throw valueError(`No such layer: ${show(nameOrIndex)}. Existing layers are: [${names}].`);
    }
    return layer;
  }

  override get trainable(): boolean {
    return super.trainable;
  }

  /** Also sets `trainable` of all layers, as Keras does. */
  override set trainable(value: boolean) {
    super.trainable = value;
    for (const layer of this.layers) layer.trainable = value;
  }

  override get weights(): readonly Weight[] {
    return [...new Set(this.layers.flatMap((layer) => layer.weights))];
  }

  override get trainableWeights(): readonly Weight[] {
    return this.trainable ? [...new Set(this.layers.flatMap((layer) => layer.trainableWeights))] : [];
  }

  override get nonTrainableWeights(): readonly Weight[] {
    const trainable = new Set(this.trainableWeights);
    return this.weights.filter((weight) => !trainable.has(weight));
  }

  /**
   * The weight with this path, such as `Conv1/kernel`: the layer's name and the weight's. For a layer in a nested model, the name of that
   * model comes first.
   * @throws ValueError if there is no such weight.
   */
  override weight(path: string): Weight {
    check("weight()", "path", path, TEXT);
    const slash = path.indexOf("/");
    if (slash < 0) throw valueError(`A model's weight is named layer/weight, such as Conv1/kernel. Received: ${path}`);
    return this.getLayer(path.slice(0, slash)).weight(path.slice(slash + 1));
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    const [shape] = this.computeOutputShapes(inputShapes);
    if (shape === undefined) throw valueError(`Model '${this.name}' has no output.`);
    return shape;
  }

  override computeOutputShapes(inputShapes: readonly Shape[]): readonly Shape[] {
    check("computeOutputShapes()", "inputShapes", inputShapes, listOf("a list of shapes", SHAPE));
    const { inputs, outputs, nodes } = this.graph;
    if (inputShapes.length !== inputs.length) {
      throw valueError(
        `Layer "${this.name}" expects ${inputs.length} input(s), but it received ${inputShapes.length} input tensors.`,
      );
    }
    const shapes = new Map<KerasTensor, Shape>();
    for (const [i, input] of inputs.entries()) {
      const shape = inputShapes[i] ?? [];
      // A model may be applied to another batch size than it was declared with; every other axis must fit.
      if (!shapesCompatible(input.shape.with(0, null), shape)) {
        throw valueError(
          `Input ${i} with name '${input.node.layer.name}' of layer '${this.name}' is incompatible with the layer: ` +
            `expected shape=${formatShape(input.shape)}, found shape=${formatShape(shape)}`,
        );
      }
      shapes.set(input, shape);
    }
    if (inputs.every((input) => shapesEqual(input.shape, shapes.get(input) ?? []))) {
      return outputs.map((output) => output.shape);
    }
    const shapeOf = (tensor: KerasTensor): Shape => shapes.get(tensor) ?? tensor.shape;
    for (const node of nodes) {
      if (node.inputs.length === 0) continue;
      const nodeShapes = node.layer.computeOutputShapes(node.inputs.map(shapeOf));
      for (const [i, output] of node.outputs.entries()) shapes.set(output, nodeShapes[i] ?? output.shape);
    }
    return outputs.map(shapeOf);
  }

  override forward(_inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    throw valueError(`Model '${this.name}' is run as the program of its graph (evaluate), not as one layer.`);
  }
}

function first(tensors: readonly KerasTensor[]): KerasTensor {
  const [tensor] = tensors;
  if (tensor === undefined) throw valueError("A model has at least one input and one output.");
  return tensor;
}
