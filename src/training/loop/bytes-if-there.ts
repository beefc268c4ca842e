/** Files that need not be there. */
import { readBytes } from "#platform";

const MOST = 2 ** 33;

/** The bytes of a file; undefined where there is none. @throws IOError where it is there and cannot be read. */
export async function bytesIfThere(place: string | URL): Promise<Uint8Array | undefined> {
  try {
    return await readBytes(place, { maxBytes: MOST });
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw error;
  }
}
