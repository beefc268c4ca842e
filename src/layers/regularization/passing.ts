/** Keras's layers that hand on their input in inference: those that augment pictures or add noise in training alone, and Identity. */
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { BackwardPass, LayerGradients } from "../gradients.ts";
import { Layer, type LayerConfig } from "../layer.ts";

/** A layer that hands on its input, here in training too. It keeps its class and its config, so that it is saved as it was. */
export class Passing extends Layer {
  readonly className: string;
  readonly #config: LayerConfig;

  /**
   * @param className one of those of which `isPassingClass` is true
   * @param config Keras's arguments of the layer in camelCase, which are kept and not looked at
   * @throws ValueError for a name with `/` in it
   */
  constructor(className: string, config: LayerConfig) {
    super({ name: textOf(config["name"]), trainable: config["trainable"] !== false });
    this.className = className;
    this.#config = config;
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    return this.inputShape(inputShapes);
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    return this.onlyInput(inputs);
  }

  override backward({ gradient }: BackwardPass): LayerGradients {
    return { inputs: [gradient], weights: {} };
  }

  override getConfig(): LayerConfig {
    // Whether it is trainable makes no difference, and some of Keras's do not take the argument.
    return { ...this.#config, name: this.name };
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
