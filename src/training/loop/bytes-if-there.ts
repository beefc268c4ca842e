/** Files that may be missing. */
import { readBytes } from "#platform";

const MOST = 2 ** 33;

/** The bytes of a file, or undefined if it does not exist. @throws IOError if it exists but cannot be read. */
export async function bytesIfThere(place: string | URL): Promise<Uint8Array | undefined> {
  try {
    return await readBytes(place, { maxBytes: MOST });
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw error;
  }
}
