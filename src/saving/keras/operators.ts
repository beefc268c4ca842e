/** The operations on tensors that are read (keras.src.ops in Keras 3, functions of TensorFlow in Keras 2): each becomes the layer that computes it. */
import type { Shape } from "../../core/shape.ts";
import type { LayerConfig } from "../../layers/layer.ts";
import { type Json, member } from "../bytes/json.ts";
import { expanded, squeezed, withNewAxes } from "./axes.ts";

/** An operation with its arguments, as both Kerases write it. */
export interface Operation {
  /** Keras 3's class or Keras 2's function: `Subtract`, `math.subtract`. */
  readonly name: string;
  /** What it is applied to, in order; undefined stands for a tensor. */
  readonly operands: readonly (Json | undefined)[];
  /** The other arguments by name; those that are null are left out. */
  readonly named: ReadonlyMap<string, Json>;
  /** The shape of the first tensor with the batch; undefined if the file does not say. */
  readonly shape: Shape | undefined;
}

/** A layer that does the same. */
export interface Equivalent {
  readonly className: string;
  readonly config: LayerConfig;
}

interface Operator {
  /** The arguments that it knows by name. */
  readonly knows: readonly string[];
  /** The layer; undefined if no layer does that. */
  readonly read: (operation: Operation) => Equivalent | undefined;
}

/** The layer that does the same as the operation; undefined if there is none. */
export function equivalentOf(operation: Operation): Equivalent | undefined {
  const found = OPERATORS.get(operation.name);
  const isKnown = [...operation.named.keys()].every((argument) => found?.knows.includes(argument) === true);
  return isKnown ? found?.read(operation) : undefined;
}

function layer(className: string, config: LayerConfig = {}): Equivalent {
  return { className, config };
}

/** One number for all channels, or one for each. */
type Factor = number | readonly number[];

function mapped(factor: Factor, change: (value: number) => number): Factor | undefined {
  const values = typeof factor === "number" ? [factor] : factor;
  const changed = values.map(change);
  if (!changed.every((value) => Number.isFinite(value))) return undefined;
  return typeof factor === "number" ? changed[0] : changed;
}

/** A constant that is one number or one a channel; undefined if it is otherwise broadcast, or none. */
function factorOf(value: Json | undefined, shape: Shape | undefined): Factor | undefined {
  const kind = member(value, "class_name");
  let constant = kind === "__numpy__" || kind === "__tensor__" ? member(member(value, "config"), "value") : value;
  let axes = 0;
  // (1, 1, 1, 3) is one a channel too.
  while (Array.isArray(constant) && Array.isArray(constant[0])) {
    if (constant.length !== 1 || ++axes > MAX_AXES) return undefined;
    constant = constant[0];
  }
  if (typeof constant === "number") return constant;
  if (!Array.isArray(constant) || (shape !== undefined && axes >= shape.length)) return undefined;
  const numbers = constant.filter((item: Json): item is number => typeof item === "number");
  return numbers.length === constant.length && numbers.length > 0 ? numbers : undefined;
}

const MAX_AXES = 8;

interface Change {
  readonly scale?: (constant: number) => number;
  readonly offset?: (constant: number) => number;
}

/** A tensor and a constant, in either order, as a scale and an offset. `reversed`: if the constant comes first. */
function arithmetic(change: Change, reversed?: Change & { readonly sign?: number }): Operator["read"] {
  return ({ operands, shape }) => {
    const [a, b, ...more] = operands;
    if (operands.length !== 2 || more.length > 0 || (a === undefined) === (b === undefined)) return undefined;
    const how = a === undefined ? change : reversed;
    const constant = factorOf(a ?? b, shape);
    if (how === undefined || constant === undefined) return undefined;
    const sign = a === undefined ? 1 : (reversed?.sign ?? 1);
    const scale = how.scale === undefined ? sign : mapped(constant, how.scale);
    const offset = how.offset === undefined ? 0 : mapped(constant, how.offset);
    return scale === undefined || offset === undefined ? undefined : layer("Rescaling", { scale, offset });
  };
}

const itself = (constant: number): number => constant;
const product = arithmetic({ scale: itself }, { scale: itself });
const plusConstant = arithmetic({ offset: itself }, { offset: itself });

function sum(operation: Operation): Equivalent | undefined {
  const { operands } = operation;
  const areTensors = operands.length > 1 && operands.every((operand) => operand === undefined);
  return areTensors ? layer("Add") : plusConstant(operation);
}

/** An operation on one tensor. */
function unary(
  read: (named: ReadonlyMap<string, Json>, shape: Shape | undefined) => Equivalent | undefined,
): Operator["read"] {
  return ({ operands, named, shape }) =>
    operands.length === 1 && operands[0] === undefined ? read(named, shape) : undefined;
}

/** An activation whose other arguments are what our activation of that name has built in. */
function activation(
  names: readonly string[],
  ours: string,
  builtIn: Readonly<Record<string, Json>> = {},
): readonly (readonly [string, Operator])[] {
  const read = unary((named) => {
    const fits = Object.entries(builtIn).every(([argument, value]) => (named.get(argument) ?? value) === value);
    return fits ? layer("Activation", { activation: ours }) : undefined;
  });
  return operator(names, Object.keys(builtIn), read);
}

function bounded(low: Json | undefined, high: Json | undefined): Equivalent | undefined {
  if (low === 0 && high === undefined) return layer("Activation", { activation: "relu" });
  if (low === 0 && typeof high === "number" && high > 0) return layer("ReLU", { maxValue: high });
  return low === -1 && high === 1 ? layer("Activation", { activation: "hard_tanh" }) : undefined;
}

/** Over the rows and columns of a picture: the axes 1 and 2. */
function globalPool(className: string): Operator["read"] {
  return unary((named, shape) => {
    const axes = new Set(numbersIn(named.get("axis")).map((axis) => (axis < 0 ? axis + 4 : axis)));
    const isOfPictures = shape === undefined || shape.length === 4;
    if (axes.size !== 2 || !axes.has(1) || !axes.has(2) || !isOfPictures) return undefined;
    return layer(className, { keepdims: named.get("keepdims") === true });
  });
}

/** Pools in a sliding window; TensorFlow may count the axes of the batch and the channels too: [1, 2, 2, 1]. */
function windowPool(className: string): Operator["read"] {
  return unary((named, shape) => {
    const poolSize = pairOf(named.get("pool_size") ?? named.get("ksize"));
    const strides = named.has("strides") ? pairOf(named.get("strides")) : poolSize;
    const padding = textOf(named.get("padding") ?? "valid");
    if (shape !== undefined && shape.length !== 4) return undefined;
    if (poolSize === undefined || strides === undefined || !isChannelsLast(named)) return undefined;
    return padding === "same" || padding === "valid" ? layer(className, { poolSize, strides, padding }) : undefined;
  });
}

function pairOf(value: Json | undefined): readonly [number, number] | undefined {
  const list = Array.isArray(value) ? value : [value, value];
  const [first, second, ...more]: readonly (Json | undefined)[] =
    list.length === 4 && list[0] === 1 && list[3] === 1 ? list.slice(1, 3) : list;
  const isPair = typeof first === "number" && typeof second === "number" && more.length === 0;
  return isPair ? [first, second] : undefined;
}

/** The numbers of a list, or the only one. */
function numbersIn(value: Json | undefined): readonly number[] {
  const list: readonly (Json | undefined)[] = Array.isArray(value) ? value : [value];
  return list.filter((item): item is number => typeof item === "number");
}

/** A text in lower case; nothing for anything else. */
function textOf(value: Json): string {
  return typeof value === "string" ? value.toLowerCase() : "";
}

function isChannelsLast(named: ReadonlyMap<string, Json>): boolean {
  const format = named.get("data_format");
  return format === undefined || format === "channels_last" || format === "NHWC";
}

/** A new shape whose first axis is the batch: -1, or not known. */
function reshape(named: ReadonlyMap<string, Json>): Equivalent | undefined {
  const target = named.get("newshape") ?? named.get("shape");
  const [batch, ...axes]: readonly Json[] = Array.isArray(target) ? target : [0];
  const lengths = axes.filter((axis): axis is number => typeof axis === "number" && Number.isSafeInteger(axis));
  if ((batch !== -1 && batch !== null) || lengths.length < axes.length) return undefined;
  return reshapedTo(lengths, batch === -1 ? 0 : 1);
}

/** @param free how many of the axes may be -1 */
function reshapedTo(lengths: readonly number[], free: number): Equivalent | undefined {
  const unknown = lengths.filter((length) => length === -1).length;
  const fits = unknown <= free && lengths.every((length) => length >= -1);
  return fits ? layer("Reshape", { targetShape: lengths }) : undefined;
}

/** Axes of length 1 that are put in or taken out; the shape has to be known. */
function axesOfOne(change: (axes: Shape, at: readonly number[]) => Shape | undefined): Operator["read"] {
  return unary((named, shape) => {
    const at = numbersIn(named.get("axis"));
    const changed = shape === undefined || at.length === 0 ? undefined : change(shape, at);
    return changed && reshapedTo(known(changed.slice(1)), 1);
  });
}

/** `x[..., None]`: Keras 3 has the key among the operands, Keras 2 by name. */
function newAxes({ operands, named, shape }: Operation): Equivalent | undefined {
  const [x, key = named.get("slice_spec"), ...more] = operands;
  if (x !== undefined || more.length > 0 || shape === undefined) return undefined;
  const [, ...lengths] = withNewAxes(shape, key) ?? [];
  return lengths.length === 0 ? undefined : reshapedTo(known(lengths), 1);
}

/** -1 stands for a length that is not known. */
function known(shape: Shape): readonly number[] {
  return shape.map((length) => length ?? -1);
}

/** Axes taken out by their numbers; those of rows and columns also if the shape is not known. */
function squeeze(operation: Operation): Equivalent | undefined {
  const read = axesOfOne(squeezed)(operation);
  const at = numbersIn(operation.named.get("axis")).toSorted((a, b) => a - b);
  const arePixels = ["1,2", "-3,-2"].includes(at.join());
  return read ?? (operation.shape === undefined && arePixels ? unary(() => layer("Flatten"))(operation) : undefined);
}

function concatenate({ operands, named }: Operation): Equivalent | undefined {
  const axis = named.get("axis");
  const areTensors = operands.length > 0 && operands.every((operand) => operand === undefined);
  return areTensors && typeof axis === "number" && axis !== 0 ? layer("Concatenate", { axis }) : undefined;
}

function resize(named: ReadonlyMap<string, Json>): Equivalent | undefined {
  const size = pairOf(named.get("size"));
  const interpolation = textOf(named.get("interpolation") ?? named.get("method") ?? "bilinear");
  const refused = named.get("antialias") === true || named.get("preserve_aspect_ratio") === true;
  if (size === undefined || !Array.isArray(named.get("size")) || refused || !isChannelsLast(named)) return undefined;
  if (interpolation !== "bilinear" && interpolation !== "nearest") return undefined;
  if ((named.get("fill_mode") ?? "constant") !== "constant") return undefined;
  const [height, width] = size;
  const cropToAspectRatio = named.get("crop_to_aspect_ratio") === true;
  const padToAspectRatio = named.get("pad_to_aspect_ratio") === true;
  const fillValue = named.get("fill_value") ?? 0;
  return layer("Resizing", { height, width, interpolation, cropToAspectRatio, padToAspectRatio, fillValue });
}

/** Zeros around the rows and columns of pictures. */
function pad(named: ReadonlyMap<string, Json>): Equivalent | undefined {
  const widths = named.get("pad_width") ?? named.get("paddings") ?? null;
  const isZero = textOf(named.get("mode") ?? "constant") === "constant" && (named.get("constant_values") ?? 0) === 0;
  const pairs = (Array.isArray(widths) ? widths : []).map(pairOf);
  const [batch, rows, columns, channels] = pairs;
  const inside = pairs.length === 4 && batch?.join() === "0,0" && channels?.join() === "0,0";
  return isZero && inside && rows !== undefined && columns !== undefined
    ? layer("ZeroPadding2D", { padding: [rows, columns] })
    : undefined;
}

/** Values of another type of floats: here all are float32. */
function cast(named: ReadonlyMap<string, Json>): Equivalent | undefined {
  return /^b?float(?:16|32|64)$/.test(textOf(named.get("dtype") ?? ""))
    ? layer("Activation", { activation: "linear" })
    : undefined;
}

function softmax(fallback: number | undefined): Operator["read"] {
  return unary((named) => {
    const axis = named.get("axis") ?? fallback;
    return typeof axis === "number" ? layer("Softmax", { axis }) : undefined;
  });
}

function leakyRelu(argument: string): Operator["read"] {
  return unary((named) => {
    const negativeSlope = named.get(argument) ?? 0.2;
    return typeof negativeSlope === "number" ? layer("ReLU", { negativeSlope }) : undefined;
  });
}

function operator(
  names: readonly string[],
  knows: readonly string[],
  read: Operator["read"],
): readonly (readonly [string, Operator])[] {
  return names.map((name) => [name, { knows, read }]);
}

const POOL_ARGUMENTS: readonly string[] = ["pool_size", "ksize", "strides", "padding", "data_format"];

const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ...operator(["Add", "math.add", "__operators__.add", "math.add_n"], [], sum),
  ...operator(["Subtract", "math.subtract"], [], arithmetic({ offset: (c) => -c }, { offset: itself, sign: -1 })),
  ...operator(["Multiply", "math.multiply"], [], product),
  ...operator(["TrueDivide", "Divide", "math.truediv", "math.divide"], [], arithmetic({ scale: (c) => 1 / c })),
  ...operator(
    ["Negative", "math.negative"],
    [],
    unary(() => layer("Rescaling", { scale: -1, offset: 0 })),
  ),
  ...operator(["nn.bias_add"], ["bias", "data_format"], ({ operands, named, shape, name }) =>
    isChannelsLast(named)
      ? plusConstant({ name, named, shape, operands: [...operands, named.get("bias") ?? null] })
      : undefined,
  ),
  ...operator(["Mean", "math.reduce_mean"], ["axis", "keepdims"], globalPool("GlobalAveragePooling2D")),
  ...operator(["Max", "math.reduce_max"], ["axis", "keepdims"], globalPool("GlobalMaxPooling2D")),
  ...operator(["AveragePool", "nn.avg_pool2d", "nn.avg_pool"], POOL_ARGUMENTS, windowPool("AveragePooling2D")),
  ...operator(["MaxPool", "nn.max_pool2d", "nn.max_pool"], POOL_ARGUMENTS, windowPool("MaxPooling2D")),
  ...operator(["Reshape", "reshape"], ["newshape", "shape"], unary(reshape)),
  ...operator(["ExpandDims", "expand_dims"], ["axis"], axesOfOne(expanded)),
  ...operator(["Squeeze", "compat.v1.squeeze", "squeeze"], ["axis"], squeeze),
  ...operator(["GetItem", "__operators__.getitem"], ["slice_spec"], newAxes),
  ...operator(
    ["keras.backend.batch_flatten"],
    [],
    unary(() => layer("Flatten")),
  ),
  ...operator(["Concatenate", "concat"], ["axis"], concatenate),
  ...operator(["Pad", "compat.v1.pad", "pad"], ["pad_width", "paddings", "mode", "constant_values"], unary(pad)),
  ...operator(
    ["Resize", "image.resize"],
    [
      "size",
      "interpolation",
      "method",
      "antialias",
      "preserve_aspect_ratio",
      "data_format",
      "crop_to_aspect_ratio",
      "pad_to_aspect_ratio",
      "fill_mode",
      "fill_value",
    ],
    unary(resize),
  ),
  ...operator(["Cast", "cast"], ["dtype"], unary(cast)),
  ...operator(
    ["Clip"],
    ["x_min", "x_max"],
    unary((named) => bounded(named.get("x_min"), named.get("x_max"))),
  ),
  ...operator(
    ["clip_by_value"],
    ["clip_value_min", "clip_value_max"],
    unary((named) => bounded(named.get("clip_value_min"), named.get("clip_value_max"))),
  ),
  ...operator(["Maximum", "math.maximum"], [], ({ operands }) =>
    operands.length === 2 && operands.includes(undefined) && operands.includes(0) ? bounded(0, undefined) : undefined,
  ),
  ...operator(["Softmax"], ["axis"], softmax(undefined)),
  ...operator(["nn.softmax"], ["axis"], softmax(-1)),
  ...operator(["LeakyRelu"], ["negative_slope"], leakyRelu("negative_slope")),
  ...operator(["nn.leaky_relu"], ["alpha"], leakyRelu("alpha")),
  ...operator(
    ["ReLU"],
    ["negative_slope", "max_value", "threshold"],
    unary((named) =>
      layer("ReLU", {
        negativeSlope: named.get("negative_slope") ?? 0,
        maxValue: named.get("max_value") ?? null,
        threshold: named.get("threshold") ?? 0,
      }),
    ),
  ),
  ...activation(["identity", "stop_gradient", "StopGradient"], "linear"),
  ...activation(["Relu", "nn.relu"], "relu"),
  ...activation(["Relu6", "nn.relu6"], "relu6"),
  ...activation(["Sigmoid", "math.sigmoid", "nn.sigmoid"], "sigmoid"),
  ...activation(["LogSigmoid", "math.log_sigmoid"], "log_sigmoid"),
  ...activation(["HardSigmoid"], "hard_sigmoid"),
  ...activation(["Silu"], "silu"),
  ...activation(["nn.silu", "nn.swish"], "silu", { beta: 1 }),
  ...activation(["HardSilu"], "hard_silu"),
  ...activation(["Tanh", "math.tanh", "nn.tanh"], "tanh"),
  ...activation(["HardTanh"], "hard_tanh"),
  ...activation(["Elu", "nn.elu"], "elu", { alpha: 1 }),
  ...activation(["Celu"], "celu", { alpha: 1 }),
  ...activation(["Selu", "nn.selu"], "selu"),
  ...activation(["Gelu", "nn.gelu"], "gelu", { approximate: false }),
  ...activation(["Softplus", "math.softplus", "nn.softplus"], "softplus"),
  ...activation(["Softsign", "nn.softsign"], "softsign"),
  ...activation(["Exp", "math.exp"], "exponential"),
  ...activation(["LogSoftmax", "nn.log_softmax"], "log_softmax", { axis: -1 }),
]);
