/** SHA-256 (FIPS 180-4) by the Web Crypto API, which Node and secure pages have. */

/** The SHA-256 of bytes, in hexadecimal; undefined in pages that have no Web Crypto, which are those that are not secure. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (subtle === undefined) return undefined;
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What is to be said of a file whose SHA-256 is not the one that was recorded. */
export function otherChecksum(checksum: string, recorded: string): string {
  return `its SHA-256 is ${checksum}, but it was ${recorded} when the file was first downloaded (if it was published anew, remove the file from the cache)`;
}
