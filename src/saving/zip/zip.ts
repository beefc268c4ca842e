/** Members of zip archives (PKWARE APPNOTE 6.3). Stored members, which `.keras` and `.pth` files have, are viewed in place. */
import { crc32 } from "../bytes/crc32.ts";
import { formatError, unsupportedError } from "../file-errors.ts";

const LOCAL_HEADER = 0x04034b50;
const DIRECTORY_ENTRY = 0x02014b50;
const DIRECTORY_END = 0x06054b50;
const DIRECTORY_END_SIZE = 22;
const MAX_COMMENT = 0xffff;
const DEFLATED = 8;
/** The most bytes that a member may unpack to beyond twice the size of the archive. */
const MAX_UNPACKED = 2 ** 26;
/** Stands in place of a size that is written elsewhere (ZIP64), as Python's zipfile does from here on. */
const NOT_HERE = 0xffffffff;

/** True if the bytes begin with a member of a zip archive. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes.length > 4 && view(bytes).getUint32(0, true) === LOCAL_HEADER;
}

/**
 * The bytes of the member of exactly that name, held against its checksum; undefined if there is none. Other members are not looked at.
 * @throws FormatError for a broken archive or two such members; UnsupportedError if it is compressed, encrypted or over 4 GiB.
 */
export function zipMember(bytes: Uint8Array, name: string): Uint8Array | undefined {
  return member(bytes, name, true);
}

/** `zipMember` without the checksum, for weights: it would take longer than everything else in reading them. */
export function uncheckedMember(bytes: Uint8Array, name: string): Uint8Array | undefined {
  return member(bytes, name, false);
}

function member(bytes: Uint8Array, name: string, isChecked: boolean): Uint8Array | undefined {
  const wanted = new TextEncoder().encode(name);
  let found: Uint8Array | undefined;
  for (const entry of directory(bytes)) {
    if (!sameBytes(entry.name, wanted)) continue;
    if (found !== undefined) throw formatError(`The zip archive has two members named '${name}'.`);
    found = content(bytes, entry, name);
    if (isChecked) check(found, entry, name);
  }
  return found;
}

/**
 * `zipMember`, but a compressed member is unpacked. `isChecked`: whether one that is not compressed is held against its checksum.
 * @throws FormatError, UnsupportedError, LimitError
 */
export async function unpackedMember(
  bytes: Uint8Array,
  name: string,
  isChecked = true,
): Promise<Uint8Array | undefined> {
  const wanted = new TextEncoder().encode(name);
  const [entry, another] = [...directory(bytes)].filter((candidate) => sameBytes(candidate.name, wanted));
  if (entry?.method !== DEFLATED || another !== undefined) return member(bytes, name, isChecked);
  const packed = content(bytes, { ...entry, method: 0, size: entry.packedSize }, name);
  const { inflate } = await import("./inflate.ts");
  return check(await inflate(packed, entry.size, name, 2 * bytes.length + MAX_UNPACKED), entry, name);
}

/** The names of all members, to tell formats apart; none if the archive is broken. The format bounds their number to 65,535. */
export function zipNames(bytes: Uint8Array): readonly string[] {
  const decoder = new TextDecoder();
  try {
    return Array.from(directory(bytes), ({ name }) => decoder.decode(name));
  } catch {
    // Whoever reads the archive says what is wrong with it.
    return [];
  }
}

/** The folder in which everything in an archive lies (`""`, or `web/`), and the names of the files directly in it. */
export function topOf(names: readonly string[]): { readonly folder: string; readonly names: readonly string[] } {
  // What a Mac adds is not part of the checkpoint.
  const own = names.filter((name) => !name.startsWith("__MACOSX/"));
  const [folder = ""] = /^[^/]+\//.exec(own[0] ?? "") ?? [];
  if (folder !== "" && !own.every((name) => name.startsWith(folder))) return { folder: "", names: own.filter(isPlain) };
  return { folder, names: own.map((name) => name.slice(folder.length)).filter(isPlain) };
}

function isPlain(name: string): boolean {
  return name !== "" && !name.includes("/");
}

/**
 * Every member by its name, with a way to its bytes, which views them unchecked. The format bounds their number to 65,535.
 * @throws FormatError for a broken archive or two members of one name. Viewing bytes throws as `zipMember` does.
 */
export function zipMembers(bytes: Uint8Array): ReadonlyMap<string, () => Uint8Array> {
  const members = new Map<string, () => Uint8Array>();
  for (const entry of directory(bytes)) {
    const name = new TextDecoder().decode(entry.name);
    if (members.has(name)) throw formatError(`The zip archive has two members named '${name}'.`);
    members.set(name, () => content(bytes, entry, name));
  }
  return members;
}

interface Entry {
  readonly name: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  readonly start: number;
}

function* directory(bytes: Uint8Array): Generator<Entry> {
  const data = view(bytes);
  const end = directoryEnd(data);
  const count = data.getUint16(end + 10, true);
  const stop = data.getUint32(end + 16, true) + data.getUint32(end + 12, true);
  if (stop > end) throw formatError("The zip archive is broken: its directory lies outside the file.");
  let at = data.getUint32(end + 16, true);
  for (let i = 0; i < count; i++) {
    const nameStart = at + 46;
    if (nameStart > stop || data.getUint32(at, true) !== DIRECTORY_ENTRY) throw brokenDirectory();
    const nameEnd = nameStart + data.getUint16(at + 28, true);
    const next = nameEnd + data.getUint16(at + 30, true) + data.getUint16(at + 32, true);
    if (next > stop) throw brokenDirectory();
    yield {
      name: bytes.subarray(nameStart, nameEnd),
      flags: data.getUint16(at + 8, true),
      method: data.getUint16(at + 10, true),
      crc: data.getUint32(at + 16, true),
      packedSize: data.getUint32(at + 20, true),
      size: data.getUint32(at + 24, true),
      start: data.getUint32(at + 42, true),
    };
    at = next;
  }
}

function brokenDirectory(): Error {
  return formatError("The zip archive is broken: its directory ends early or is not one.");
}

/** The place of the end record: the last that, with its comment, reaches exactly to the end of the file. */
function directoryEnd(data: DataView): number {
  const last = data.byteLength - DIRECTORY_END_SIZE;
  for (let at = last; at >= Math.max(0, last - MAX_COMMENT); at--) {
    if (data.getUint32(at, true) === DIRECTORY_END && at + data.getUint16(at + 20, true) === last) return at;
  }
  throw formatError("The zip archive is truncated: its directory is missing. Download or copy the file again.");
}

function content(bytes: Uint8Array, entry: Entry, name: string): Uint8Array {
  const { start, size, packedSize } = entry;
  if ((entry.flags & 1) !== 0) throw unsupportedError(`'${name}' in the zip archive is encrypted.`);
  if (start === NOT_HERE || size === NOT_HERE || packedSize === NOT_HERE) {
    throw unsupportedError(`'${name}' in the zip archive is larger than 4 GiB.`);
  }
  if (entry.method !== 0) {
    throw unsupportedError(
      `'${name}' in the zip archive is compressed; Keras stores it as it is. Pack it again with zip -0.`,
    );
  }
  const data = view(bytes);
  if (start + 30 > bytes.length || data.getUint32(start, true) !== LOCAL_HEADER) throw brokenMember(name);
  const from = start + 30 + data.getUint16(start + 26, true) + data.getUint16(start + 28, true);
  if (size !== packedSize || from + size > bytes.length) throw brokenMember(name);
  return bytes.subarray(from, from + size);
}

function check(found: Uint8Array, { crc }: Entry, name: string): Uint8Array {
  if (crc32(found) === crc) return found;
  throw formatError(
    `The zip archive is broken: '${name}' does not have the checksum that the directory says. Download or copy the file again.`,
  );
}

function brokenMember(name: string): Error {
  return formatError(`The zip archive is broken: '${name}' does not lie where the directory says.`);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
