/** The elementwise sum of tensors (keras.layers.Add), with broadcasting as in NumPy. */
import { valueError } from "../../core/errors.ts";
import { check } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import { type Dims, type Shape, broadcastIndices, formatShape, knownDims, sizeOf } from "../../core/shape.ts";
import { TENSORS, Tensor } from "../../core/tensor.ts";
import type { BackwardPass, LayerGradients } from "../gradients.ts";
import { type CallOptions, KerasTensor, Layer, type LayerInputs, type LayerOptions, SHAPES } from "../layer.ts";

/** Adds the tensors of a list element by element. Their shapes are equal, or can be broadcast to one another. */
export class Add extends Layer {
  readonly className = "Add";

  /** @throws ValueError for an unknown option. */
  constructor(options: LayerOptions = {}) {
    checkOptions("Add", options, { name: true, trainable: true });
    super(options);
  }

  override apply(inputs: KerasTensor | readonly KerasTensor[], options?: CallOptions): KerasTensor;
  override apply(inputs: Tensor | readonly Tensor[], options?: CallOptions): Promise<Tensor<Float32Array>>;
  override apply(inputs: LayerInputs, options?: CallOptions): KerasTensor | Promise<Tensor<Float32Array>>;
  override apply(inputs: LayerInputs, options?: CallOptions): KerasTensor | Promise<Tensor<Float32Array>> {
    if (inputs instanceof KerasTensor || inputs instanceof Tensor) {
      throw valueError(
        `A merge layer should be called on a list of inputs. Received: input_shape=${formatShape(inputs.shape)} (not a list of shapes)`,
      );
    }
    return super.apply(inputs, options);
  }

  override computeOutputShape(inputShapes: readonly Shape[]): Shape {
    check(`layer "${this.name}"`, "inputShapes", inputShapes, SHAPES);
    const [first, ...others] = inputShapes;
    if (first === undefined) {
      throw valueError(
        "A merge layer should be called on a list of at least 1 input. Received 0 inputs. Full input_shape received: []",
      );
    }
    const batches = new Set(inputShapes.flatMap((shape) => shape.slice(0, 1)).filter((batch) => batch !== null));
    if (batches.size > 1) {
      throw valueError(
        `Cannot merge tensors with different batch sizes. Received tensors with shapes ${formatShapes(inputShapes)}`,
      );
    }
    const [batch = null] = batches;
    return [batch, ...others.reduce<Shape>((sum, shape) => broadcast(sum, shape.slice(1)), first.slice(1))];
  }

  override forward(inputs: readonly Tensor<Float32Array>[]): Tensor<Float32Array> {
    check(`layer "${this.name}"`, "inputs", inputs, TENSORS);
    const shape = knownDims(this.computeOutputShape(inputs.map((input) => input.shape)), "The sum's shape");
    const sums = new Float64Array(sizeOf(shape));
    for (const input of inputs) {
      const indices = input.size === sums.length ? undefined : indicesInto(input.shape, shape);
      for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? NaN) + (input.data[indices?.[i] ?? i] ?? NaN);
    }
    return new Tensor(shape, Float32Array.from(sums));
  }

  override backward({ inputs, gradient }: BackwardPass): LayerGradients {
    const shape = knownDims(this.computeOutputShape(inputs.map((input) => input.shape)), "The sum's shape");
    const gradientOf = (input: Tensor<Float32Array>): Float64Array => {
      if (input.size === gradient.length) return gradient;
      const indices = indicesInto(input.shape, shape);
      const sums = new Float64Array(input.size);
      for (const [i, index] of indices.entries()) sums[index] = (sums[index] ?? NaN) + (gradient[i] ?? NaN);
      return sums;
    };
    return { inputs: inputs.map(gradientOf), weights: {} };
  }
}

/** The shape of an elementwise sum, without the batch axis (keras.src.layers.merging.base_merge). */
function broadcast(a: Shape, b: Shape): Shape {
  if (a.length < b.length) return broadcast(b, a);
  const missing = a.length - b.length;
  return a.map((axis, i) => {
    const other = i < missing ? 1 : (b[i - missing] ?? null);
    if (i < missing || other === axis || other === 1) return axis;
    if (axis === 1) return other;
    if (axis === null || other === null) return null;
    throw valueError(`Inputs have incompatible shapes. Received shapes ${formatShape(a)} and ${formatShape(b)}`);
  });
}

/** For each element of `shape`, the index of the element that a smaller tensor contributes. Missing axes are inserted after the batch. */
function indicesInto(from: Dims, shape: Dims): Uint32Array {
  return broadcastIndices([from[0] ?? 1, ...shape.slice(from.length).fill(1), ...from.slice(1)], shape);
}

function formatShapes(shapes: readonly Shape[]): string {
  return `[${shapes.map(formatShape).join(", ")}]`;
}
