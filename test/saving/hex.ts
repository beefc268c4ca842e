/** Bytes from the hexadecimal digits in which tests write them; spaces between them do not count. */
export function hex(digits: string): Uint8Array {
  const plain = digits.replaceAll(/\s+/g, "");
  if (!/^(?:[0-9a-f]{2})*$/.test(plain)) throw new Error(`no hexadecimal digits: ${digits}`);
  return new Uint8Array(Buffer.from(plain, "hex"));
}

/** The bytes of a text in UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
