/** ONNX's operators on pictures: convolutions, pools, means over rows and columns, padding. */
import { type Padding2D, samePadding } from "../../../core/padding.ts";
import { formatShape } from "../../../core/shape.ts";
import { transposed } from "../../derived-tensor.ts";
import type { StoredTensor } from "../../stored-tensor.ts";
import type { Operator } from "./constants.ts";
import { CHANNELS_FIRST, type OnnxOperation, type ValueItem, onnxShape } from "../operation.ts";
import { withoutAxes } from "./shapes.ts";

/** A picture with its channels first, which convolutions and pools of ONNX take. */
function expectPicture(operation: OnnxOperation, x: ValueItem): void {
  if (x.axes.join() !== CHANNELS_FIRST.join()) {
    throw operation.unsupported(
      `takes a tensor with the axes ${formatShape(onnxShape(x))}; read are pictures: (batch, channels, rows, cols).`,
    );
  }
  if ((x.value.shape[3] ?? null) === null) {
    throw operation.unsupported(
      `takes a picture of shape ${formatShape(onnxShape(x))}, whose number of channels is not known.`,
    );
  }
}

function picture(operation: OnnxOperation): ValueItem {
  const x = operation.value(0);
  expectPicture(operation, x);
  return x;
}

/** What a window does: its size, its steps, and the padding around the picture. */
interface Window {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilation: readonly [number, number];
}

const TOO_MANY = 2 ** 16;

/** The padding of a window over a picture, by the attributes `auto_pad` and `pads`. */
function windowPadding(operation: OnnxOperation, x: ValueItem, window: Window): Padding2D | "same" | "valid" {
  const mode = operation.attribute("auto_pad")?.text ?? "NOTSET";
  if (mode === "SAME_UPPER") return "same";
  if (mode === "VALID") return "valid";
  if (mode === "SAME_LOWER") {
    const [[top, bottom], [left, right]] = samePads(operation, x, window);
    return [
      [bottom, top],
      [right, left],
    ];
  }
  if (mode !== "NOTSET") throw operation.unsupported(`has auto_pad=${mode}, which is not read.`);
  const [top = 0, left = 0, bottom = 0, right = 0, ...more] = operation.integers("pads") ?? [];
  const pads: Padding2D = [
    [top, bottom],
    [left, right],
  ];
  if (more.length > 0 || pads.flat().some((zeros) => !(zeros >= 0 && zeros < TOO_MANY))) {
    throw operation.unsupported(`has pads=[${(operation.integers("pads") ?? []).slice(0, 8).join(", ")}].`);
  }
  return pads;
}

/** The zeros of the padding `same`, the odd one behind. */
function samePads(operation: OnnxOperation, { value }: ValueItem, { size, strides, dilation }: Window): Padding2D {
  const along = (axis: 0 | 1): readonly [number, number] => {
    const extent = dilation[axis] * (size[axis] - 1) + 1;
    const length = value.shape[axis + 1] ?? null;
    if (length !== null) return samePadding(length, extent, strides[axis]);
    if (strides[axis] === 1) return samePadding(extent, extent, 1);
    throw operation.unsupported("pads by the size of the picture, which is not known.");
  };
  return [along(0), along(1)];
}

/** The kernel of a convolution of pictures, (filters, channels of a group, rows, cols), and how it goes over a picture; `i` is the kernel's input. */
function kernelWindow(operation: OnnxOperation, i: number): Window & { readonly kernel: StoredTensor } {
  const kernel = operation.constant(i);
  const [, , rows = 1, cols = 1] = kernel.shape;
  if (kernel.shape.length !== 4) {
    throw operation.unsupported(
      `has a kernel of shape ${formatShape(kernel.shape)}; read are convolutions of pictures.`,
    );
  }
  const [down, across] = operation.pair("dilations", [1, 1]);
  // A kernel of one row or column has nothing between its places.
  const dilation = [rows === 1 ? 1 : down, cols === 1 ? 1 : across] as const;
  return { kernel, size: [rows, cols], strides: operation.pair("strides", [1, 1]), dilation };
}

function conv(operation: OnnxOperation): ValueItem {
  const x = picture(operation);
  return convolution(operation, x, { bias: operation.optionalConstant(2) });
}

/** A convolution of a picture with the kernel that is input 1, or one that is made of it. */
export function convolution(
  operation: OnnxOperation,
  x: ValueItem,
  options: { readonly bias?: StoredTensor | undefined; readonly kernel?: StoredTensor } = {},
): ValueItem {
  expectPicture(operation, x);
  const window = kernelWindow(operation, 1);
  const value = operation.builder.convolution(
    x.value,
    {
      kernel: transposed(options.kernel ?? window.kernel, [2, 3, 1, 0]),
      bias: options.bias,
      strides: window.strides,
      dilation: window.dilation,
      padding: windowPadding(operation, x, window),
      groups: operation.integer("group", 1),
    },
    operation.hint,
  );
  return { ...x, value };
}

function globalAveragePool(operation: OnnxOperation): ValueItem {
  const x = picture(operation);
  return { ...x, value: operation.builder.globalAverage(x.value, true, operation.hint) };
}

function globalMaxPool(operation: OnnxOperation): ValueItem {
  const x = picture(operation);
  return { ...x, value: operation.builder.layer("GlobalMaxPooling2D", operation.hint, { keepdims: true }, [x.value]) };
}

/** The mean of each window. */
function averagePool(operation: OnnxOperation): ValueItem {
  const x = picture(operation);
  const { builder, hint } = operation;
  const size = operation.pair("kernel_shape", [1, 1]);
  const window: Window = { size, strides: operation.pair("strides", [1, 1]), dilation: [1, 1] };
  const isDilated = operation.pair("dilations", [1, 1]).some((step, i) => step !== 1 && size[i] !== 1);
  const padding = windowPadding(operation, x, window);
  const pads = padding === "same" ? samePads(operation, x, window) : padding === "valid" ? NONE : padding;
  if (isDilated || (operation.integer("ceil_mode", 0) !== 0 && !isWhole(x, window, pads))) {
    throw operation.unsupported("dilates, or goes beyond the picture (ceil_mode), as no layer of Keras does.");
  }
  if (operation.integer("count_include_pad", 0) === 0 || pads.flat().every((zeros) => zeros === 0)) {
    return { ...x, value: builder.averagePool(x.value, size, window.strides, padding, hint) };
  }
  const wider = builder.pad(x.value, pads, `${hint}_pad`);
  return { ...x, value: builder.averagePool(wider, size, window.strides, "valid", hint) };
}

/** The maximum of each window, within the picture: padded as Keras's `same` or not at all. */
function maxPool(operation: OnnxOperation): ValueItem {
  const x = picture(operation);
  const { builder, hint } = operation;
  const size = operation.pair("kernel_shape", [1, 1]);
  const window: Window = { size, strides: operation.pair("strides", [1, 1]), dilation: [1, 1] };
  const isDilated = operation.pair("dilations", [1, 1]).some((step, i) => step !== 1 && size[i] !== 1);
  const given = windowPadding(operation, x, window);
  const pads = given === "same" ? samePads(operation, x, window) : given === "valid" ? NONE : given;
  if (isDilated || (operation.integer("ceil_mode", 0) !== 0 && !isWhole(x, window, pads))) {
    throw operation.unsupported("dilates, or goes beyond the picture (ceil_mode), as no layer of Keras does.");
  }
  const isPadded = pads.flat().some((zeros) => zeros !== 0);
  if (isPadded && pads.flat().join() !== samePads(operation, x, window).flat().join()) {
    throw operation.unsupported(`has padding ${formatShape(pads.flat())}; read is that of "same", or none.`);
  }
  const config = { poolSize: size, strides: window.strides, padding: isPadded ? "same" : "valid" };
  return { ...x, value: builder.layer("MaxPooling2D", hint, config, [x.value]) };
}

const NONE: Padding2D = [
  [0, 0],
  [0, 0],
];

/** Whether the last window ends where the picture does, so that nothing is rounded. */
function isWhole({ value }: ValueItem, { size, strides }: Window, pads: Padding2D): boolean {
  return ([0, 1] as const).every((axis) => {
    const length = value.shape[axis + 1] ?? NaN;
    return strides[axis] === 1 || (length + pads[axis][0] + pads[axis][1] - size[axis]) % strides[axis] === 0;
  });
}

/** The mean over rows, columns or both; of three axes, over the middle one of ours. */
function reduceMean(operation: OnnxOperation): ValueItem {
  const x = operation.value(0);
  const { builder, hint } = operation;
  const given = operation.integersOrInput("axes", 1) ?? [];
  const isNothing = given.length === 0 && operation.integer("noop_with_empty_axes", 0) !== 0;
  if (isNothing) return x;
  const rank = x.axes.length;
  const axes = given.map((axis) => operation.axis(axis, rank));
  const ours = axes.map((axis) => x.axes[axis] ?? 0).toSorted((a, b) => a - b);
  const keepdims = operation.integer("keepdims", 1) !== 0;
  if (rank === 4 && ours.join() === "1,2") {
    const value = builder.globalAverage(x.value, keepdims, hint);
    return keepdims ? { ...x, value } : { ...x, value, axes: [0, 1] };
  }
  const [over = 0, ...more] = ours;
  const [rows = null, cols = null] = x.value.shape.slice(1);
  const length = over === 1 ? rows : cols;
  const isOfPicture = more.length === 0 && over > 0 && over < rank - 1 && length !== null;
  if (!isOfPicture || !(rank === 4 || (rank === 3 && cols !== null))) {
    throw operation.unsupported(`is over the axes [${given.join(", ")}]; read is the mean over rows and columns.`);
  }
  if (rank === 3) {
    const tall = builder.reshape(x.value, [length, 1, cols ?? 1], `${hint}_rows`);
    const value = builder.globalAverage(tall, false, hint);
    return keepdims ? { ...x, value: builder.reshape(value, [1, cols ?? 1], hint) } : { ...x, value, axes: [0, 1] };
  }
  const size = over === 1 ? ([length, 1] as const) : ([1, length] as const);
  const mean = { ...x, value: builder.averagePool(x.value, size, size, "valid", hint) };
  return keepdims ? mean : withoutAxes(operation, mean, axes);
}

function pad(operation: OnnxOperation): ValueItem {
  const x = operation.value(0);
  const rank = x.axes.length;
  const given = operation.integersOrInput("pads", 1) ?? [];
  const mode = operation.attribute("mode")?.text ?? "constant";
  const fill = operation.optional(2) === undefined ? operation.float("value", 0) : operation.scalar(2);
  const onAxes = operation.optional(3) === undefined ? x.axes.map((_, i) => i) : operation.known(3);
  if (given.length !== 2 * onAxes.length) throw operation.broken(`has ${given.length} pads for ${onAxes.length} axes.`);
  if (given.every((zeros) => zeros === 0)) return x;
  const before = [0, 0, 0, 0];
  const after = [0, 0, 0, 0];
  for (const [i, axis] of onAxes.entries()) {
    const our = x.axes[operation.axis(axis, rank)] ?? 0;
    before[our] = given[i] ?? 0;
    after[our] = given[i + onAxes.length] ?? 0;
  }
  const [batch, top = 0, left = 0, channels] = before;
  const [batchAfter, bottom = 0, right = 0, channelsAfter] = after;
  const others = [batch, channels, batchAfter, channelsAfter];
  if (rank !== 4 || mode !== "constant" || fill !== 0 || others.some((zeros) => zeros !== 0)) {
    throw operation.unsupported(`(mode ${mode}, value ${fill}) is not read: only zeros around rows and columns are.`);
  }
  if ([top, left, bottom, right].some((zeros) => !(zeros >= 0 && zeros < TOO_MANY))) {
    throw operation.unsupported(`has the pads [${given.join(", ")}].`);
  }
  const padding: Padding2D = [
    [top, bottom],
    [left, right],
  ];
  return { ...x, value: operation.builder.pad(x.value, padding, operation.hint) };
}

export const WINDOW_OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["AveragePool", averagePool],
  ["Conv", conv],
  ["GlobalAveragePool", globalAveragePool],
  ["GlobalMaxPool", globalMaxPool],
  ["MaxPool", maxPool],
  ["Pad", pad],
  ["ReduceMean", reduceMean],
]);
