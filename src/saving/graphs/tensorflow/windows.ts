/** TensorFlow's operators over windows of pictures: convolutions, pooling, padding. */
import type { Padding2D } from "../../../core/padding.ts";
import { type Dims, formatShape } from "../../../core/shape.ts";
import { reshaped } from "../../derived-tensor.ts";
import { fused } from "./activations.ts";
import type { Item, Operation } from "./operation.ts";

function padding(operation: Operation): Padding2D | "same" | "valid" {
  const mode = operation.attributes.text("padding") ?? "VALID";
  if (mode === "SAME") return "same";
  if (mode === "VALID") return "valid";
  if (mode === "EXPLICIT") return zeros(operation, operation.attributes.integers("explicit_paddings"));
  throw operation.broken(`has padding=${mode.slice(0, 40)}.`);
}

/** Zeros before and after each of four axes. */
function zeros(operation: Operation, given: Dims): Padding2D {
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
  operation.expectChannelsLast();
  const x = operation.value(0);
  const kernel = operation.constant(1);
  const value = operation.builder.convolution(
    x,
    {
      kernel,
      strides: operation.pair("strides"),
      dilation: operation.pair("dilations"),
      padding: padding(operation),
      groups: (x.shape.at(-1) ?? 0) / (kernel.shape[2] ?? 1),
    },
    operation.hint,
  );
  return fused(operation, value);
}

/** Kernels are (rows, cols, channels, filters of each). */
export function depthwise(operation: Operation): Item {
  operation.expectChannelsLast();
  const kernel = operation.constant(1);
  const [rows = 1, cols = 1, channels = 1, multiplier = 1] = kernel.shape;
  if (kernel.shape.length !== 4) throw operation.broken(`has a kernel of shape ${formatShape(kernel.shape)}.`);
  const value = operation.builder.convolution(
    operation.value(0),
    {
      kernel: reshaped(kernel, [rows, cols, 1, channels * multiplier]),
      strides: operation.pair("strides"),
      dilation: operation.pair("dilations"),
      padding: padding(operation),
      groups: channels,
    },
    operation.hint,
  );
  return fused(operation, value);
}

export function averagePool(operation: Operation): Item {
  operation.expectChannelsLast();
  const mode = padding(operation);
  const [size, strides] = [operation.pair("ksize"), operation.pair("strides")];
  const x = operation.value(0);
  const [, rows, cols] = x.shape;
  if (mode === "valid" && rows === size[0] && cols === size[1])
    return operation.builder.globalAverage(x, true, operation.hint);
  return operation.builder.averagePool(x, size, strides, mode, operation.hint);
}
