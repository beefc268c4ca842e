/** Compressed members of zip archives (RFC 1951), by the platform's own inflater: bounded by what the archive declares and by its ratio. */
import { MobileNetV2Error, messageOf } from "../../core/errors.ts";
import { formatError } from "../file-errors.ts";

/** The most that deflate can compress; whoever claims more lies. */
const MAX_RATIO = 1032;

/** The unpacked content, which must have `size` bytes. @throws FormatError if it is broken or of another size; LimitError over `atMost`. */
export async function inflate(
  packed: Uint8Array,
  size: number,
  name: string,
  atMost: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (size > atMost) {
    throw new MobileNetV2Error(
      "LimitError",
      `'${name}' in the zip archive unpacks to ${size} bytes, which is refused: at most ${atMost} are read. ` +
        "If you trust it, unpack the archive first.",
    );
  }
  if (size > packed.length * MAX_RATIO) throw broken(name);
  const bytes = new Uint8Array(size);
  let length = 0;
  try {
    const stream = new Blob([packed.slice()]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    const reader = stream.getReader();
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- a stream
      const { done, value } = await reader.read();
      if (done) break;
      if (length + value.length > size) {
        // oxlint-disable-next-line no-await-in-loop -- it is the end
        await reader.cancel();
        throw broken(name);
      }
      bytes.set(value, length);
      length += value.length;
    }
  } catch (error) {
    if (error instanceof MobileNetV2Error) throw error;
    throw formatError(`The zip archive is broken: '${name}' cannot be unpacked (${messageOf(error)}).`, {
      cause: error,
    });
  }
  if (length !== size) throw broken(name);
  return bytes;
}

function broken(name: string): Error {
  return formatError(`The zip archive is broken: '${name}' is not of the size that the directory says.`);
}
