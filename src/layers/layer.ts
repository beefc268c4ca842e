/** The base class of every layer, and the symbolic tensors and nodes that record how layers are connected. */
import { MobileNetV2Error, show, valueError } from "../core/errors.ts";
import { frozen } from "../core/frozen.ts";
import { FLAG, type Kind, check, listOf, whole } from "../core/kinds.ts";
import { checkOptions } from "../core/options.ts";
import { SHAPE, type Shape, formatShape } from "../core/shape.ts";
import { TENSORS, type Tensor } from "../core/tensor.ts";
import { booleanArgument } from "./arguments.ts";
import type { BackwardPass, LayerGradients, OutputActivation, TrainingPass } from "./gradients.ts";
import { toSnakeCase, uniqueName } from "./naming.ts";
import { Weight, type WeightSpec } from "./weight.ts";

/** Options that every layer takes. */
export interface LayerOptions {
  /** The name of the layer, without `/`; it must be unique within a model. Default: the class name in snake case, numbered, such as `conv2d_1`. */
  readonly name?: string | undefined;
  /** Whether training changes the layer's weights. Default: true. */
  readonly trainable?: boolean | undefined;
}

/** The arguments of a layer's constructor under their camelCase names, as plain JSON. */
export type LayerConfig = Readonly<Record<string, unknown>>;

/** A symbolic tensor: the output of a layer that was applied to other symbolic tensors. It has a shape but no values. */
export class KerasTensor {
  /** The shape of the tensor, with the batch first. */
  readonly shape: Shape;
  /** The type of the values: always float32. */
  readonly dtype = "float32";
  /** The application of a layer that produces this tensor. */
  readonly node: Node;
  /** The position of this tensor among the node's outputs. */
  readonly index: number;

  constructor(shape: Shape, node: Node, index: number) {
    check("KerasTensor", "shape", shape, SHAPE);
    check("KerasTensor", "node", node, NODE);
    check("KerasTensor", "index", index, whole(0));
    this.shape = frozen(shape);
    this.node = node;
    this.index = index;
  }
}

/** A symbolic tensor. */
export const SYMBOLIC: Kind = [
  "a symbolic tensor, such as the result of Input()",
  (value) => value instanceof KerasTensor,
];

/** Options of `apply()`. */
export interface CallOptions {
  /**
   * If false, the layer behaves as in inference even while the rest of the model is trained; if the layer is a model, so do all layers in
   * it. Keras's guide to fine-tuning applies the base model this way: `base.apply(x, { training: false })`. True is refused. Default: the
   * layer behaves as the model around it does.
   */
  readonly training?: boolean | undefined;
}

/** One application of a layer to symbolic tensors: the nodes and their tensors are the graph of a model. */
export class Node {
  /** The layer that was applied. */
  readonly layer: Layer;
  /** The symbolic tensors that the layer was applied to. */
  readonly inputs: readonly KerasTensor[];
  /** The symbolic tensors that the layer produced. */
  readonly outputs: readonly KerasTensor[];
  /** False if the layer was applied with `training: false`; undefined if it behaves as the model around it does. */
  readonly training: boolean | undefined;

  constructor(
    layer: Layer,
    inputs: readonly KerasTensor[],
    outputShapes: readonly Shape[],
    { training }: CallOptions = {},
  ) {
    this.layer = layer;
    this.inputs = frozen(inputs);
    this.training = training;
    this.outputs = frozen(outputShapes.map((shape, index) => new KerasTensor(shape, this, index)));
  }
}

const NODE: Kind = ["the node of a layer", (value) => value instanceof Node];

/** What a layer expects of its only input. */
export interface InputSpec {
  /** The exact number of axes, the batch included. */
  readonly rank?: number | undefined;
  /** The least number of axes, the batch included. */
  readonly minRank?: number | undefined;
  /** The length of the last axis, if the layer requires one. */
  readonly channels?: number | undefined;
}

/** The shapes of a layer's inputs. */
export const SHAPES: Kind = listOf("a list of shapes, one for each input", SHAPE);

const LINEAR: OutputActivation = frozen({ name: "linear", axis: -1 });

/** The base class of all layers, as keras.layers.Layer: it holds weights, and maps input tensors to an output tensor. Apply it with `apply()`. */
export abstract class Layer {
  /** Keras's name of the class, such as `DepthwiseConv2D`. */
  abstract readonly className: string;
  readonly #givenName: string | undefined;
  #name: string | undefined;
  #trainable: boolean;
  #weights: Weight[] = [];
  #built = false;
  readonly #inboundNodes: Node[] = [];

  /** @throws ValueError if the name is not a string or contains `/`, or if `trainable` is not a boolean. */
  constructor(options: LayerOptions = {}) {
    const name: unknown = options.name ?? undefined;
    if (name !== undefined && (typeof name !== "string" || name.includes("/"))) {
      throw valueError(
        `Argument \`name\` must be a string and cannot contain character \`/\`. Received: name=${show(name)}`,
      );
    }
    this.#givenName = name;
    this.#trainable = booleanArgument(options.trainable, "trainable", true);
  }

  /** The name that was given, or else an automatic one such as `conv2d_3`, which is fixed when it is first read. */
  get name(): string {
    this.#name ??= this.#givenName ?? uniqueName(toSnakeCase(this.className));
    return this.#name;
  }

  /** Whether training changes the layer's weights. It may be set, for example to false to freeze the layer. */
  get trainable(): boolean {
    return this.#trainable;
  }

  set trainable(value: boolean) {
    check("a layer", "trainable", value, FLAG);
    this.#trainable = value;
  }

  /** Every application of this layer, in the order they were made. */
  get inboundNodes(): readonly Node[] {
    return [...this.#inboundNodes];
  }

  /** Adds an application of this layer. */
  protected addNode(node: Node): void {
    this.#inboundNodes.push(node);
  }

  /** Whether the layer's weights exist; the first application makes them. */
  get built(): boolean {
    return this.#built;
  }

  /** All weights in Keras's order (`layer.weights`): first the trainable ones, then the others. */
  get weights(): readonly Weight[] {
    return [...this.#weights.filter((w) => w.trainable), ...this.#weights.filter((w) => !w.trainable)];
  }

  /** The weights that training changes; none if `trainable` is false. */
  get trainableWeights(): readonly Weight[] {
    return this.trainable ? this.weights.filter((weight) => weight.trainable) : [];
  }

  /** The weights that training does not change by gradients; all of them if `trainable` is false. */
  get nonTrainableWeights(): readonly Weight[] {
    return this.trainable ? this.weights.filter((weight) => !weight.trainable) : this.weights;
  }

  /** The total number of values in all weights. */
  countParams(): number {
    return this.weights.reduce((sum, weight) => sum + weight.size, 0);
  }

  /** The values of all weights in Keras's order (see `weights`), as tensors that share the layer's arrays. */
  getWeights(): Tensor<Float32Array>[] {
    return this.weights.map((weight) => weight.tensor);
  }

  /**
   * Sets all weights from copies of the given tensors, in the order of `getWeights()`.
   * @throws ValueError if the number of tensors or one of their shapes does not fit.
   */
  setWeights(values: readonly Tensor[]): void {
    check("setWeights()", "values", values, TENSORS);
    const weights = this.weights;
    if (values.length !== weights.length) {
      throw valueError(
        `You called \`setWeights(weights)\` on layer '${this.name}' with a weight list of length ${values.length}, ` +
          `but the layer was expecting ${weights.length} weights.`,
      );
    }
    for (const [i, weight] of weights.entries()) {
      const value = values[i];
      if (
        value === undefined ||
        value.size !== weight.size ||
        value.shape.some((axis, k) => axis !== weight.shape[k])
      ) {
        throw valueError(
          `Layer ${this.name} weight shape ${formatShape(weight.shape)} is not compatible with provided weight shape ${formatShape(value?.shape ?? [])}.`,
        );
      }
    }
    for (const [i, weight] of weights.entries()) {
      const value = values[i];
      if (value !== undefined) weight.assign(Float32Array.from(value.data), value.shape);
    }
  }

  /**
   * The weight with this name, such as `kernel`.
   * @throws ValueError if the layer has no such weight.
   */
  weight(name: string): Weight {
    const found = this.#weights.find((weight) => weight.name === name);
    if (found === undefined)
      throw valueError(
        `Layer '${this.name}' has no weight '${show(name)}'. It has: ${this.#weights.map((w) => w.name).join(", ")}`,
      );
    return found;
  }

  /**
   * Applies the layer to symbolic tensors and returns its output.
   * @throws ValueError if the shapes of the inputs do not fit, or if `training` is true.
   */
  apply(inputs: KerasTensor | readonly KerasTensor[], options: CallOptions = {}): KerasTensor {
    checkOptions("apply()", options, { training: FLAG });
    const [output] = this.connect(inputs instanceof KerasTensor ? [inputs] : inputs, options).outputs;
    if (output === undefined) throw valueError(`Layer '${this.name}' has no output.`);
    return output;
  }

  /** Creates the weights for inputs of these shapes. A second call does nothing. */
  build(inputShapes: readonly Shape[]): void {
    check("build()", "inputShapes", inputShapes, SHAPES);
    if (this.#built) return;
    this.#weights = this.weightSpecs(inputShapes).map((spec) => new Weight(spec));
    this.#built = true;
  }

  /**
   * The shape of the output for inputs of these shapes.
   * @throws ValueError if the shapes do not fit the layer.
   */
  abstract computeOutputShape(inputShapes: readonly Shape[]): Shape;

  /**
   * The layer's output in inference, computed by plain loops with float64 sums. It documents the layer, is the reference that the tests
   * compare with, and runs if WebAssembly SIMD is missing. Pictures have the axes (batch, rows, columns, channels); inputs are not written
   * to.
   */
  abstract forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array>;

  /** The activation at the end of `forward`. Default: linear. */
  get outputActivation(): OutputActivation {
    return LINEAR;
  }

  /**
   * The output without its `outputActivation`, computed as in training if `pass.training` is true; BatchNormalization then also updates its
   * moving mean and variance.
   */
  forwardTraining(inputs: readonly Tensor<Float32Array>[], _pass: TrainingPass): Tensor<Float32Array> {
    return this.forward(inputs);
  }

  /**
   * The gradients of a loss with respect to the inputs and weights, from its gradient with respect to the output of `forwardTraining`; also
   * plain loops with float64 sums.
   * @throws UnsupportedError if the class of the layer does not implement it.
   */
  backward(_pass: BackwardPass): LayerGradients {
    throw new MobileNetV2Error(
      "UnsupportedError",
      `Layer '${this.name}' (${this.className}) has no gradient: its class does not override \`backward\`.`,
    );
  }

  /** The constructor arguments that make this layer again, under their camelCase names. Weights are not included. */
  getConfig(): LayerConfig {
    return this.baseConfig();
  }

  /** The arguments that the config of every layer contains. */
  protected baseConfig(): { readonly name: string; readonly trainable: boolean } {
    return { name: this.name, trainable: this.trainable };
  }

  /** The weights that the layer needs for inputs of these shapes. Default: none. */
  protected weightSpecs(_inputShapes: readonly Shape[]): readonly WeightSpec[] {
    return [];
  }

  /** The shapes of all outputs. Layers have one output; models override this, as they may have several. */
  computeOutputShapes(inputShapes: readonly Shape[]): readonly Shape[] {
    return [this.computeOutputShape(inputShapes)];
  }

  /**
   * The symbolic tensor that the layer was first applied to.
   * @throws ValueError if the layer was never applied.
   */
  get input(): KerasTensor {
    const [input] = this.#firstNode("input").inputs;
    if (input === undefined) throw valueError(`Layer '${this.name}' has no input.`);
    return input;
  }

  /**
   * The symbolic tensor that the layer produced when it was first applied.
   * @throws ValueError if the layer was never applied.
   */
  get output(): KerasTensor {
    const [output] = this.#firstNode("output").outputs;
    if (output === undefined) throw valueError(`Layer '${this.name}' has no output.`);
    return output;
  }

  #firstNode(what: "input" | "output"): Node {
    const [node] = this.#inboundNodes;
    if (node === undefined) {
      throw valueError(`The layer ${this.name} has never been called and thus has no defined ${what}.`);
    }
    return node;
  }

  /**
   * Applies the layer and returns the node, which holds all outputs of a layer that has several.
   * @throws ValueError if the inputs are not symbolic tensors, if their shapes do not fit, or if `training` is true.
   */
  connect(inputs: readonly KerasTensor[], options: CallOptions = {}): Node {
    checkOptions("connect()", options, { training: FLAG });
    if (!Array.isArray(inputs) || inputs.length === 0 || !Array.from(inputs).every(SYMBOLIC[1])) {
      throw valueError(
        `Layer '${this.name}' is applied to symbolic tensors: the result of Input() or of another layer's apply().`,
      );
    }
    if (options.training === true) {
      throw valueError(
        `Layer '${this.name}' cannot be applied with training: true: what a model computes in inference is never random. ` +
          "Leave it out: fit() trains.",
      );
    }
    const shapes = inputs.map((input) => input.shape);
    this.computeOutputShapes(shapes);
    this.build(shapes);
    const node = new Node(this, inputs, this.computeOutputShapes(shapes), options);
    this.addNode(node);
    return node;
  }

  /**
   * The shape of the only input, after a check of its rank and last axis against `expected` (keras.src.layers.input_spec).
   * @throws ValueError if there is not exactly one input, or if its shape is not as expected.
   */
  protected inputShape(inputShapes: readonly Shape[], expected: InputSpec = {}): Shape {
    check(`layer "${this.name}"`, "inputShapes", inputShapes, SHAPES);
    const [shape] = inputShapes;
    if (shape === undefined || inputShapes.length !== 1) {
      throw valueError(`Layer "${this.name}" expects 1 input(s), but it received ${inputShapes.length} input tensors.`);
    }
    const incompatible = (problem: string): MobileNetV2Error =>
      valueError(`Input 0 with name 'None' of layer '${this.name}' is incompatible with the layer: ${problem}`);
    const { rank, minRank, channels } = expected;
    const found = `found ndim=${shape.length}. Full shape received: ${formatShape(shape)}`;
    if (rank !== undefined && shape.length !== rank) throw incompatible(`expected ndim=${rank}, ${found}`);
    if (minRank !== undefined && shape.length < minRank) throw incompatible(`expected min_ndim=${minRank}, ${found}`);
    const last = shape.at(-1);
    if (channels !== undefined && last !== null && last !== channels) {
      throw incompatible(
        `expected axis -1 of input shape to have value ${channels}, but received input with shape ${formatShape(shape)}`,
      );
    }
    return shape;
  }

  /**
   * The only input of `forward`.
   * @throws ValueError if there is not exactly one.
   */
  protected onlyInput(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    check(`layer "${this.name}"`, "inputs", inputs, TENSORS);
    const [input] = inputs;
    if (input === undefined || inputs.length !== 1) {
      throw valueError(`Layer "${this.name}" expects 1 input(s), but it received ${inputs.length} input tensors.`);
    }
    return input;
  }
}
