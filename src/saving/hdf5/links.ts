/** The links of a group: old symbol tables (HDF5 File Format Specification, III.A, B, D) new link messages (IV.A.2.g), in the header or in a heap. */
import { formatError } from "../file-errors.ts";
import type { Hdf5File } from "./file.ts";
import { type Message, MessageType } from "./object-header.ts";
import type { Cursor, Source } from "./source.ts";

/** The address of an object's header, or the kind of a link that leads elsewhere. */
export type Link = number | "SoftLink" | "ExternalLink";

/** True if the header is that of a group. */
export function isGroup(messages: readonly Message[]): boolean {
  return messages.some(({ type }) => type === MessageType.symbolTable || type === MessageType.linkInfo);
}

/** The links of the group with this header, by name. */
export function readLinks(file: Hdf5File, messages: readonly Message[]): ReadonlyMap<string, Link> {
  const { source } = file;
  const links = new Links();
  for (const message of messages) {
    if (message.type === MessageType.symbolTable) readSymbolTable(source, message.open(), links);
    if (message.type === MessageType.link) readLinkMessage(message.open(), links);
    if (message.type === MessageType.linkInfo) readDenseLinks(file, message.open(), links);
  }
  return links.byName;
}

class Links {
  readonly byName = new Map<string, Link>();

  add(name: string, link: Link): void {
    if (this.byName.has(name)) throw formatError(`The HDF5 file is broken: a group has two members named '${name}'.`);
    this.byName.set(name, link);
  }
}

function readSymbolTable(source: Source, message: Cursor, links: Links): void {
  const tree = message.requiredAddress();
  const heap = source.from(message.requiredAddress(), "a local heap");
  heap.signature("HEAP");
  heap.version(0);
  heap.skip(3);
  const size = heap.length();
  heap.length();
  const names = source.cursor(heap.requiredAddress(), size, "the names of a group");
  const seen = new Set<number>();
  readTree(source, tree, undefined, seen, (node) => {
    for (let entries = symbolNode(source, node); entries.count > 0; entries.count--) {
      const entry = entries.cursor;
      source.spend();
      const nameAt = entry.length();
      const address = entry.address();
      // A soft link has no address; what kind of entry it is, is written after.
      const link = entry.u32() === 2 || address === undefined ? "SoftLink" : address;
      entry.skip(20);
      if (nameAt >= size) throw formatError("The HDF5 file is broken: a name lies outside the heap of its group.");
      links.add(source.text(names.position + nameAt, names.end), link);
    }
  });
}

/** Walks a version 1 B-tree of a group. Levels fall by one from node to node, so that depth is bounded. */
function readTree(
  source: Source,
  address: number,
  level: number | undefined,
  seen: Set<number>,
  onLeaf: (address: number) => void,
): void {
  if (seen.has(address)) throw formatError("The HDF5 file is broken: the tree of a group leads back into itself.");
  seen.add(address);
  const cursor = source.from(address, "the tree of a group");
  cursor.signature("TREE");
  cursor.version(0);
  const ownLevel = cursor.u8();
  if (level !== undefined && ownLevel !== level) {
    throw formatError("The HDF5 file is broken: the tree of a group has a node on the wrong level.");
  }
  const count = cursor.u16();
  cursor.skip(2 * source.offsetSize);
  for (let i = 0; i < count; i++) {
    cursor.skip(source.lengthSize);
    const child = cursor.requiredAddress();
    if (ownLevel > 0) readTree(source, child, ownLevel - 1, seen, onLeaf);
    else onLeaf(child);
  }
}

function symbolNode(source: Source, address: number): { readonly cursor: Cursor; count: number } {
  const cursor = source.from(address, "a symbol table node");
  cursor.signature("SNOD");
  cursor.version(1);
  cursor.skip(1);
  return { count: cursor.u16(), cursor };
}

function readLinkMessage(message: Cursor, links: Links): void {
  message.version(1);
  const flags = message.u8();
  const kind = (flags & 8) === 0 ? 0 : message.u8();
  if ((flags & 4) !== 0) message.skip(8);
  if ((flags & 16) !== 0) message.skip(1);
  const nameSize = message.uint(1 << (flags & 3));
  const nameStart = message.skip(nameSize);
  const name = message.source.text(nameStart, nameStart + nameSize);
  if (kind === 0) links.add(name, message.requiredAddress());
  else links.add(name, kind === 1 ? "SoftLink" : "ExternalLink");
}

/** If there are many, they lie in a heap that the header names. */
function readDenseLinks(file: Hdf5File, info: Cursor, links: Links): void {
  info.version(0);
  info.skip((info.u8() & 1) === 0 ? 0 : 8);
  const heap = info.address();
  const index = info.address();
  if (heap === undefined || index === undefined) return;
  for (const message of file.further.dense(file.source, heap, index)) readLinkMessage(message, links);
}
