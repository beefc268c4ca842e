/** Attributes (HDF5 File Format Specification, IV.A.2.m): names with small values in an object's header. */
import { type Dims, formatShape } from "../../core/shape.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { type Datatype, readDataspace, readDatatype } from "./datatype.ts";
import { elementCount } from "../bytes/element-count.ts";
import type { Hdf5File } from "./file.ts";
import { type Message, MessageType } from "./object-header.ts";
import type { Cursor } from "./source.ts";

/** The attributes of an object, by name: those in its header, and if it has many, those in a heap that the header names. */
export function readAttributes(messages: readonly Message[], file: Hdf5File): ReadonlyMap<string, Hdf5Attribute> {
  const attributes = new Map<string, Hdf5Attribute>();
  const add = (message: Cursor): void => {
    const attribute = new Hdf5Attribute(message, file);
    if (attributes.has(attribute.name)) {
      throw formatError(`The HDF5 file is broken: an object has two attributes named '${attribute.name}'.`);
    }
    attributes.set(attribute.name, attribute);
  };
  for (const message of messages) {
    if (message.type === MessageType.attribute) add(file.body(message));
    if (message.type === MessageType.attributeInfo) {
      const info = message.open();
      info.version(0);
      info.skip((info.u8() & 1) === 0 ? 0 : 2);
      const heap = info.address();
      const index = info.address();
      if (heap === undefined || index === undefined) continue;
      for (const dense of file.further.dense(file.source, heap, index)) add(dense);
    }
  }
  return attributes;
}

export class Hdf5Attribute {
  readonly name: string;
  readonly shape: Dims;
  readonly #datatype: Datatype;
  readonly #data: Cursor;
  readonly #file: Hdf5File;

  constructor(message: Cursor, file: Hdf5File) {
    const version = message.version(1, 2, 3);
    const flags = message.u8();
    const nameSize = message.u16();
    const typeSize = message.u16();
    const spaceSize = message.u16();
    if (version === 3) message.skip(1);
    // Version 1 pads each part to eight bytes.
    const padded = (size: number): number => (version === 1 ? Math.ceil(size / 8) * 8 : size);
    const { source } = message;
    const nameStart = message.skip(padded(nameSize));
    this.name = source.text(nameStart, nameStart + nameSize);
    const typeStart = message.skip(padded(typeSize));
    const spaceStart = message.skip(padded(spaceSize));
    if (version > 1 && (flags & 2) !== 0) {
      throw unsupportedError(`HDF5 attribute '${this.name}' has a shared shape, which is not read.`);
    }
    const type = source.cursor(typeStart, typeSize, `the datatype of attribute '${this.name}'`);
    const isShared = version > 1 && (flags & 1) !== 0;
    this.#datatype = readDatatype(isShared ? file.further.shared(file, type, MessageType.datatype) : type);
    this.shape = readDataspace(source.cursor(spaceStart, spaceSize, `the shape of attribute '${this.name}'`));
    this.#data = message;
    this.#file = file;
  }

  get dtype(): string {
    return this.#datatype.name;
  }

  /** The texts of an attribute of strings, of fixed or of variable length; none for an empty attribute of any type. */
  strings(): string[] {
    const datatype = this.#datatype;
    const count = elementCount(this.shape);
    if (count === 0) return [];
    if (datatype.kind !== "string") {
      throw formatError(`HDF5 attribute '${this.name}' should hold text. It holds: ${this.dtype}`);
    }
    const { size, variable, spaces } = datatype;
    const { source, position, remaining } = this.#data;
    if (size === 0 || count * size > remaining) {
      throw formatError(
        `The HDF5 file is broken: attribute '${this.name}' of shape ${formatShape(this.shape)} does not fit its message.`,
      );
    }
    return Array.from({ length: count }, (_, i) => {
      const start = position + i * size;
      const text = variable
        ? this.#file.heaps.text(source.cursor(start, size, `attribute '${this.name}'`))
        : source.text(start, start + size);
      return spaces ? text.replace(/ +$/, "") : text;
    });
  }
}
