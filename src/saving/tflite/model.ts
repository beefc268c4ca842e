/** The content of a TFLite file (schema version 3): tensors and operators. Values are read when they are asked for. */
import { MobileNetV2Error } from "../../core/errors.ts";
import { type Dims, formatShape } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { dequantized } from "../derived-tensor.ts";
import { elementSize, float32Of } from "../bytes/numbers.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { type Table, rootTable } from "./flatbuffer.ts";

export interface TfliteModel {
  readonly name: string;
  readonly tensors: readonly TfliteTensor[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly operators: readonly TfliteOperator[];
  /** The content of a part of the file's metadata, by its name. */
  readonly metadata: (name: string) => Uint8Array | undefined;
}

export interface TfliteTensor {
  readonly name: string;
  /** The shape; −1 stands for a size that is known only when the model runs. */
  readonly shape: Dims;
  /** The shape that the file was made for, in which every size is known. */
  readonly size: Dims;
  readonly dtype: string;
  /** Scale and zero point, if there is one of each. */
  readonly quantization: { readonly scale: number; readonly zeroPoint: number } | undefined;
  /** Whether its integers stand for other numbers. */
  readonly isQuantized: boolean;
  /** Whether its values are in the file. */
  readonly isConstant: boolean;
  /** The tensor with its values, as the numbers that integers stand for; undefined if operators make them. */
  readonly stored: () => StoredTensor | undefined;
}

export interface TfliteOperator {
  readonly code: number;
  /** The operator's name, if its code says only that it is a custom one. */
  readonly customName: string;
  /** The numbers of the tensors that it takes; −1 stands for an input that is left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: Table | undefined;
}

const MAX_TENSORS = 40_000;
const MAX_OPERATORS = 20_000;
const MAX_RANK = 16;
/** The most entries of a list that a file has once. */
const MAX_LIST = 1000;
/** The most inputs, or outputs, of an operator or of the graph. */
const MAX_OPERANDS = 100;

/** numpy's names of the types of tensors (TensorType). */
const DTYPES: readonly string[] = (
  "float32 float16 int32 uint8 int64 string bool int16 complex64 int8 float64 complex128 uint64 resource variant uint32 " +
  "uint16 int4 bfloat16 int2 uint4 float8_e4m3fn float8_e5m2"
).split(" ");

export function readTfliteModel(bytes: Uint8Array): TfliteModel {
  const model = rootTable(bytes);
  if (model.uint32(0) !== 3) throw unsupportedError(`The TFLite file is of version ${model.uint32(0)}; read is 3.`);
  limit(model.length(1), MAX_LIST, "operator codes");
  limit(model.length(2), MAX_LIST, "graphs");
  limit(model.length(4), MAX_TENSORS, "buffers");
  limit(model.length(6), MAX_LIST, "entries of metadata");
  const codes = model.tables(1).map((code) => ({
    // Old files have the code in one byte; new ones say 127 there if it does not fit.
    code: Math.max(code.int8(0), code.int32(3)),
    customName: code.text(1),
  }));
  const buffers = model.tables(4);
  const [graph] = model.tables(2);
  if (graph === undefined) throw formatError("The TFLite file has no graph.");
  limit(graph.length(0), MAX_TENSORS, "tensors");
  limit(graph.length(3), MAX_OPERATORS, "operators");
  const content = (buffer: number): Uint8Array | undefined => contentOf(bytes, buffers[buffer]);
  return {
    name: graph.text(4),
    tensors: graph.tables(0).map((tensor) => readTensor(tensor, content)),
    inputs: indices(graph, 1),
    outputs: indices(graph, 2),
    operators: graph.tables(3).map((operator) => readOperator(operator, codes)),
    metadata: (name) => {
      const entry = model.tables(6).find((table) => table.text(0) === name);
      return entry && content(entry.uint32(1));
    },
  };
}

export function tensorAt(file: TfliteModel, index: number): TfliteTensor {
  const tensor = file.tensors[index];
  if (tensor === undefined) throw formatError(`The TFLite graph has no tensor ${index}.`);
  return tensor;
}

/** The bytes of a buffer; large files have them behind the flatbuffer. */
function contentOf(bytes: Uint8Array, buffer: Table | undefined): Uint8Array | undefined {
  const [offset, size] = [buffer?.uint64(1) ?? 0, buffer?.uint64(2) ?? 0];
  if (offset <= 1) {
    const own = buffer?.bytes(0);
    return own?.length === 0 ? undefined : own;
  }
  if (offset + size <= bytes.length) return bytes.subarray(offset, offset + size);
  throw formatError(`The TFLite file is truncated: a buffer ends at byte ${offset + size} of ${bytes.length}.`);
}

function readTensor(table: Table, content: (buffer: number) => Uint8Array | undefined): TfliteTensor {
  limit(table.length(0), MAX_RANK, "axes of a tensor");
  limit(table.length(7), MAX_RANK, "axes of a tensor");
  const name = table.text(3);
  const declared = table.int32s(0);
  const signature = table.int32s(7);
  const shape = signature.length === declared.length ? signature : declared;
  const dtype = DTYPES[table.uint8(1)] ?? `number ${table.uint8(1)}`;
  const bytes = content(table.uint32(2)) ?? (declared.includes(0) ? new Uint8Array() : undefined);
  const parameters = table.table(4);
  const isSingle = parameters?.length(2) === 1;
  return {
    name,
    shape,
    size: declared,
    dtype,
    isConstant: bytes !== undefined,
    isQuantized: (parameters?.length(2) ?? 0) > 0,
    quantization: isSingle
      ? {
          scale: parameters.float32s(2)[0] ?? NaN,
          zeroPoint: parameters.length(3) === 1 ? (parameters.int64s(3)[0] ?? 0) : 0,
        }
      : undefined,
    stored: () => {
      const missing = unreadStorage(table);
      if (missing !== undefined) throw unsupportedError(`Tensor '${name}' of the TFLite file ${missing}.`);
      if (bytes === undefined) return undefined;
      return dequantizedTensor(storedTensor(name, declared, dtype, bytes), parameters);
    },
  };
}

/** A way to keep values that is not read. */
function unreadStorage(table: Table): string | undefined {
  if (table.has(6)) return "is sparse, which is not read";
  if (table.uint32(10) !== 0) return "has its values in another file, which is not read";
  if (table.uint8(5) !== 0) return "is a variable, which is not read";
  return undefined;
}

function storedTensor(name: string, shape: Dims, dtype: string, bytes: Uint8Array): StoredTensor {
  const size = elementCount(shape) * elementSize(dtype);
  if (size !== bytes.length || shape.some((axis) => axis < 0)) {
    throw formatError(
      `Tensor '${name}' of shape ${formatShape(shape)} and type ${dtype} takes ${size} bytes, but the TFLite file has ${bytes.length}.`,
    );
  }
  return { name, shape, dtype, read: () => float32Of({ bytes, dtype, littleEndian: true }) };
}

/** Integers with scales stand for other numbers. */
function dequantizedTensor(tensor: StoredTensor, parameters: Table | undefined): StoredTensor {
  const count = parameters?.length(2) ?? 0;
  if (parameters === undefined || count === 0 || tensor.dtype.startsWith("float")) return tensor;
  if (parameters.uint8(4) !== 0) {
    throw unsupportedError(`Tensor '${tensor.name}' of the TFLite file is quantised in a way of somebody's own.`);
  }
  return dequantized(tensor, {
    axis: count === 1 ? 0 : parameters.int32(6),
    count,
    scales: () => parameters.float32s(2),
    zeroPoints: () => parameters.int64s(3),
  });
}

function readOperator(
  table: Table,
  codes: readonly { readonly code: number; readonly customName: string }[],
): TfliteOperator {
  const code = codes[table.uint32(0)];
  if (code === undefined) throw formatError("The TFLite file has an operator without a code.");
  return { ...code, inputs: indices(table, 1), outputs: indices(table, 2), options: table.table(4) };
}

function indices(table: Table, field: number): readonly number[] {
  limit(table.length(field), MAX_OPERANDS, "inputs or outputs in one place");
  return table.int32s(field);
}

function limit(count: number, most: number, what: string): void {
  if (count > most) {
    throw new MobileNetV2Error("LimitError", `The TFLite file has ${count} ${what}; at most ${most} are read.`);
  }
}
