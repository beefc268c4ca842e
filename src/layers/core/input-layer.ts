/** The inputs of a model (keras.layers.InputLayer and keras.Input). */
import { show, valueError } from "../../core/errors.ts";
import { frozen } from "../../core/frozen.ts";
import { oneOf, orNull } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { type Shape, formatShape, shapesEqual } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { BackwardPass, LayerGradients } from "../gradients.ts";
import { KerasTensor, Layer, Node } from "../layer.ts";

/** Options of `Input` and `InputLayer`. One of `shape`, `batchShape` and `tensor` is required. */
export interface InputOptions {
  /** The shape without the batch, such as `[224, 224, 3]`; null is an axis that is known only when the model runs. */
  readonly shape?: Shape | null | undefined;
  /** The batch size, if it is fixed. Default: null, which is any. */
  readonly batchSize?: number | null | undefined;
  /** The shape with the batch, such as `[null, 224, 224, 3]`; it replaces `shape` and `batchSize`. */
  readonly batchShape?: Shape | null | undefined;
  /** The type of the values: always float32. */
  readonly dtype?: "float32" | null | undefined;
  /** The name of the layer. Default: `input_layer`, numbered. */
  readonly name?: string | undefined;
  /** A symbolic tensor whose shape is taken. */
  readonly tensor?: KerasTensor | null | undefined;
}

/** The layer that stands for an input of a model. It has one node from the start; `Input()` makes one and returns its output. */
export class InputLayer extends Layer {
  readonly className = "InputLayer";
  /** The shape of the input with the batch; null is an axis that is known only when the model runs. */
  readonly batchShape: Shape;

  /** @throws ValueError for an unknown option, or shapes that are missing, impossible or contradictory. */
  constructor(options: InputOptions) {
    checkOptions("Input", options, {
      shape: true,
      batchSize: true,
      batchShape: true,
      dtype: orNull(oneOf(["float32"])),
      name: true,
      tensor: true,
    });
    super({ name: options.name });
    this.batchShape = frozen(batchShape(options));
    this.addNode(new Node(this, [], [this.batchShape]));
    this.build([]);
  }

  override computeOutputShape(): Shape {
    return this.batchShape;
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    return this.onlyInput(inputs);
  }

  override backward({ gradient }: BackwardPass): LayerGradients {
    return { inputs: [gradient], weights: {} };
  }

  override getConfig() {
    return { name: this.name, batchShape: this.batchShape, dtype: "float32" as const };
  }
}

/**
 * Makes a symbolic input: `Input({ shape: [224, 224, 3] })` has the shape (None, 224, 224, 3).
 * @throws ValueError if no shape is given, if the shapes contradict each other, or if one is not a list of whole numbers and null.
 */
export function Input(options: InputOptions): KerasTensor {
  return new InputLayer(options).output;
}

function batchShape(options: InputOptions): Shape {
  const shape = options.shape ?? undefined;
  const whole = options.batchShape ?? undefined;
  const { tensor, batchSize } = options;
  if (tensor !== undefined && tensor !== null) {
    if (!(tensor instanceof KerasTensor)) {
      throw valueError(`Argument \`tensor\` must be a KerasTensor. Received invalid type: tensor=${show(tensor)}`);
    }
    const incompatible =
      (shape !== undefined && !shapesEqual(checkedShape(shape), tensor.shape.slice(1)) && "shape") ||
      (whole !== undefined && !shapesEqual(checkedShape(whole), tensor.shape) && "batchShape") ||
      (batchSize !== undefined && batchSize !== null && tensor.shape[0] !== batchSize && "batchSize");
    if (incompatible) {
      throw valueError(
        `When providing the \`tensor\` argument, you cannot provide an incompatible \`${incompatible}\` argument.`,
      );
    }
    return tensor.shape;
  }
  if (shape !== undefined && whole !== undefined) {
    throw valueError("You cannot pass both `shape` and `batchShape` at the same time.");
  }
  if (batchSize !== undefined && batchSize !== null && whole !== undefined) {
    throw valueError("You cannot pass both `batchSize` and `batchShape` at the same time.");
  }
  if (whole !== undefined) return checkedShape(whole);
  if (shape === undefined) throw valueError("You must pass a `shape` argument.");
  return [...checkedShape([batchSize ?? null]), ...checkedShape(shape)];
}

function checkedShape(given: unknown): Shape {
  if (!Array.isArray(given)) throw valueError(`Cannot convert '${show(given)}' to a shape.`);
  return Array.from(given, (axis: unknown) => {
    if (axis === null) return axis;
    if (typeof axis !== "number" || !Number.isSafeInteger(axis)) {
      throw valueError(
        `Cannot convert '${show(given)}' to a shape. Found invalid dimension '${show(axis)}' of type '${typeof axis}'.`,
      );
    }
    if (axis < 0) {
      throw valueError(`Cannot convert '${formatShape(given)}' to a shape. Negative dimensions are not allowed.`);
    }
    return axis;
  });
}
