/** What quantizing finds out about a program: integer weights of its convolutions and ranges of its values. It holds for every mode and picture size. */
import type { Range } from "./scheme.ts";

export interface QuantizedWeights {
  /** [window rows, window cols, channels (1 where depthwise), output channels], −127…127; a weight is `kernel × scale of its output channel`. */
  readonly kernel: Int8Array;
  readonly scales: Float32Array;
  /** In real numbers; BatchNormalization is folded in. */
  readonly bias: Float32Array;
}

export interface QuantizedNetwork {
  /** By the value that the convolution makes, once folded. */
  readonly weights: ReadonlyMap<number, QuantizedWeights>;
  /** By value: those that can be integers. */
  readonly ranges: ReadonlyMap<number, Range>;
}
