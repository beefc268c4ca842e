/** A model from symbolic inputs to symbolic outputs (keras.Model, the functional API). */
import { valueError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { type Graph, buildGraph } from "../graph/graph.ts";
import { Input } from "../layers/core/input-layer.ts";
import { KerasTensor, type LayerConfig, type Node } from "../layers/layer.ts";
import type { BaseModelOptions, PredictOptions } from "./base-model.ts";
import { TrainableModel } from "./trainable-model.ts";

/** The options of `Model`. */
export interface ModelOptions<Outputs extends KerasTensor | readonly KerasTensor[]> extends BaseModelOptions {
  /** The symbolic input tensor, or a list of them: the results of `Input`, or any tensors of other models. */
  readonly inputs: KerasTensor | readonly KerasTensor[];
  /** The symbolic output tensor, or a list of them. */
  readonly outputs: Outputs;
}

/** The result of `predict`: one tensor, or a list if the model was made with a list of outputs. */
export type Predictions<Outputs> = Outputs extends readonly KerasTensor[]
  ? Tensor<Float32Array>[]
  : Tensor<Float32Array>;

/**
 * A functional model. Its inputs and outputs may be any tensors of other models, with which it then shares layers and weights:
 * `new Model({ inputs: m.input, outputs: m.getLayer("block_6_expand_relu").output })` extracts features of `m`.
 */
export class Model<Outputs extends KerasTensor | readonly KerasTensor[] = KerasTensor> extends TrainableModel {
  readonly className = "Functional";
  readonly graph: Graph;
  /** The outputs as given, one tensor or a list. */
  readonly #outputs: Outputs;

  /** @throws ValueError if the outputs depend on other inputs than the given ones, or two layers have the same name. */
  constructor(options: ModelOptions<Outputs>) {
    checkOptions("Model", options, { name: true, trainable: true, threads: true, inputs: true, outputs: true });
    super(options);
    const inputs = tensorsOf(options.inputs, "inputs");
    const outputs = tensorsOf(options.outputs, "outputs");
    this.graph = inputs.every(isInputTensor) ? buildGraph(inputs, outputs) : cutAt(inputs, outputs);
    this.#outputs = options.outputs;
    if (options.trainable !== undefined) this.trainable = options.trainable;
  }

  /** Always true: a functional model has its graph from the start. */
  override get built(): boolean {
    return true;
  }

  /**
   * Predicts the output for a batch of inputs, in inference mode.
   *
   * @param x a tensor of the input's shape with the batch axis first, or a single sample without that axis; for several inputs, a list
   * @returns one tensor, float32, with the batch axis first; a list of them if the model was made with a list of outputs
   * @throws ValueError if shapes do not fit; StateError after `dispose()`
   */
  async predict(x: Tensor | readonly Tensor[], options?: PredictOptions): Promise<Predictions<Outputs>>;
  async predict(x: Tensor | readonly Tensor[], options?: PredictOptions): Promise<Tensor | Tensor[]> {
    const results = await this.predictAll(x, options);
    const [first] = results;
    return this.#outputs instanceof KerasTensor && first !== undefined ? first : results;
  }

  override getConfig(): LayerConfig {
    return { name: this.name, trainable: this.trainable };
  }
}

function tensorsOf(
  given: KerasTensor | readonly KerasTensor[],
  argument: "inputs" | "outputs",
): readonly KerasTensor[] {
  const tensors: readonly unknown[] = given instanceof KerasTensor ? [given] : given;
  if (!Array.isArray(given) && !(given instanceof KerasTensor)) {
    throw valueError(`All \`${argument}\` values must be KerasTensors. Received: ${argument} of type ${typeof given}`);
  }
  if (tensors.length === 0) throw valueError(`\`${argument}\` argument cannot be empty. Received: ${argument}=[]`);
  return Array.from(tensors, (tensor) => {
    if (tensor instanceof KerasTensor) return tensor;
    throw valueError(
      `All \`${argument}\` values must be KerasTensors. Received an invalid value of type ${typeof tensor}`,
    );
  });
}

function isInputTensor(tensor: KerasTensor): boolean {
  return tensor.node.inputs.length === 0;
}

/** A graph that starts at tensors within another graph: new inputs take their place, and the layers after them are applied again. */
function cutAt(inputs: readonly KerasTensor[], outputs: readonly KerasTensor[]): Graph {
  const copies = new Map<KerasTensor, KerasTensor>();
  const newInputs = inputs.map((input) => {
    const copy = isInputTensor(input)
      ? input
      : Input({ batchShape: input.shape, name: `${input.node.layer.name}CLONE` });
    copies.set(input, copy);
    return copy;
  });
  for (const node of nodesBetween(inputs, outputs)) {
    const applied = node.layer.connect(
      node.inputs.map((tensor) => copies.get(tensor) ?? tensor),
      { training: node.training },
    );
    for (const [i, output] of node.outputs.entries()) {
      const copy = applied.outputs[i];
      if (copy !== undefined && !copies.has(output)) copies.set(output, copy);
    }
  }
  return buildGraph(
    newInputs,
    outputs.map((output) => copies.get(output) ?? output),
  );
}

/** The nodes between the inputs and the outputs, each after those that it depends on. */
function nodesBetween(inputs: readonly KerasTensor[], outputs: readonly KerasTensor[]): readonly Node[] {
  const given = new Set(inputs);
  const nodes: Node[] = [];
  const seen = new Set<Node>();
  const stack: { readonly node: Node; next: number }[] = [];
  for (const output of outputs) {
    if (!given.has(output)) stack.push({ node: output.node, next: 0 });
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const input = top.node.inputs[top.next++];
      if (input === undefined || seen.has(top.node)) {
        stack.pop();
        if (!seen.has(top.node) && top.node.inputs.length > 0) nodes.push(top.node);
        seen.add(top.node);
      } else if (!given.has(input) && !seen.has(input.node)) {
        stack.push({ node: input.node, next: 0 });
      }
    }
  }
  return nodes;
}
