/** Datasets (HDF5 File Format Specification, IV.A.2.i): numbers stored in one piece, viewed in place if they can be. */
import { type Dims, formatShape } from "../../core/shape.ts";
import type { StoredVariable } from "../checkpoint.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { type Numbers, firstOf, float32Of } from "../bytes/numbers.ts";
import { readAttributes } from "./attribute.ts";
import { readDataspace, readDatatype } from "./datatype.ts";
import { elementCount } from "../bytes/element-count.ts";
import type { GlobalHeaps } from "./global-heap.ts";
import { type Message, MessageType } from "./object-header.ts";
import type { Cursor, Source } from "./source.ts";

export class Hdf5Dataset {
  readonly shape: Dims;
  /** numpy's name of the type: `float32`. */
  readonly dtype: string;
  readonly #numbers: Numbers;

  /** @throws FormatError if shape, type and stored bytes do not fit; UnsupportedError for chunks and filters. */
  constructor(source: Source, messages: readonly Message[], heaps: GlobalHeaps, path: string) {
    if (messages.some(({ type }) => type === MessageType.externalFiles)) {
      throw unsupportedError(`Not allowed: H5 file with external Dataset: ${path}`);
    }
    const datatype = readDatatype(only(messages, MessageType.datatype, path));
    this.shape = readDataspace(only(messages, MessageType.dataspace, path));
    // Keras stores bfloat16 as two opaque bytes and says so in an attribute.
    const isBfloat16 =
      datatype.name === "opaque" &&
      datatype.size === 2 &&
      readAttributes(messages, heaps).get("dtype")?.strings()[0] === "bfloat16";
    this.dtype = isBfloat16 ? "bfloat16" : datatype.name;
    if (datatype.kind !== "number" && !isBfloat16) {
      throw unsupportedError(`HDF5 dataset '${path}' holds ${datatype.name}. Numbers are read: integers and floats.`);
    }
    const size = elementCount(this.shape) * datatype.size;
    const stored = readLayout(only(messages, MessageType.layout, path), path);
    if (size !== 0 && stored.start === undefined) {
      throw formatError(`HDF5 dataset '${path}' of shape ${formatShape(this.shape)} was never written.`);
    }
    if (size !== stored.size && size !== 0) {
      throw formatError(
        `The HDF5 file is broken: dataset '${path}' of shape ${formatShape(this.shape)} and type ${this.dtype} ` +
          `takes ${size} bytes, but ${stored.size} are stored.`,
      );
    }
    const start = source.cursor(stored.start ?? 0, size, `dataset '${path}'`).position;
    this.#numbers = {
      bytes: source.bytes.subarray(start, start + size),
      dtype: this.dtype,
      littleEndian: datatype.kind !== "number" || datatype.littleEndian,
    };
  }

  /** The values as float32 in row-major order: a view onto the file if they are stored so and aligned, else a copy. */
  read(): Float32Array {
    return float32Of(this.#numbers);
  }

  /** The dataset as a tensor of a file, or as a variable of an optimizer, under this name. */
  stored(name: string): StoredVariable {
    const { shape, dtype } = this;
    return { name, shape, dtype, read: () => this.read(), first: () => firstOf(this.#numbers) };
  }
}

function only(messages: readonly Message[], type: number, path: string): Cursor {
  const message = messages.find((candidate) => candidate.type === type);
  if (message === undefined) throw formatError(`The HDF5 file is broken: '${path}' is neither a group nor a dataset.`);
  if (message.shared) throw unsupportedError(`HDF5 dataset '${path}' has a committed datatype, which is not read.`);
  return message.open();
}

interface Stored {
  readonly start: number | undefined;
  readonly size: number;
}

function readLayout(layout: Cursor, path: string): Stored {
  layout.version(3, 4);
  const kind = layout.u8();
  if (kind === 0) {
    const size = layout.u16();
    return { start: layout.skip(size), size };
  }
  if (kind === 1) return { start: layout.address(), size: layout.length() };
  if (kind === 3) throw unsupportedError("Not allowed: H5 file with virtual Dataset");
  throw unsupportedError(
    `HDF5 dataset '${path}' is stored in chunks, perhaps compressed; Keras writes it in one piece. ` +
      "Unpack the file with `h5repack -l CONTI -f NONE in.h5 out.h5`, or save it again from Keras.",
  );
}
