/** What quantizing finds out about a program: integer weights of its convolutions and ranges of its values. It holds for any arithmetic of integers and any size of picture. */
import type { Range } from "./scheme.ts";

export interface QuantizedWeights {
  /** [window rows, window cols, channels (1 if depthwise), output channels], −127…127; a weight is `kernel × scale of its output channel`. */
  readonly kernel: Int8Array;
  readonly scales: Float32Array;
  /** The biases in real numbers, with BatchNormalization folded in. */
  readonly bias: Float32Array;
}

export interface QuantizedNetwork {
  /** The weights of each convolution, by the value that it makes once it is folded. */
  readonly weights: ReadonlyMap<number, QuantizedWeights>;
  /** The ranges of the values that can be integers. */
  readonly ranges: ReadonlyMap<number, Range>;
}
