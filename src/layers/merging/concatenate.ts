/** Tensors joined along an axis (keras.layers.Concatenate). */
import { MobileNetV2Error, valueError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { type Shape, formatShape, knownDims, sizeOf } from "../../core/shape.ts";
import { type Tensor, zeros } from "../../core/tensor.ts";
import { axisArgument } from "../arguments.ts";
import type { BackwardPass, LayerGradients } from "../gradients.ts";
import { Layer, type LayerOptions } from "../layer.ts";

/** Options of `Concatenate`. */
export interface ConcatenateOptions extends LayerOptions {
  /** The axis along which the tensors are joined; negative axes count from the end. It is not the batch. Default: -1. */
  readonly axis?: number | undefined;
}

interface Piece {
  readonly input: number;
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/** Joins the tensors of a list along an axis. Their other axes are equally long. */
export class Concatenate extends Layer {
  readonly className = "Concatenate";
  /** The axis along which the tensors are joined. */
  readonly axis: number;

  /** @throws ValueError for an unknown option, or if the axis is not a whole number; UnsupportedError if it is the batch. */
  constructor(options: ConcatenateOptions = {}) {
    checkOptions("Concatenate", options, { name: true, trainable: true, axis: true });
    super(options);
    this.axis = axisArgument(options.axis, -1);
    if (this.axis === 0) {
      throw new MobileNetV2Error("UnsupportedError", "Concatenate joins tensors along any axis but the batch, 0.");
    }
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    const [first] = inputShapes;
    const received = `Received: input_shape=[${inputShapes.map(formatShape).join(", ")}]`;
    if (first === undefined) {
      throw valueError(`A \`Concatenate\` layer should be called on a list of at least 1 input. ${received}`);
    }
    const axis = this.#axisIn(first);
    const fit = inputShapes.every(
      (shape) => shape.length === first.length && shape.every((length, i) => i === axis || couldBe(length, first[i])),
    );
    if (!fit) {
      throw valueError(
        `A \`Concatenate\` layer requires inputs with matching shapes except for the concatenation axis. ${received}`,
      );
    }
    const lengths = inputShapes.map((shape) => shape[axis] ?? null);
    return first.with(
      axis,
      lengths.reduce((sum, length) => (sum === null || length === null ? null : sum + length), 0),
    );
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    const output = zeros(knownDims(this.computeOutputShape(inputs.map(({ shape }) => shape)), "The joined shape"));
    for (const { input, from, to, length } of this.#pieces(inputs)) {
      output.data.set(inputs[input]?.data.subarray(from, from + length) ?? [], to);
    }
    return output;
  }

  override backward({ inputs, gradient }: BackwardPass): LayerGradients {
    const results = inputs.map(({ size }) => new Float64Array(size));
    for (const { input, from, to, length } of this.#pieces(inputs)) {
      results[input]?.set(gradient.subarray(to, to + length), from);
    }
    return { inputs: results, weights: {} };
  }

  override getConfig() {
    return { ...this.baseConfig(), axis: this.axis };
  }

  /** The runs of values that stay together: the number of their input, where they lie in it and in the output. */
  *#pieces(inputs: readonly Tensor<Float32Array>[]): Generator<Piece> {
    const [first = []] = inputs.map(({ shape }) => shape);
    const axis = this.#axisIn(first);
    const lengths = inputs.map(({ shape }) => sizeOf(shape.slice(axis)));
    let to = 0;
    for (let run = 0; run < sizeOf(first.slice(0, axis)); run++) {
      for (const [input, length] of lengths.entries()) {
        yield { input, from: run * length, to, length };
        to += length;
      }
    }
  }

  #axisIn(shape: Shape): number {
    const axis = this.axis < 0 ? this.axis + shape.length : this.axis;
    if (axis > 0 && axis < shape.length) return axis;
    throw valueError(
      `Layer '${this.name}' joins tensors along axis ${this.axis}. Received an input of shape ${formatShape(shape)}.`,
    );
  }
}

function couldBe(length: number | null, other: number | null | undefined): boolean {
  return length === null || other === null || length === other;
}
