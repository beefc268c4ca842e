/** The command `summary`: a model's layers as Keras's `model.summary()` prints them. */
import { MobileNetV2 } from "../../applications/mobilenet-v2.ts";

export interface SummaryCommandOptions {
  readonly alpha?: number;
  readonly size?: number;
  readonly top: boolean;
  readonly pooling?: "avg" | "max";
  readonly classes?: number;
  readonly expandNested?: boolean;
  readonly trainable?: boolean;
  readonly lineLength?: number;
}

export async function summary(options: SummaryCommandOptions): Promise<void> {
  const { alpha, size, pooling, classes } = options;
  const model = await MobileNetV2({
    weights: null,
    alpha,
    inputShape: size === undefined ? undefined : [size, size, 3],
    includeTop: options.top,
    pooling,
    classes,
  });
  model.summary({
    lineLength: options.lineLength,
    expandNested: options.expandNested,
    showTrainable: options.trainable,
    printFn: (text) => process.stdout.write(`${text}\n`),
  });
}
