/** Datasets (HDF5 File Format Specification, IV.A.2.i): numbers, viewed in place if they lie in one piece, else put together when they are read. */
import type { Dims } from "../../core/shape.ts";
import type { StoredVariable } from "../checkpoint.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { type Numbers, firstOf, float32Of } from "../bytes/numbers.ts";
import { readAttributes } from "./attribute.ts";
import { type Datatype, readDataspace, readDatatype } from "./datatype.ts";
import { elementCount } from "../bytes/element-count.ts";
import type { Hdf5File } from "./file.ts";
import { type Message, MessageType } from "./object-header.ts";
import type { Cursor } from "./source.ts";

export class Hdf5Dataset {
  readonly shape: Dims;
  /** numpy's name of the type: `float32`. Types that numpy does not have are `float32`, as which they are read. */
  readonly dtype: string;
  readonly #numbers: () => Numbers;

  /** @throws FormatError if shape, type and stored bytes do not fit; UnsupportedError for what is not read. */
  constructor(file: Hdf5File, messages: readonly Message[], path: string) {
    if (messages.some(({ type }) => type === MessageType.externalFiles)) {
      throw unsupportedError(`Not allowed: H5 file with external Dataset: ${path}`);
    }
    const only = (type: number): Cursor => {
      const message = messages.find((candidate) => candidate.type === type);
      if (message !== undefined) return file.body(message);
      throw formatError(`The HDF5 file is broken: '${path}' is neither a group nor a dataset.`);
    };
    const datatype = readDatatype(only(MessageType.datatype));
    this.shape = readDataspace(only(MessageType.dataspace));
    const known = knownType(datatype) ?? (isBfloat16(datatype, messages, file) ? BFLOAT16 : undefined);
    const odd =
      known === undefined && datatype.kind === "other" ? file.further.numbers(only(MessageType.datatype)) : undefined;
    if (known === undefined && odd === undefined) {
      throw unsupportedError(`HDF5 dataset '${path}' holds ${datatype.name}. Numbers are read: integers and floats.`);
    }
    this.dtype = known?.dtype ?? "float32";
    const size = elementCount(this.shape) * datatype.size;
    const start = size === 0 ? 0 : plainStart(only(MessageType.layout), size, path);
    const bytes =
      start === undefined
        ? file.further.elements(file, messages, this.shape, datatype.size, path)
        : inOnePiece(file, start, size, path);
    this.#numbers = () => odd?.convert(bytes()) ?? { ...(known ?? BFLOAT16), bytes: bytes() };
  }

  /** The values as float32 in row-major order: a view onto the file if they are stored so and aligned, else a copy. */
  read(): Float32Array {
    return float32Of(this.#numbers());
  }

  /** The dataset as a tensor of a file, or as a variable of an optimizer, under this name. */
  stored(name: string): StoredVariable {
    const { shape, dtype } = this;
    return { name, shape, dtype, read: () => this.read(), first: () => firstOf(this.#numbers()) };
  }
}

type KnownType = Pick<Numbers, "dtype" | "littleEndian">;

const BFLOAT16: KnownType = { dtype: "bfloat16", littleEndian: true };

function knownType(datatype: Datatype): KnownType | undefined {
  return datatype.kind === "number" ? { dtype: datatype.name, littleEndian: datatype.littleEndian } : undefined;
}

/** Keras stores bfloat16 as two opaque bytes and says so in an attribute. */
function isBfloat16({ name, size }: Datatype, messages: readonly Message[], file: Hdf5File): boolean {
  return name === "opaque" && size === 2 && readAttributes(messages, file).get("dtype")?.strings()[0] === "bfloat16";
}

/** Where the elements lie if they do in one piece, as Keras writes them; undefined for every other way. */
function plainStart(layout: Cursor, size: number, path: string): number | undefined {
  const version = layout.u8();
  const kind = layout.u8();
  if (![3, 4].includes(version) || ![0, 1].includes(kind)) return undefined;
  const inHeader = kind === 0 ? layout.u16() : undefined;
  const start = kind === 0 ? layout.position : layout.address();
  const stored = inHeader ?? layout.length();
  if (start === undefined || stored === size) return start;
  throw formatError(
    `The HDF5 file is broken: dataset '${path}' takes ${size} bytes by its shape, but ${stored} are stored.`,
  );
}

function inOnePiece({ source }: Hdf5File, start: number, size: number, path: string): () => Uint8Array {
  const { position } = source.cursor(start, size, `dataset '${path}'`);
  return () => source.bytes.subarray(position, position + size);
}
