/** Collects the tensors and operators of a TFLite file (schema version 3) and writes them. */
import { elementCount } from "../../bytes/element-count.ts";
import type { Dims } from "../../../core/shape.ts";
import {
  type FlatTable,
  bytes,
  flatbuffer,
  float32s,
  int32,
  int32s,
  int64s,
  int8,
  list,
  table,
  text,
  uint32,
  uint8,
} from "./flatbuffer-writer.ts";
import { OPERATORS, type OperatorName, type Options, TYPES, type TfliteType } from "./schema.ts";

const VERSION = 3;
const IDENTIFIER = "TFL3";
/** Of values in the file, as the schema demands. */
const ALIGNMENT = 16;
/** Codes from here on have a place of their own; the old place says this number. */
const FIRST_NEW_CODE = 127;

/** real = scale × (integer − zero point): one of each, or one for each place along an axis. */
export interface TensorQuantization {
  readonly scales: ArrayLike<number>;
  readonly zeroPoints: readonly number[];
  readonly axis?: number;
}

interface WrittenTensor {
  readonly name: string;
  readonly shape: Dims;
  readonly type: TfliteType;
  readonly quantization?: TensorQuantization | undefined;
}

/** An operator on its way into the file. */
interface WrittenOperator {
  readonly inputs: readonly number[];
  readonly output: number;
  /** The version of its kernel that the types of its inputs need. Default: 1. */
  readonly version?: number;
  readonly options?: Options | undefined;
}

/** An input or output of the whole graph. */
export interface GraphEnd {
  /** Its name in the signature. */
  readonly name: string;
  readonly tensor: number;
}

export class TfliteGraph {
  readonly #tensors: FlatTable[] = [];
  readonly #operators: FlatTable[] = [];
  /** The first buffer is for tensors that have no values in the file. */
  readonly #buffers: FlatTable[] = [table()];
  readonly #codes = new Map<string, { readonly index: number; readonly code: FlatTable }>();
  readonly #names = new Set<string>();

  /** Adds a tensor that is computed, or given, and gives its number. The first of its axes is the batch. */
  tensor(tensor: WrittenTensor): number {
    return this.#tensor(tensor, 0, [-1, ...tensor.shape.slice(1)]);
  }

  /** Adds a tensor that is computed from constants alone: it has no batch. */
  part(tensor: WrittenTensor): number {
    return this.#tensor(tensor, 0);
  }

  /** Adds a tensor whose values are in the file, and gives its number. */
  constant(tensor: WrittenTensor, { buffer, byteOffset, byteLength, length }: TypedValues): number {
    if (length !== elementCount(tensor.shape)) throw new RangeError(`'${tensor.name}' has ${length} values.`);
    return this.#tensor(tensor, this.#buffer(new Uint8Array(buffer, byteOffset, byteLength)));
  }

  operator(
    name: OperatorName,
    { inputs, output, version = 1, options: [kind, options] = [0, table()] }: WrittenOperator,
  ): number {
    const key = `${name} ${version}`;
    const { index } = this.#codes.get(key) ?? this.#newCode(key, OPERATORS[name], version);
    const choice = kind === 0 ? [undefined, undefined] : [uint8(kind), options];
    this.#operators.push(table([uint32(index), int32s(inputs), int32s([output]), ...choice]));
    return output;
  }

  file(
    name: string,
    inputs: readonly GraphEnd[],
    outputs: readonly GraphEnd[],
    metadata: ReadonlyMap<string, Uint8Array>,
  ): Uint8Array<ArrayBuffer> {
    const described = [...metadata].map(([key, content]) => table([text(key), uint32(this.#buffer(content))]));
    const ends = (list_: readonly GraphEnd[]): number[] => list_.map(({ tensor }) => tensor);
    const subgraph = table([
      list(this.#tensors),
      int32s(ends(inputs)),
      int32s(ends(outputs)),
      list(this.#operators),
      text(name),
    ]);
    const named = (ends_: readonly GraphEnd[]): FlatTable[] =>
      ends_.map((end) => table([text(end.name), uint32(end.tensor)]));
    const signature = table([list(named(inputs)), list(named(outputs)), text("serving_default"), undefined, uint32(0)]);
    const model = table([
      uint32(VERSION),
      list([...this.#codes.values()].map(({ code }) => code)),
      list([subgraph]),
      text("mobilenet-v2"),
      list(this.#buffers),
      undefined,
      list(described),
      list([signature]),
    ]);
    return flatbuffer(model, IDENTIFIER);
  }

  #tensor({ name, shape, type, quantization }: WrittenTensor, buffer: number, signature?: Dims): number {
    const parameters =
      quantization &&
      table([
        undefined,
        undefined,
        float32s(quantization.scales),
        int64s(quantization.zeroPoints),
        undefined,
        undefined,
        int32(quantization.axis ?? 0),
      ]);
    const fields = [int32s(shape), int8(TYPES[type]), uint32(buffer), text(this.#unused(name)), parameters];
    return this.#tensors.push(table([...fields, undefined, undefined, signature && int32s(signature)])) - 1;
  }

  #buffer(content: Uint8Array): number {
    return this.#buffers.push(table([bytes(content, ALIGNMENT)])) - 1;
  }

  #newCode(key: string, code: number, version: number): { readonly index: number; readonly code: FlatTable } {
    const old = int8(Math.min(code, FIRST_NEW_CODE));
    const made = { index: this.#codes.size, code: table([old, undefined, int32(version), int32(code)]) };
    this.#codes.set(key, made);
    return made;
  }

  /** A name that no tensor has yet: the given one, or the same with a number. */
  #unused(name: string): string {
    let free = name;
    for (let n = 1; this.#names.has(free); n++) free = `${name}_${n}`;
    this.#names.add(free);
    return free;
  }
}

type TypedValues = Float32Array | Int32Array | Int8Array | Uint16Array;
