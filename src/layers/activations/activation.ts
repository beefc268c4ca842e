/** An activation function as a layer (keras.layers.Activation). */
import { checkOptions } from "../../core/options.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type ActivationIdentifier, type ActivationName, activate, activationName } from "./activations.ts";
import type { BackwardPass, LayerGradients, OutputActivation } from "../gradients.ts";
import { Layer, type LayerOptions } from "../layer.ts";

/** Options of `Activation`. */
export interface ActivationOptions extends LayerOptions {
  /** The activation function, by its name in Keras, such as `relu6`; null is linear. */
  readonly activation: ActivationIdentifier;
}

/** Applies an activation function. The output has the shape of the input. Softmax and similar functions work along the last axis. */
export class Activation extends Layer {
  readonly className = "Activation";
  /** The canonical name of the activation function. */
  readonly activation: ActivationName;

  /** @throws ValueError for an unknown activation or option. */
  constructor(options: ActivationOptions) {
    checkOptions("Activation", options, { name: true, trainable: true, activation: true });
    super(options);
    this.activation = activationName(options.activation);
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    return this.inputShape(inputShapes);
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    return activate(this.activation, this.onlyInput(inputs));
  }

  override get outputActivation(): OutputActivation {
    return { name: this.activation, axis: -1 };
  }

  override forwardTraining(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    return this.onlyInput(inputs);
  }

  override backward({ gradient }: BackwardPass): LayerGradients {
    return { inputs: [gradient], weights: {} };
  }

  override getConfig() {
    return { ...this.baseConfig(), activation: this.activation };
  }
}
