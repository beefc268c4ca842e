/** TensorFlow's operators over windows of pictures: convolutions, pooling, padding. */
import type { Padding2D } from "../../../core/padding.ts";
import { type Dims, formatShape } from "../../../core/shape.ts";
import { reshaped } from "../../derived-tensor.ts";
import type { StoredTensor } from "../../stored-tensor.ts";
import { convolved } from "../tensorflow-dilation.ts";
import type { Value } from "../value.ts";
import { fused } from "./activations.ts";
import type { Item, Operation } from "./operation.ts";

function padding(operation: Operation): Padding2D | "same" | "valid" {
  const mode = operation.attributes.text("padding") ?? "VALID";
  if (mode === "SAME") return "same";
  if (mode === "VALID") return "valid";
  if (mode === "EXPLICIT") return zerosAround(operation, operation.attributes.integers("explicit_paddings"));
  throw operation.broken(`has padding=${mode.slice(0, 40)}.`);
}

/** Zeros before and after each of four axes. */
function zerosAround(operation: Operation, given: Dims): Padding2D {
  const [batch, batchAfter, top = 0, bottom = 0, left = 0, right = 0, channels, channelsAfter] = given;
  const isPlain = [batch, batchAfter, channels, channelsAfter].every((count) => count === 0) && given.length === 8;
  if (!isPlain || [top, bottom, left, right].some((count) => !(count >= 0 && count < 2 ** 16))) {
    throw operation.unsupported(`pads by ${formatShape(given)}; read are zeros around rows and columns.`);
  }
  return [
    [top, bottom],
    [left, right],
  ];
}

/** Kernels are (rows, cols, channels of a group, filters). */
export function convolution(operation: Operation): Item {
  const kernel = operation.constant(1);
  return convolve(operation, kernel, (x) => (x.shape.at(-1) ?? 0) / (kernel.shape[2] ?? 1));
}

/** Kernels are (rows, cols, channels, filters of each). */
export function depthwise(operation: Operation): Item {
  const kernel = operation.constant(1);
  const [rows = 1, cols = 1, channels = 1, multiplier = 1] = kernel.shape;
  if (kernel.shape.length !== 4) throw operation.broken(`has a kernel of shape ${formatShape(kernel.shape)}.`);
  return convolve(operation, reshaped(kernel, [rows, cols, 1, channels * multiplier]), () => channels);
}

function convolve(operation: Operation, kernel: StoredTensor, groupsOf: (x: Value) => number): Item {
  operation.expectChannelsLast();
  const { builder, hint } = operation;
  const steps = {
    strides: operation.pair("strides"),
    dilation: operation.pair("dilations"),
    padding: padding(operation),
  };
  return convolved(operation, steps, (x, taken) =>
    fused(operation, builder.convolution(x, { kernel, ...taken, groups: groupsOf(x) }, hint)),
  );
}

export function averagePool(operation: Operation): Item {
  const { builder, hint } = operation;
  const { x, size, strides, mode, isWhole } = pool(operation);
  return isWhole ? builder.globalAverage(x, true, hint) : builder.averagePool(x, size, strides, mode, hint);
}

export function maxPool(operation: Operation): Item {
  const { builder, hint } = operation;
  const { x, size, strides, mode, isWhole } = pool(operation);
  if (isWhole) return builder.layer("GlobalMaxPooling2D", hint, { keepdims: true }, [x]);
  if (typeof mode !== "string")
    throw operation.unsupported("pads pictures before it takes maxima, otherwise than Keras does.");
  return builder.layer("MaxPooling2D", hint, { poolSize: size, strides, padding: mode }, [x]);
}

/** A pool; one window as large as the picture is the whole of it. */
function pool(operation: Operation) {
  operation.expectChannelsLast();
  const x = operation.value(0);
  const [size, strides, mode] = [operation.pair("ksize"), operation.pair("strides"), padding(operation)];
  const isWhole = mode === "valid" && x.shape[1] === size[0] && x.shape[2] === size[1];
  return { x, size, strides, mode, isWhole };
}
