/** Collects the nodes and initializers of an ONNX graph. Every picture has a name in either order of axes. */
import { elementCount } from "../bytes/element-count.ts";
import { float16Of } from "../bytes/float16.ts";
import type { WeightType } from "../checkpoint.ts";
import type { Dims, Shape } from "../../core/shape.ts";
import { MessageWriter } from "../bytes/protobuf.ts";

/** The value of an attribute: an integer (bigint), a float (number), a text, or a list of integers. */
export type Attribute = bigint | number | string | Dims;

/** A tensor of the graph. With `channelsFirst` a picture is (batch, channels, rows, cols). */
export interface WrittenValue {
  readonly name: string;
  readonly channelsFirst: boolean;
  /** The shape with the channels last, as we have it. */
  readonly shape: Shape;
}

/** Numbers of TensorProto.DataType. */
const TYPES = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, float16: 10 } as const;
/** Numbers of AttributeProto.AttributeType. */
const [FLOAT, INT, STRING, INTS] = [1, 2, 3, 7] as const;

export class GraphWriter {
  readonly #kernelType: WeightType;
  readonly #nodes: MessageWriter[] = [];
  readonly #initializers = new Map<string, MessageWriter>();
  readonly #names = new Set<string>();
  /** For the kernels that are stored as float16, the same as float32. */
  readonly #casts = new Map<string, string>();
  /** For names that were asked for again, the number to try next. */
  readonly #numbers = new Map<string, number>();
  /** Values by the names of the same values with their axes in the other order. */
  readonly #turned = new Map<string, WrittenValue>();

  /** @param kernelType the type in which kernels are stored */
  constructor(kernelType: WeightType = "float32") {
    this.#kernelType = kernelType;
  }

  /** A name that nothing has yet: the given one, or the same with a number. */
  unused(name: string): string {
    let free = name;
    for (let n = this.#numbers.get(name) ?? 1; this.#names.has(free); n++) {
      free = `${name}_${n}`;
      this.#numbers.set(name, n + 1);
    }
    this.#names.add(free);
    return free;
  }

  /** Adds a node with one output and gives the output's name. */
  node(
    operator: string,
    name: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    const output = this.unused(name);
    const node = new MessageWriter();
    for (const input of inputs) node.text(1, input);
    node.text(2, output).text(3, output).text(4, operator);
    for (const [key, value] of Object.entries(attributes)) node.message(5, attributeOf(key, value));
    this.#nodes.push(node);
    return output;
  }

  /** Adds float32 values under a name, once if they are given again, and gives the name. */
  floats(name: string, shape: Dims, values: () => Float32Array): string {
    return this.#initializer(name, shape, "float32", values);
  }

  /** Adds a kernel: float32 values, or if it is stored as float16, a Cast of these, which runtimes do once. */
  kernel(name: string, shape: Dims, values: () => Float32Array): string {
    if (this.#kernelType === "float32") return this.floats(name, shape, values);
    const known = this.#casts.get(name);
    if (known !== undefined) return known;
    const stored = this.#initializer(name, shape, "float16", () => float16Of(name, values()));
    const cast = this.node("Cast", `${name}/float32`, [stored], { to: BigInt(TYPES.float32) });
    this.#casts.set(name, cast);
    return cast;
  }

  int64s(name: string, values: Dims, shape: Dims = [values.length]): string {
    return this.#initializer(name, shape, "int64", () => BigInt64Array.from(values, BigInt));
  }

  integers(name: string, shape: Dims, values: Int8Array | Uint8Array | Int32Array): string {
    const dtype = values instanceof Int8Array ? "int8" : values instanceof Uint8Array ? "uint8" : "int32";
    return this.#initializer(name, shape, dtype, () => values);
  }

  #initializer(
    name: string,
    shape: Dims,
    dtype: keyof typeof TYPES,
    values: () => Float32Array | BigInt64Array | Int8Array | Uint8Array | Int32Array | Uint16Array,
  ): string {
    if (this.#initializers.has(name)) return name;
    this.#names.add(name);
    const { buffer, byteOffset, byteLength, length } = values();
    if (length !== elementCount(shape)) throw new RangeError(`'${name}' has ${length} values.`);
    const tensor = new MessageWriter();
    tensor.integers(1, shape).integer(2, TYPES[dtype]).text(8, name);
    this.#initializers.set(name, tensor.bytes(9, new Uint8Array(buffer, byteOffset, byteLength)));
    return name;
  }

  /** The value with its axes in the order that is asked for, transposed if need be. */
  ordered(value: WrittenValue, channelsFirst: boolean): WrittenValue {
    if (value.channelsFirst === channelsFirst || value.shape.length !== 4) return value;
    const known = this.#turned.get(value.name);
    if (known !== undefined) return known;
    const perm = channelsFirst ? [0, 3, 1, 2] : [0, 2, 3, 1];
    const name = this.node("Transpose", `${value.name}/${channelsFirst ? "nchw" : "nhwc"}`, [value.name], { perm });
    const turned = { ...value, name, channelsFirst };
    this.#turned.set(value.name, turned);
    return turned;
  }

  graph(name: string, inputs: readonly WrittenValue[], outputs: readonly WrittenValue[]): MessageWriter {
    const graph = new MessageWriter();
    for (const node of this.#nodes) graph.message(1, node);
    graph.text(2, name);
    for (const initializer of this.#initializers.values()) graph.message(5, initializer);
    for (const input of inputs) graph.message(11, valueInfo(input));
    for (const output of outputs) graph.message(12, valueInfo(output));
    return graph;
  }
}

function attributeOf(name: string, value: Attribute): MessageWriter {
  const attribute = new MessageWriter().text(1, name);
  if (typeof value === "number") return attribute.float(2, value).integer(20, FLOAT);
  if (typeof value === "bigint") return attribute.integer(3, Number(value)).integer(20, INT);
  if (typeof value === "string") return attribute.text(4, value).integer(20, STRING);
  return attribute.integers(8, value).integer(20, INTS);
}

/** The type of an input or output. Unknown axes have names: the batch is N. */
function valueInfo({ name, shape }: WrittenValue): MessageWriter {
  const dims = new MessageWriter();
  for (const [i, axis] of shape.entries()) {
    const dim = new MessageWriter();
    if (axis === null) dim.text(2, i === 0 ? "N" : `unknown_${i}`);
    else dim.integer(1, axis);
    dims.message(1, dim);
  }
  const tensor = new MessageWriter().integer(1, TYPES.float32).message(2, dims);
  return new MessageWriter().text(1, name).message(2, new MessageWriter().message(1, tensor));
}
