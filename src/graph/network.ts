/** A layer made of layers: what functional and sequential models share as graphs; running them is not its concern. */
import { valueError } from "../core/errors.ts";
import { type Shape, formatShape, shapesCompatible, shapesEqual } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { type KerasTensor, Layer } from "../layers/layer.ts";
import type { Weight } from "../layers/weight.ts";
import type { Graph } from "./graph.ts";

export abstract class Network extends Layer {
  /** The graph of the layers. @throws ValueError where the model has no known input yet. */
  abstract get graph(): Graph;

  /** The layers in Keras's order. */
  get layers(): readonly Layer[] {
    return this.graph.layers;
  }

  get inputs(): readonly KerasTensor[] {
    return this.graph.inputs;
  }

  get outputs(): readonly KerasTensor[] {
    return this.graph.outputs;
  }

  /** The model's own first input; see `inputs` where it has several. */
  override get input(): KerasTensor {
    return first(this.inputs);
  }

  /** The model's own first output; see `outputs` where it has several. */
  override get output(): KerasTensor {
    return first(this.outputs);
  }

  /** The layer of that name or at that index (negative: from the end). @throws ValueError where there is none. */
  getLayer(nameOrIndex: string | number): Layer {
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
      throw valueError(`No such layer: ${nameOrIndex}. Existing layers are: [${names}].`);
    }
    return layer;
  }

  override get trainable(): boolean {
    return super.trainable;
  }

  /** Sets all layers too, as Keras does. */
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

  /** The weight of that name in the layer of that name: `Conv1/kernel`; a nested model's layer has both names before it. */
  override weight(path: string): Weight {
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
    const { inputs, outputs, nodes } = this.graph;
    if (inputShapes.length !== inputs.length) {
      throw valueError(
        `Layer "${this.name}" expects ${inputs.length} input(s), but it received ${inputShapes.length} input tensors.`,
      );
    }
    const shapes = new Map<KerasTensor, Shape>();
    for (const [i, input] of inputs.entries()) {
      const shape = inputShapes[i] ?? [];
      // A model may be applied to another batch size than it was declared with; every other axis counts.
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
