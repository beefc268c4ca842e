/** Writes zip archives of stored members (PKWARE APPNOTE 6.3), each aligned so that numbers in it can be viewed in place. */
import { crc32 } from "../bytes/crc32.ts";
import { unsupportedError } from "../file-errors.ts";
import { ByteWriter } from "../bytes/byte-writer.ts";

const ALIGNMENT = 64;
/** The number of an extra field that means nothing; zipalign uses it as well. */
const PADDING_FIELD = 0xd935;
const VERSION = 20;
/** 1980-01-01, the first day of the format, so that archives of the same content are the same. */
const DATE = 0x21;

/** The bytes of an archive, behind those of another file if one is given. @throws UnsupportedError for 4 GiB and more. */
export function writeZip(
  members: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  before = new Uint8Array(),
): Uint8Array<ArrayBuffer> {
  const total = members.reduce((sum, { bytes }) => sum + bytes.length + 512, before.length + 1024);
  if (total >= 2 ** 32 - 1) throw unsupportedError("Archives of 4 GiB and more are not written.");
  const out = new ByteWriter(total).raw(before);
  const directory = new ByteWriter();
  for (const { name, bytes } of members) {
    const nameBytes = new TextEncoder().encode(name);
    const start = out.length;
    const unpadded = start + 30 + nameBytes.length + 4;
    const padding = (ALIGNMENT - (unpadded % ALIGNMENT)) % ALIGNMENT;
    const crc = crc32(bytes);
    const common = (writer: ByteWriter, extra: number): ByteWriter =>
      // Bit 11: the name is UTF-8.
      writer
        .u16(VERSION)
        .u16(0x800)
        .u16(0)
        .u16(0)
        .u16(DATE)
        .u32(crc)
        .u32(bytes.length)
        .u32(bytes.length)
        .u16(nameBytes.length)
        .u16(extra);
    common(out.u32(0x04034b50), 4 + padding);
    out.raw(nameBytes).u16(PADDING_FIELD).u16(padding).zeros(padding).raw(bytes);
    common(directory.u32(0x02014b50).u16(VERSION), 0).u16(0).u16(0).u16(0).u32(0).u32(start).raw(nameBytes);
  }
  const directoryStart = out.length;
  out.raw(directory.bytes());
  out.u32(0x06054b50).u16(0).u16(0).u16(members.length).u16(members.length);
  return out.u32(directory.length).u32(directoryStart).u16(0).bytes();
}
