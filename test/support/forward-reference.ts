/** The cases of the reference folder's forward.json: the arguments that Keras was called with, and where its answers are. */
import type { MobileNetV2Options } from "../../src/applications/mobilenet-v2.ts";

export interface ForwardCase {
  readonly name: string;
  readonly seed: string;
  readonly input_shape_with_batch: readonly number[];
  readonly keras_arguments: {
    readonly alpha: number;
    readonly input_shape: readonly [number, number, number];
    readonly include_top?: boolean;
    readonly pooling?: "avg" | "max" | null;
    readonly classes?: number;
    readonly classifier_activation?: string | null;
  };
  readonly output_shape: readonly number[];
  readonly model_name: string;
}

/** Keras's arguments as ours. */
export function optionsOf({ keras_arguments: a }: ForwardCase): MobileNetV2Options {
  return {
    alpha: a.alpha,
    inputShape: a.input_shape,
    includeTop: a.include_top,
    pooling: a.pooling,
    classes: a.classes,
    classifierActivation: a.classifier_activation,
    weights: null,
  };
}
