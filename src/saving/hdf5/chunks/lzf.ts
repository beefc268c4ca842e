/** LZF, h5py's own compression (LibLZF's format): runs of literals, and copies of what came before. */

/** The unpacked bytes, at most `atMost`; undefined if the data are broken or are more. */
export function unpackLzf(packed: Uint8Array, atMost: number): Uint8Array | undefined {
  const out = new Uint8Array(atMost);
  let from = 0;
  let to = 0;
  while (from < packed.length) {
    const control = packed[from++] ?? 0;
    if (control < 32) {
      const end = from + control + 1;
      if (end > packed.length || to + control + 1 > atMost) return undefined;
      out.set(packed.subarray(from, end), to);
      to += control + 1;
      from = end;
      continue;
    }
    let length = control >> 5;
    if (length === 7) length += packed[from++] ?? 0;
    let source = to - ((control & 31) << 8) - (packed[from++] ?? 0) - 1;
    length += 2;
    if (from > packed.length || source < 0 || to + length > atMost) return undefined;
    // Byte by byte: a copy may overlap what it makes.
    for (const end = to + length; to < end; to++) out[to] = out[source++] ?? 0;
  }
  return out.subarray(0, to);
}
