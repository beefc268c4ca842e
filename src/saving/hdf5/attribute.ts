/** Attributes (HDF5 File Format Specification, IV.A.2.m): names with small values in an object's header. */
import { type Dims, formatShape } from "../../core/shape.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { type Datatype, readDataspace, readDatatype } from "./datatype.ts";
import { elementCount } from "../bytes/element-count.ts";
import type { GlobalHeaps } from "./global-heap.ts";
import { type Message, MessageType } from "./object-header.ts";
import type { Cursor } from "./source.ts";

/** The attributes in an object's header, by name. */
export function readAttributes(messages: readonly Message[], heaps: GlobalHeaps): ReadonlyMap<string, Hdf5Attribute> {
  const attributes = new Map<string, Hdf5Attribute>();
  for (const message of messages) {
    if (message.type === MessageType.attributeInfo) refuseDense(message.open());
    if (message.type !== MessageType.attribute) continue;
    if (message.shared) throw unsupportedError("HDF5 attributes shared by several objects are not read.");
    const attribute = new Hdf5Attribute(message.open(), heaps);
    if (attributes.has(attribute.name)) {
      throw formatError(`The HDF5 file is broken: an object has two attributes named '${attribute.name}'.`);
    }
    attributes.set(attribute.name, attribute);
  }
  return attributes;
}

function refuseDense(info: Cursor): void {
  info.version(0);
  if ((info.u8() & 1) !== 0) info.skip(2);
  if (info.address() !== undefined) {
    throw unsupportedError(
      "This HDF5 file keeps the attributes of an object in a newer way than Keras writes it. " +
        'Save it again from Keras, or with h5py without libver="latest".',
    );
  }
}

export class Hdf5Attribute {
  readonly name: string;
  readonly shape: Dims;
  readonly #datatype: Datatype;
  readonly #data: Cursor;
  readonly #heaps: GlobalHeaps;

  constructor(message: Cursor, heaps: GlobalHeaps) {
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
    if (version > 1 && (flags & 3) !== 0) {
      throw unsupportedError(`HDF5 attribute '${this.name}' has a shared datatype, which is not read.`);
    }
    this.#datatype = readDatatype(source.cursor(typeStart, typeSize, `the datatype of attribute '${this.name}'`));
    this.shape = readDataspace(source.cursor(spaceStart, spaceSize, `the shape of attribute '${this.name}'`));
    this.#data = message;
    this.#heaps = heaps;
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
    const { size, variable } = datatype;
    const { source, position, remaining } = this.#data;
    if (size === 0 || count * size > remaining) {
      throw formatError(
        `The HDF5 file is broken: attribute '${this.name}' of shape ${formatShape(this.shape)} does not fit its message.`,
      );
    }
    return Array.from({ length: count }, (_, i) => {
      const start = position + i * size;
      return variable
        ? this.#heaps.text(source.cursor(start, size, `attribute '${this.name}'`))
        : source.text(start, start + size);
    });
  }
}
