/** The same values under another shape (keras.layers.Reshape). */
import { show, valueError } from "../../core/errors.ts";
import { frozen } from "../../core/frozen.ts";
import { checkOptions } from "../../core/options.ts";
import { type Dims, type Shape, formatShape, knownDims, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { integerArgument } from "../arguments.ts";
import type { BackwardPass, LayerGradients } from "../gradients.ts";
import { Layer, type LayerOptions } from "../layer.ts";

/** Options of `Reshape`. */
export interface ReshapeOptions extends LayerOptions {
  /** The new shape without the batch. One axis may be -1; its length is worked out from the size of the input. */
  readonly targetShape: Dims;
}

/** Gives the values a new shape: (batch, …) becomes (batch, …targetShape). */
export class Reshape extends Layer {
  readonly className = "Reshape";
  /** The new shape without the batch; -1 is worked out from the size of the input. */
  readonly targetShape: Dims;

  /** @throws ValueError for an unknown option, or if `targetShape` is not a list of whole numbers of -1 or more with at most one -1. */
  constructor(options: ReshapeOptions) {
    checkOptions("Reshape", options, { name: true, trainable: true, targetShape: true });
    super(options);
    this.targetShape = frozen(checkedTarget(options.targetShape));
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    const [batch = null, ...axes] = this.inputShape(inputShapes, { minRank: 1 });
    return [batch, ...this.#resolve(axes)];
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    const x = this.onlyInput(inputs);
    return x.reshape(knownDims(this.computeOutputShape([x.shape]), "The new shape"));
  }

  override backward({ gradient }: BackwardPass): LayerGradients {
    return { inputs: [gradient], weights: {} };
  }

  override getConfig() {
    return { ...this.baseConfig(), targetShape: this.targetShape };
  }

  /** The target shape for an input with these axes. The -1 is worked out if they are all known; else it stays unknown. */
  #resolve(axes: Shape): Shape {
    const target = this.targetShape;
    if (axes.includes(null)) return target.map((axis) => (axis === -1 ? null : axis));
    const size = sizeOf(knownDims(axes, "The input shape"));
    const known = sizeOf(target.filter((axis) => axis !== -1));
    const received = `Received: input_shape=${formatShape(axes)}, targetShape=${formatShape(target)}`;
    if (!target.includes(-1)) {
      if (known !== size) throw valueError(`The total size of the tensor must be unchanged. ${received}`);
      return target;
    }
    if (known === 0 || size % known !== 0) {
      throw valueError(
        "The total size of the tensor must be unchanged, however, the input size cannot by divided by the specified " +
          `dimensions in targetShape. ${received}`,
      );
    }
    return target.map((axis) => (axis === -1 ? size / known : axis));
  }
}

function checkedTarget(given: unknown): Dims {
  if (!Array.isArray(given)) {
    throw valueError(`\`targetShape\` must be a list of integers. Received: targetShape=${show(given)}`);
  }
  const target = given.map((axis: unknown) => integerArgument(axis, "targetShape"));
  if (target.some((axis) => axis < -1)) {
    throw valueError(
      "Each dimension in `targetShape` must be a non-negative integer, or `-1` for a single unknown dimension. " +
        `Received: targetShape=${formatShape(target)}.`,
    );
  }
  if (target.filter((axis) => axis === -1).length > 1) {
    throw valueError(
      `There must be at most one unknown dimension (-1) in \`targetShape\`. Received: targetShape=${formatShape(target)}.`,
    );
  }
  return target;
}
