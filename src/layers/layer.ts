/** The base of every layer, and the symbolic tensors and nodes that layers leave behind when they are applied. */
import { MobileNetV2Error, show, valueError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import { type Shape, formatShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { booleanArgument } from "./arguments.ts";
import type { BackwardPass, LayerGradients, OutputActivation, TrainingPass } from "./gradients.ts";
import { toSnakeCase, uniqueName } from "./naming.ts";
import { Weight, type WeightSpec } from "./weight.ts";

export interface LayerOptions {
  readonly name?: string | undefined;
  readonly trainable?: boolean | undefined;
}

/** A layer's arguments under their camelCase names: what its constructor takes; plain JSON. */
export type LayerConfig = Readonly<Record<string, unknown>>;

/** A symbolic tensor: what a layer gives when it is applied. Pure data: nothing is computed. */
export class KerasTensor {
  readonly shape: Shape;
  readonly dtype = "float32";
  /** The application of a layer that makes this tensor. */
  readonly node: Node;
  /** Which of the node's outputs it is. */
  readonly index: number;

  constructor(shape: Shape, node: Node, index: number) {
    this.shape = shape;
    this.node = node;
    this.index = index;
  }
}

/** How a layer is applied. */
export interface CallOptions {
  /**
   * False: the layer, and all layers within where it is a model, behave as in inference also while the rest is trained, as Keras's
   * guides have it for the base of a fine-tuned model: `base.apply(x, { training: false })`.
   */
  readonly training?: boolean | undefined;
}

/** One application of a layer to tensors: the edges of the graph. */
export class Node {
  readonly layer: Layer;
  readonly inputs: readonly KerasTensor[];
  readonly outputs: readonly KerasTensor[];
  /** False where the layer was applied so; else what it is applied within decides. */
  readonly training: boolean | undefined;

  constructor(
    layer: Layer,
    inputs: readonly KerasTensor[],
    outputShapes: readonly Shape[],
    { training }: CallOptions = {},
  ) {
    this.layer = layer;
    this.inputs = inputs;
    this.training = training;
    this.outputs = outputShapes.map((shape, index) => new KerasTensor(shape, this, index));
  }
}

/** What a layer expects of its only input. */
export interface InputSpec {
  readonly rank?: number | undefined;
  readonly minRank?: number | undefined;
  /** The length of the last axis, where it is known. */
  readonly channels?: number | undefined;
}

const LINEAR: OutputActivation = { name: "linear", axis: -1 };

export abstract class Layer {
  /** Keras's class name, such as `DepthwiseConv2D`. */
  abstract readonly className: string;
  readonly #givenName: string | undefined;
  #name: string | undefined;
  #trainable: boolean;
  #weights: Weight[] = [];
  #built = false;
  /** Every application of this layer, in order. */
  readonly inboundNodes: Node[] = [];

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

  /** The given name, or an automatic one (`conv2d_3`), fixed at first use. */
  get name(): string {
    this.#name ??= this.#givenName ?? uniqueName(toSnakeCase(this.className));
    return this.#name;
  }

  get trainable(): boolean {
    return this.#trainable;
  }

  set trainable(value: boolean) {
    this.#trainable = value;
  }

  get built(): boolean {
    return this.#built;
  }

  /** All weights in Keras's order (`layer.weights`): the trainable first, then the others. */
  get weights(): readonly Weight[] {
    return [...this.#weights.filter((w) => w.trainable), ...this.#weights.filter((w) => !w.trainable)];
  }

  get trainableWeights(): readonly Weight[] {
    return this.trainable ? this.weights.filter((weight) => weight.trainable) : [];
  }

  get nonTrainableWeights(): readonly Weight[] {
    return this.trainable ? this.weights.filter((weight) => !weight.trainable) : this.weights;
  }

  /** The number of scalars in all weights. */
  countParams(): number {
    return this.weights.reduce((sum, weight) => sum + weight.size, 0);
  }

  /** The values of all weights in Keras's order, as tensors that share the layer's arrays. */
  getWeights(): Tensor<Float32Array>[] {
    return this.weights.map((weight) => weight.tensor);
  }

  /** Takes values for all weights, in the order of `getWeights()`. @throws ValueError where number or shapes do not fit. */
  setWeights(values: readonly Tensor[]): void {
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

  /** The weight of that name, such as `kernel`. */
  weight(name: string): Weight {
    const found = this.#weights.find((weight) => weight.name === name);
    if (found === undefined)
      throw valueError(
        `Layer '${this.name}' has no weight '${name}'. It has: ${this.#weights.map((w) => w.name).join(", ")}`,
      );
    return found;
  }

  /** Applies the layer to symbolic tensors. @throws ValueError where their shapes do not fit. */
  apply(inputs: KerasTensor | readonly KerasTensor[], options: CallOptions = {}): KerasTensor {
    checkOptions("apply()", options, { training: true });
    const [output] = this.connect(inputs instanceof KerasTensor ? [inputs] : inputs, options).outputs;
    if (output === undefined) throw valueError(`Layer '${this.name}' has no output.`);
    return output;
  }

  /** Makes the weights for inputs of these shapes; a second call does nothing. */
  build(inputShapes: readonly Shape[]): void {
    if (this.#built) return;
    this.#weights = this.weightSpecs(inputShapes).map((spec) => new Weight(spec));
    this.#built = true;
  }

  /** The shape of what `forward` gives, for inputs of these shapes; also checks that they fit. */
  abstract computeOutputShape(inputShapes: readonly Shape[]): Shape;

  /**
   * The layer's answer in inference, as plain loops over float64 sums: documentation, the tests' oracle, and the slow
   * way where WebAssembly SIMD is missing. Inputs are NHWC and are not written to.
   */
  abstract forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array>;

  /** The activation that `forward` ends with. */
  get outputActivation(): OutputActivation {
    return LINEAR;
  }

  /**
   * What `forward` gives but for its `outputActivation`, and as in training where the pass says so. BatchNormalization assigns to
   * its moving averages then.
   */
  forwardTraining(inputs: readonly Tensor<Float32Array>[], _pass: TrainingPass): Tensor<Float32Array> {
    return this.forward(inputs);
  }

  /**
   * The gradients of a loss with respect to inputs and weights, from that with respect to what `forwardTraining` gave; plain
   * loops over float64 sums as well.
   * @throws UnsupportedError where the layer has none.
   */
  backward(_pass: BackwardPass): LayerGradients {
    throw new MobileNetV2Error(
      "UnsupportedError",
      `Layer '${this.name}' (${this.className}) has no gradient: its class does not override \`backward\`.`,
    );
  }

  /** The arguments to make this layer again. */
  getConfig(): LayerConfig {
    return this.baseConfig();
  }

  /** What the config of every layer begins with. */
  protected baseConfig(): { readonly name: string; readonly trainable: boolean } {
    return { name: this.name, trainable: this.trainable };
  }

  /** What weights the layer has for inputs of these shapes. None unless overridden. */
  protected weightSpecs(_inputShapes: readonly Shape[]): readonly WeightSpec[] {
    return [];
  }

  /** The shapes of all outputs. One unless overridden (models have as many as they were made with). */
  computeOutputShapes(inputShapes: readonly Shape[]): readonly Shape[] {
    return [this.computeOutputShape(inputShapes)];
  }

  /** The tensor that the layer was first applied to. @throws ValueError where it was never applied. */
  get input(): KerasTensor {
    const [input] = this.#firstNode("input").inputs;
    if (input === undefined) throw valueError(`Layer '${this.name}' has no input.`);
    return input;
  }

  /** What the layer gave when it was first applied. @throws ValueError where it was never applied. */
  get output(): KerasTensor {
    const [output] = this.#firstNode("output").outputs;
    if (output === undefined) throw valueError(`Layer '${this.name}' has no output.`);
    return output;
  }

  #firstNode(what: "input" | "output"): Node {
    const [node] = this.inboundNodes;
    if (node === undefined) {
      throw valueError(`The layer ${this.name} has never been called and thus has no defined ${what}.`);
    }
    return node;
  }

  /** Applies the layer and gives the whole node: all outputs of a layer that has several. */
  connect(inputs: readonly KerasTensor[], options: CallOptions = {}): Node {
    if (inputs.length === 0 || inputs.some((input) => !(input instanceof KerasTensor))) {
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
    this.inboundNodes.push(node);
    return node;
  }

  /** The only input's shape, checked for its rank and, where given, its last axis (keras.src.layers.input_spec). */
  protected inputShape(inputShapes: readonly Shape[], expected: InputSpec = {}): Shape {
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

  /** The only input of `forward`. */
  protected onlyInput(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    const [input] = inputs;
    if (input === undefined || inputs.length !== 1) {
      throw valueError(`Layer "${this.name}" expects 1 input(s), but it received ${inputs.length} input tensors.`);
    }
    return input;
  }
}
