/** Writes convolutions in TFLite's operators, and the zeros around pictures. */
import { samePadding } from "../../../core/padding.ts";
import { type Convolution, type Pad, sameDims } from "../../../lowering/operations.ts";
import type { Picture } from "../../../lowering/picture.ts";
import { UNIT_WINDOW, type Window, hasPads } from "../../../lowering/windows.ts";
import type { QuantizedWeights } from "../../../quantization/network.ts";
import { WEIGHT_LIMIT } from "../../../quantization/scheme.ts";
import { conv2DOptions, depthwiseConv2DOptions, fullyConnectedOptions, padOptions } from "./schema.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Quantization } from "./values.ts";
import { type KernelLayout, floatWeights, integerWeights, withOneScale } from "./weights.ts";

/** A convolution alone. */
export function writeSums(
  around: Surroundings,
  operation: Convolution,
  output: number,
  {
    name,
    weights,
    quantization,
    activation,
  }: {
    name: string;
    weights: QuantizedWeights | undefined;
    quantization: Quantization | undefined;
    activation: number;
  },
): void {
  const { graph, values, dtype } = around;
  const { window, groups, from, to, kernel } = operation;
  const shape = values.shape(operation.output);
  const input = quantization && values.quantization(operation.input);
  let x = quantization === undefined ? values.float(operation.input) : values.integer(operation.input);
  const tensors = (layout: KernelLayout, given = weights): readonly number[] =>
    input === undefined || given === undefined
      ? floatWeights(graph, name, operation, { weights, dtype, layout })
      : integerWeights(graph, name, given, { input, layout });
  if (shape.length !== 4) {
    const layout = { shape: [to.channels, kernel.size / to.channels], filters: to.channels, axis: 0 };
    const inputs = [x, ...tensors(layout, weights && withOneScale(weights))];
    const keepsAxes = shape.length !== 2;
    const version = keepsAxes ? 5 : quantization === undefined ? 1 : 4;
    graph.operator("FULLY_CONNECTED", {
      inputs,
      output,
      version,
      options: fullyConnectedOptions(activation, keepsAxes),
    });
    return;
  }
  const { rows, cols, strides, dilation } = window;
  const padding = paddingOf(window, from);
  if (padding === undefined)
    x = padded(around, x, from, { pads: window.pads, name: `${name}/pad`, quantization: input });
  const options = { padding: padding ?? "valid", strides, dilation, activation } as const;
  if (groups === from.channels && groups > 1) {
    const layout = { shape: [1, rows, cols, to.channels], filters: undefined, axis: 3 };
    const version = quantization !== undefined ? 3 : dilation.some((step) => step > 1) ? 2 : 1;
    graph.operator("DEPTHWISE_CONV_2D", {
      inputs: [x, ...tensors(layout)],
      output,
      version,
      options: depthwiseConv2DOptions(options, to.channels / groups),
    });
    return;
  }
  const perGroup = kernel.size / (rows * cols * to.channels);
  const layout = { shape: [to.channels, rows, cols, perGroup], filters: to.channels, axis: 0 };
  const version = groups > 1 ? 6 : quantization === undefined ? 1 : 3;
  graph.operator("CONV_2D", { inputs: [x, ...tensors(layout)], output, version, options: conv2DOptions(options) });
}

/** A picture with zeros around it, between two operators. */
function padded(
  around: Surroundings,
  x: number,
  from: Picture,
  { pads, name, quantization }: { pads: Pad["pads"]; name: string; quantization: Quantization | undefined },
): number {
  const [[top, bottom], [left, right]] = pads;
  const shape = [1, top + from.rows + bottom, left + from.cols + right, from.channels];
  const output = around.values.part(shape, name, quantization);
  writePad(around, x, output, { pads, name, isInteger: quantization !== undefined });
  return output;
}

/** Zeros around the picture `x`, which give `output`. */
export function writePad(
  { graph }: Surroundings,
  x: number,
  output: number,
  { pads, name, isInteger }: { pads: Pad["pads"]; name: string; isInteger: boolean },
): void {
  const zeros = graph.constant(
    { name: `${name}/paddings`, shape: [4, 2], type: "int32" },
    Int32Array.from([0, 0, ...pads.flat(), 0, 0]),
  );
  graph.operator("PAD", { inputs: [x, zeros], output, version: isInteger ? 2 : 1, options: padOptions });
}

/** TFLite's padding of a window; undefined if the zeros are others. */
export function paddingOf(window: Window, { rows, cols }: Picture): "same" | "valid" | undefined {
  if (!hasPads(window)) return "valid";
  const { strides, dilation, pads } = window;
  const same = [
    samePadding(rows, (window.rows - 1) * dilation[0] + 1, strides[0]),
    samePadding(cols, (window.cols - 1) * dilation[1] + 1, strides[1]),
  ];
  return sameDims(same.flat(), pads.flat()) ? "same" : undefined;
}

/**
 * A factor and a summand for each channel of integers, as a depthwise convolution of single pixels: its weights have a scale for each
 * channel, which constants of MUL and ADD have not.
 */
export function writePixelConvolution(
  { graph, values }: Surroundings,
  operation: {
    readonly name: string;
    readonly input: number;
    readonly output: number;
    readonly scale: ArrayLike<number>;
    readonly offset: ArrayLike<number>;
  },
  quantization: { readonly input: Quantization; readonly output: Quantization },
): void {
  const { name, input, output, scale, offset } = operation;
  const weights = pixelWeights(scale, offset, quantization.input);
  const x = values.integer(input);
  const tensor = values.made(output, name, quantization.output);
  const layout = { shape: [1, 1, 1, scale.length], filters: undefined, axis: 3 };
  const { strides, dilation } = UNIT_WINDOW;
  graph.operator("DEPTHWISE_CONV_2D", {
    inputs: [x, ...integerWeights(graph, name, weights, { input: quantization.input, layout })],
    output: tensor,
    version: 3,
    options: depthwiseConv2DOptions({ padding: "valid", strides, dilation, activation: 0 }, 1),
  });
}

/** A factor and a summand for each channel as the weights of a depthwise convolution. */
function pixelWeights(scale: ArrayLike<number>, offset: ArrayLike<number>, input: Quantization): QuantizedWeights {
  const bias = Float32Array.from(offset);
  // Sums must fit 32 bits, as those of other weights do (src/quantization/quantize.ts).
  const scales = Float32Array.from(scale, (factor, c) =>
    Math.max(Math.abs(factor) / WEIGHT_LIMIT, Math.abs(bias[c] ?? 0) / input.scale / 2 ** 28, 2 ** -60),
  );
  const kernel = Int8Array.from(scale, (factor, c) => Math.round(factor / (scales[c] ?? 1)));
  return { kernel, scales, bias };
}
