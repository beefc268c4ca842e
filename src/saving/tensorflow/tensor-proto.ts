/** TensorFlow's tensors and shapes as protocol buffers (tensor.proto, tensor_shape.proto). */
import { type Dims, formatShape } from "../../core/shape.ts";
import { elementCount } from "../bytes/element-count.ts";
import { elementSize, float32Of } from "../bytes/numbers.ts";
import { type Field, fieldsOf, integersOf, messageOf } from "../bytes/protobuf.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { DTYPES } from "../graphs/tensorflow/graph-node.ts";
import type { StoredTensor } from "../stored-tensor.ts";

const MAX_RANK = 16;

/** numpy's name of a type, by its number in types.proto; types that are not read keep their number: `type 20`. */
export function dtypeOf(number: number): string {
  return DTYPES.get(number) ?? `type ${number}`;
}

/** A shape; undefined if its rank is not known. Sizes that are not known are null. */
export function readShape(message: Uint8Array): readonly (number | null)[] | undefined {
  const shape: (number | null)[] = [];
  let isKnown = true;
  for (const field of fieldsOf(message)) {
    if (field.number === 3) isKnown = field.integer === 0;
    if (field.number !== 2) continue;
    let size = 0;
    for (const dim of fieldsOf(messageOf(field))) if (dim.number === 1) size = dim.integer;
    if (shape.push(Number.isSafeInteger(size) && size >= 0 ? size : null) > MAX_RANK) {
      throw formatError(`A shape in the file has more than ${MAX_RANK} axes.`);
    }
  }
  return isKnown ? shape : undefined;
}

/** A shape whose sizes are all known. @throws FormatError for another */
export function knownShape(message: Uint8Array, name: string): Dims {
  const shape = readShape(message);
  const known = shape?.filter((size) => size !== null);
  if (known !== undefined && known.length === shape?.length && Number.isSafeInteger(elementCount(known))) return known;
  throw formatError(
    `Tensor '${name.slice(0, 200)}' has the shape ${shape === undefined ? "of nothing" : formatShape(shape)}.`,
  );
}

/** The numbers of the fields that hold values one by one: of halves as bits, of floats, doubles, and integers. */
const HALVES = 13;
const FLOATS = 5;
const DOUBLES = 6;
const INTEGERS: readonly number[] = [7, 10, 11, 16, 17];
const TEXTS = 8;

/** A tensor in a graph. Values stay in the message until they are read. @throws FormatError, UnsupportedError */
export function readTensor(message: Uint8Array, name: string): StoredTensor {
  let shape: Dims = [];
  let dtype = "type 0";
  let content: Uint8Array | undefined;
  for (const field of fieldsOf(message)) {
    if (field.number === 1) dtype = dtypeOf(field.integer);
    else if (field.number === 2) shape = knownShape(messageOf(field), name);
    else if (field.number === 4) content = messageOf(field);
  }
  if (dtype === "bool") dtype = "uint8";
  if (dtype === "string") throw unsupportedError(`Tensor '${name.slice(0, 200)}' is text, which is not read.`);
  const count = elementCount(shape);
  const size = count * elementSize(dtype);
  const bytes = content;
  if (bytes !== undefined && bytes.length > 0) {
    if (bytes.length !== size) {
      throw formatError(
        `Tensor '${name.slice(0, 200)}' of shape ${formatShape(shape)} and type ${dtype} has ${bytes.length} bytes.`,
      );
    }
    return { name, shape, dtype, read: () => float32Of({ bytes, dtype, littleEndian: true }) };
  }
  return { name, shape, dtype, read: () => listed(message, count, dtype) };
}

/** The values that stand one by one; the last one is that of all that follow. */
function listed(message: Uint8Array, count: number, dtype: string): Float32Array {
  const values = new Float32Array(count);
  let found = 0;
  for (const field of fieldsOf(message)) {
    for (const value of numbersIn(field, dtype)) if (found < count) values[found++] = value;
  }
  if (found > 0) values.fill(values[found - 1] ?? 0, found);
  return values;
}

function numbersIn(field: Field, dtype: string): Iterable<number> {
  const { number, bytes } = field;
  if (number === FLOATS) return float32Of({ bytes, dtype: "float32", littleEndian: true });
  if (number === DOUBLES) return float32Of({ bytes, dtype: "float64", littleEndian: true });
  if (number === HALVES) {
    const bits = Uint16Array.from(integersOf(field));
    return float32Of({ bytes: new Uint8Array(bits.buffer), dtype, littleEndian: true });
  }
  return INTEGERS.includes(number) ? integersOf(field) : [];
}

/** The texts of a tensor of texts. */
export function textsOf(message: Uint8Array): readonly string[] {
  const texts: string[] = [];
  for (const field of fieldsOf(message)) {
    if (field.number === TEXTS) texts.push(new TextDecoder().decode(messageOf(field)));
  }
  return texts;
}
