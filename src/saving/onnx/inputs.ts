/** What an ONNX graph takes: the order of a picture's axes, and how pixels become its numbers, as far as its first nodes say it. */
import { type Shape, formatShape } from "../../core/shape.ts";
import type { Preprocessing } from "../checkpoint.ts";
import { unsupportedError } from "../file-errors.ts";
import { elementCount } from "../bytes/element-count.ts";
import type { GraphBuilder } from "../graphs/graph-builder.ts";
import { RAW_PIXELS } from "../pixels-inside.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import type { NodeProto, ValueInfo } from "./model-proto.ts";
import { CHANNELS_FIRST, type Integers, type ValueItem, valueItem } from "./operation.ts";
import { RANGES } from "./operators/quantized-values.ts";

export interface GraphInput {
  readonly item: ValueItem;
  /** How pixels become the numbers that the input takes, if its integers say it. */
  readonly preprocessing: Preprocessing | undefined;
}

/** An input. Our pictures have their channels last; in which order the graph takes them shows in what it does first. */
export function graphInput(
  builder: GraphBuilder,
  { name, shape, dtype }: ValueInfo,
  nodes: readonly NodeProto[],
  constants: ReadonlyMap<string, StoredTensor>,
): GraphInput {
  const shown = name.slice(0, 200);
  if (shape === undefined || (shape.length !== 4 && shape.length !== 2)) {
    throw unsupportedError(
      `The ONNX graph's input '${shown}' has the shape ${shape === undefined ? "of nothing" : formatShape(shape)}; ` +
        "read are pictures, with four axes, and vectors, with two.",
    );
  }
  const isPicture = shape.length === 4;
  const axes = isPicture && takesChannelsFirst(name, nodes) ? CHANNELS_FIRST : shape.map((_, i) => i);
  const ours: Shape = shape.map((_, i) => (i === 0 ? null : (shape[axes.indexOf(i)] ?? null)));
  const range = RANGES.get(dtype ?? "");
  if (range === undefined) {
    if (dtype === undefined || /^b?float/.test(dtype)) {
      return { item: valueItem(builder.input(name, ours), axes), preprocessing: undefined };
    }
    throw unsupportedError(`The ONNX graph's input '${shown}' has the type ${dtype}; read are floats, uint8 and int8.`);
  }
  const integers = { range, ...inputScale(name, nodes, constants) };
  const item = { ...valueItem(builder.input(name, ours), axes), integers };
  return { item, preprocessing: isPicture ? scalingOf(integers) : undefined };
}

/** How pixels, or pixels − 128, become the numbers that integers stand for. */
function scalingOf({ range, scale, zeroPoint }: Integers): Preprocessing | undefined {
  const zero = zeroPoint - range[0];
  if (range[1] - range[0] !== 255) return undefined;
  return scale === 1 && zero === 0 ? RAW_PIXELS : { scale, offset: zero === 0 ? 0 : -zero * scale };
}

/** Operators that change no number. */
const MOVING: readonly string[] = ["Identity", "Transpose"];
/** How many of them are followed: more than any exporter leaves. */
const MAX_MOVES = 8;

/** Operators that take integers with a scale and a zero point behind them. */
const DEQUANTIZING = /^(?:DequantizeLinear|QLinear\w+|QGemm)$/;

/** What an input's integers stand for by the one node that takes them; themselves, if several do or another one. */
function inputScale(
  name: string,
  nodes: readonly NodeProto[],
  constants: ReadonlyMap<string, StoredTensor>,
): Pick<Integers, "scale" | "zeroPoint"> {
  let at = name;
  let moves = 0;
  for (const [i, node] of nodes.entries()) {
    if (!node.inputs.includes(at)) continue;
    const [first = "", scale = "", zeroPoint = ""] = node.inputs;
    const isOnly = first === at && node.inputs.indexOf(at, 1) === -1;
    if (isOnly && MOVING.includes(node.operator)) {
      if (nodes.slice(i + 1).some(({ inputs }) => inputs.includes(at))) break;
      if (moves++ === MAX_MOVES) break;
      at = node.outputs[0] ?? "";
      continue;
    }
    if (!isOnly || !DEQUANTIZING.test(node.operator)) break;
    if (nodes.slice(i + 1).some(({ inputs }) => inputs.includes(at))) break;
    const one = constants.get(scale);
    const zero = zeroPoint === "" ? undefined : constants.get(zeroPoint);
    const isSingle = [one, zero].every((tensor) => tensor === undefined || elementCount(tensor.shape) === 1);
    if (one === undefined || (zeroPoint !== "" && zero === undefined) || !isSingle) break;
    const [value = NaN] = one.read();
    const [offset = NaN] = zero?.read() ?? [0];
    if (value > 0 && value < Infinity && Number.isFinite(offset)) return { scale: value, zeroPoint: offset };
    break;
  }
  return { scale: 1, zeroPoint: 0 };
}

/** Operators of pictures with their channels first, whether they are read or not. */
const CHANNELS_FIRST_OPERATORS =
  /^(?:(?:QLinear)?Conv(?:Integer|Transpose)?|BatchNormalization|(?:QLinear)?(?:Global)?AveragePool|(?:Global)?MaxPool|InstanceNormalization|LRN)$/;

/** True if what is made of the input reaches a convolution before it is transposed. */
function takesChannelsFirst(name: string, nodes: readonly NodeProto[]): boolean {
  const reached = new Set([name]);
  for (const node of nodes) {
    if (!node.inputs.some((input) => reached.has(input))) continue;
    if (CHANNELS_FIRST_OPERATORS.test(node.operator)) return true;
    // The transposition from channels first to channels last.
    if (node.operator === "Transpose") return node.attributes.get("perm")?.integers.join() === "0,2,3,1";
    for (const output of node.outputs) reached.add(output);
  }
  return false;
}
