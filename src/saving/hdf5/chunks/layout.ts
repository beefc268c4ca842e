/** How a dataset's elements are stored (HDF5 File Format Specification, IV.A.2.i), of all versions. */
import { uintOf } from "../further-source.ts";
import { formatError, unsupportedError } from "../../file-errors.ts";
import type { Cursor } from "../source.ts";

export type Layout =
  /** `start`: undefined if nothing was written. */
  | { readonly kind: "piece"; readonly start: number | undefined; readonly size: number | undefined }
  | {
      readonly kind: "chunks";
      /** The shape of a chunk, and behind it the size of an element. */
      readonly chunk: readonly number[];
      readonly index: ChunkIndex;
      /** True if chunks that reach beyond the dataset are stored as they are. */
      readonly plainEdges: boolean;
    };

export interface ChunkIndex {
  readonly kind: "tree 1" | "single" | "implicit" | "fixed array" | "extensible array" | "tree 2";
  readonly address: number | undefined;
  /** Of a single chunk that is filtered. */
  readonly size?: number;
  readonly mask?: number;
}

export function readLayout(message: Cursor, path: string): Layout {
  const version = message.version(1, 2, 3, 4, 5);
  return version < 3 ? readOldLayout(message, path) : readNewLayout(message, version, path);
}

function readOldLayout(message: Cursor, path: string): Layout {
  const rank = message.u8();
  const kind = message.u8();
  message.skip(5);
  const address = kind === 0 ? undefined : message.address();
  const sizes = Array.from({ length: rank }, () => message.u32());
  if (kind === 0) {
    const size = message.u32();
    return { kind: "piece", start: message.skip(size), size };
  }
  if (kind === 1) return { kind: "piece", start: address, size: undefined };
  if (kind !== 2) throw unknownKind(kind, path);
  return { kind: "chunks", chunk: sizes, index: { kind: "tree 1", address }, plainEdges: false };
}

function readNewLayout(message: Cursor, version: number, path: string): Layout {
  const kind = message.u8();
  if (kind === 0) {
    const size = message.u16();
    return { kind: "piece", start: message.skip(size), size };
  }
  if (kind === 1) return { kind: "piece", start: message.address(), size: message.length() };
  if (kind === 3) throw unsupportedError("Not allowed: H5 file with virtual Dataset");
  if (kind !== 2) throw unknownKind(kind, path);
  if (version === 3) {
    const rank = message.u8();
    const address = message.address();
    const chunk = Array.from({ length: rank }, () => message.u32());
    return { kind: "chunks", chunk, index: { kind: "tree 1", address }, plainEdges: false };
  }
  const flags = message.u8();
  const rank = message.u8();
  const width = message.u8();
  const chunk = Array.from({ length: rank }, () => uintOf(message, width));
  return { kind: "chunks", chunk, index: readIndex(message, flags, path), plainEdges: (flags & 1) !== 0 };
}

/** The sizes that an index was made with stand in its own header too. */
function readIndex(message: Cursor, flags: number, path: string): ChunkIndex {
  const kind = message.u8();
  switch (kind) {
    case 1:
      if ((flags & 2) !== 0) {
        const [size, mask] = [message.length(), message.u32()];
        return { kind: "single", size, mask, address: message.address() };
      }
      return { kind: "single", address: message.address() };
    case 2:
      return { kind: "implicit", address: message.address() };
    case 3:
      message.skip(1);
      return { kind: "fixed array", address: message.address() };
    case 4:
      message.skip(5);
      return { kind: "extensible array", address: message.address() };
    case 5:
      message.skip(6);
      return { kind: "tree 2", address: message.address() };
    default:
      throw formatError(`The HDF5 file is broken: the chunks of dataset '${path}' have an index of kind ${kind}.`);
  }
}

function unknownKind(kind: number, path: string): Error {
  return formatError(`The HDF5 file is broken: dataset '${path}' is stored in a way of number ${kind}.`);
}
