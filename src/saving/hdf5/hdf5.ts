/**
 * A reader for the part of HDF5 that Keras and h5py write (HDF5 File Format Specification 3.0): superblocks 0 to 3, object
 * headers 1 and 2, groups as symbol tables or links, contiguous and compact datasets, attributes of strings. The rest of it is asked
 * of `Further`.
 *
 * Files are hostile until read: nothing is allocated by what a file claims, links that lead elsewhere are refused, and
 * cycles and repetitions end in an error. Every failure is a FormatError or an UnsupportedError.
 */
import { formatError, unsupportedError } from "../file-errors.ts";
import { type Hdf5Attribute, readAttributes } from "./attribute.ts";
import { Hdf5Dataset } from "./dataset.ts";
import { type Further, Hdf5File } from "./file.ts";
import { type Link, isGroup, readLinks } from "./links.ts";
import { type Message, readObjectHeader } from "./object-header.ts";
import { Source } from "./source.ts";
import { readSuperblock, signatureAt } from "./superblock.ts";

/**
 * The root group of an HDF5 file. The bytes are viewed, not copied.
 * @param further reads what plain files do not have (further.ts); without it that is a FurtherNeeded
 * @throws FormatError, UnsupportedError, LimitError
 */
export function openHdf5(bytes: Uint8Array, further?: Further): Hdf5Group {
  const source = new Source(bytes.subarray(signatureAt(bytes) ?? 0));
  return new Objects(new Hdf5File(source, further)).group(readSuperblock(source), "/");
}

/** The objects of one file, each read once. */
class Objects {
  readonly file: Hdf5File;
  readonly #objects = new Map<number, Hdf5Group | Hdf5Dataset>();

  constructor(file: Hdf5File) {
    this.file = file;
  }

  object(address: number, path: string): Hdf5Group | Hdf5Dataset {
    let object = this.#objects.get(address);
    if (object === undefined) {
      const messages = readObjectHeader(this.file.source, address);
      object = isGroup(messages) ? new Hdf5Group(this, messages, path) : new Hdf5Dataset(this.file, messages, path);
      this.#objects.set(address, object);
    }
    return object;
  }

  group(address: number, path: string): Hdf5Group {
    return asGroup(this.object(address, path));
  }
}

export class Hdf5Group {
  /** The path by which the group was first reached. */
  readonly path: string;
  readonly #objects: Objects;
  readonly #messages: readonly Message[];
  #attributes: ReadonlyMap<string, Hdf5Attribute> | undefined;
  #links: ReadonlyMap<string, Link> | undefined;

  constructor(objects: Objects, messages: readonly Message[], path: string) {
    this.#objects = objects;
    this.#messages = messages;
    this.path = path;
  }

  /** The names of the members. */
  keys(): string[] {
    return [...this.#members().keys()];
  }

  /** The attribute of that name; undefined if there is none. */
  attribute(name: string): Hdf5Attribute | undefined {
    this.#attributes ??= readAttributes(this.#messages, this.#objects.file);
    return this.#attributes.get(name);
  }

  /**
   * The member at `path`, names separated by `/`; undefined if there is none.
   * @throws UnsupportedError if a soft or an external link lies on the way: they are never followed.
   */
  get(path: string): Hdf5Group | Hdf5Dataset | undefined {
    const names = path.split("/");
    const last = names.pop() ?? "";
    // oxlint-disable-next-line typescript/no-this-alias
    let group: Hdf5Group | undefined = this;
    for (const name of names) {
      const member: Hdf5Group | Hdf5Dataset | undefined = group.#member(name, path);
      if (member === undefined) return undefined;
      group = asGroup(member);
    }
    return group.#member(last, path);
  }

  /** The group at `path`. @throws FormatError if there is none, or something else. */
  group(path: string): Hdf5Group {
    return asGroup(this.get(path) ?? this.#missing(path));
  }

  /** The dataset at `path`. @throws FormatError if there is none, or something else. */
  dataset(path: string): Hdf5Dataset {
    const object = this.get(path) ?? this.#missing(path);
    if (object instanceof Hdf5Group) throw formatError("Invalid H5 file, expected Dataset, received a Group");
    return object;
  }

  #missing(path: string): never {
    throw formatError(`The HDF5 file has no '${path}' in group '${this.path}'.`);
  }

  #member(name: string, path: string): Hdf5Group | Hdf5Dataset | undefined {
    if (name === "") throw formatError(`Invalid path in H5 file: ${path}`);
    this.#objects.file.source.spend();
    const link = this.#members().get(name);
    if (link === undefined) return undefined;
    if (typeof link === "string") throw unsupportedError(`Not allowed: H5 file with ${link}`);
    return this.#objects.object(link, this.path === "/" ? `/${name}` : `${this.path}/${name}`);
  }

  #members(): ReadonlyMap<string, Link> {
    this.#links ??= readLinks(this.#objects.file, this.#messages);
    return this.#links;
  }
}

function asGroup(object: Hdf5Group | Hdf5Dataset): Hdf5Group {
  if (object instanceof Hdf5Group) return object;
  throw formatError("Invalid H5 file, expected Group but received a Dataset");
}
