/** Softmax along one axis (keras.layers.Softmax). */
import { checkOptions } from "../../core/options.ts";
import { type Shape, axisOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { activate } from "./activations.ts";
import { axisArgument } from "../arguments.ts";
import type { BackwardPass, LayerGradients, OutputActivation } from "../gradients.ts";
import { Layer, type LayerOptions } from "../layer.ts";

/** Options of `Softmax`. */
export interface SoftmaxOptions extends LayerOptions {
  /** The axis along which the outputs add up to 1; negative axes count from the end. Default: -1. */
  readonly axis?: number | undefined;
}

/** Turns logits into probabilities that add up to 1 along one axis. The output has the shape of the input. */
export class Softmax extends Layer {
  readonly className = "Softmax";
  /** The axis along which the outputs add up to 1. */
  readonly axis: number;

  /** @throws ValueError for an unknown option or an axis that is not a whole number; UnsupportedError for several axes. */
  constructor(options: SoftmaxOptions = {}) {
    checkOptions("Softmax", options, { name: true, trainable: true, axis: true });
    super(options);
    this.axis = axisArgument(options.axis, -1);
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    const shape = this.inputShape(inputShapes);
    axisOf(shape, this.axis);
    return shape;
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    const x = this.onlyInput(inputs);
    this.computeOutputShape([x.shape]);
    return activate("softmax", x, this.axis);
  }

  override get outputActivation(): OutputActivation {
    return { name: "softmax", axis: this.axis };
  }

  override forwardTraining(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    return this.onlyInput(inputs);
  }

  override backward({ gradient }: BackwardPass): LayerGradients {
    return { inputs: [gradient], weights: {} };
  }

  override getConfig() {
    return { ...this.baseConfig(), axis: this.axis };
  }
}
