/** Object headers, versions 1 and 2 (HDF5 File Format Specification, IV.A.1): the messages that describe an object. */
import { formatError } from "../file-errors.ts";
import type { Cursor, Source } from "./source.ts";

/** The message types that we read. */
export const MessageType = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  oldFill: 0x04,
  fill: 0x05,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

export interface Message {
  readonly type: number;
  /** True if the body only names the place of a message that several objects share. */
  readonly shared: boolean;
  /** A new cursor over the body. */
  open(): Cursor;
}

/** All messages of the object whose header is at `address`, continuations followed. */
export function readObjectHeader(source: Source, address: number): Message[] {
  const cursor = source.from(address, "an object header");
  const first = source.bytes[address];
  return first === 1 ? readVersion1(source, cursor) : readVersion2(source, cursor);
}

function readVersion1(source: Source, cursor: Cursor): Message[] {
  cursor.version(1);
  cursor.skip(1);
  const count = cursor.u16();
  cursor.skip(4);
  const size = cursor.u32();
  cursor.skip(4);
  const messages: Message[] = [];
  const blocks = new HeaderBlocks(source, cursor.position, size);
  for (let block = blocks.next(); block !== undefined; block = blocks.next()) {
    while (block.remaining >= 8 && messages.length < count) {
      const type = block.u16();
      const bodySize = block.u16();
      const flags = block.u8();
      block.skip(3);
      messages.push(message(source, type, flags, block.skip(bodySize), bodySize));
      if (type === MessageType.continuation) blocks.follow(messages.at(-1), 0);
    }
  }
  return messages;
}

function readVersion2(source: Source, cursor: Cursor): Message[] {
  cursor.signature("OHDR");
  cursor.version(2);
  const headerFlags = cursor.u8();
  if ((headerFlags & 0x20) !== 0) cursor.skip(16);
  if ((headerFlags & 0x10) !== 0) cursor.skip(4);
  const size = cursor.uint(1 << (headerFlags & 3));
  const ordered = (headerFlags & 4) !== 0;
  const messages: Message[] = [];
  const blocks = new HeaderBlocks(source, cursor.position, size);
  for (let block = blocks.next(); block !== undefined; block = blocks.next()) {
    while (block.remaining >= (ordered ? 6 : 4)) {
      const type = block.u8();
      const bodySize = block.u16();
      const flags = block.u8();
      if (ordered) block.skip(2);
      messages.push(message(source, type, flags, block.skip(bodySize), bodySize));
      if (type === MessageType.continuation) blocks.follow(messages.at(-1), 4);
    }
  }
  return messages;
}

function message(source: Source, type: number, flags: number, start: number, size: number): Message {
  source.spend();
  return {
    type,
    shared: (flags & 2) !== 0,
    open: () => source.cursor(start, size, `a message of type ${type}`),
  };
}

/** The blocks of one header: the first, and those that continuation messages name; each at most once. */
class HeaderBlocks {
  readonly #source: Source;
  readonly #waiting: { readonly start: number; readonly size: number; readonly signed: boolean }[] = [];
  readonly #seen = new Set<number>();

  constructor(source: Source, start: number, size: number) {
    this.#source = source;
    this.#add(start, size, false);
  }

  next(): Cursor | undefined {
    const block = this.#waiting.shift();
    if (block === undefined) return undefined;
    const cursor = this.#source.cursor(block.start, block.size, "an object header");
    if (block.signed) cursor.signature("OCHK");
    return cursor;
  }

  /** `checksum`: the bytes at the end of the block that are no message; version 2 also begins with a signature. */
  follow(continuation: Message | undefined, checksum: number): void {
    if (continuation === undefined) return;
    const body = continuation.open();
    const start = body.requiredAddress();
    this.#add(start, Math.max(0, body.length() - checksum), checksum > 0);
  }

  #add(start: number, size: number, signed: boolean): void {
    if (this.#seen.has(start)) throw formatError("The HDF5 file is broken: an object header continues in itself.");
    this.#seen.add(start);
    this.#waiting.push({ start, size, signed });
  }
}
