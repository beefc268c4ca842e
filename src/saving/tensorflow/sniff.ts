/** How TensorFlow's files begin or end: a SavedModel, a graph alone, and the index of a checkpoint. None has a magic number at its start. */

const STATE = "model_checkpoint_path:";
const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];

/** The index of a checkpoint, or the text beside several that names the latest. */
export function isCheckpoint(bytes: Uint8Array): boolean {
  return isIndex(bytes) || isState(bytes);
}

/** The file `checkpoint` that tf.train writes: `model_checkpoint_path: "ckpt-3"`. */
export function isState(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(0, STATE.length)) === STATE;
}

/** It ends with the magic number of LevelDB's tables. */
function isIndex(bytes: Uint8Array): boolean {
  const end = bytes.subarray(Math.max(0, bytes.length - MAGIC.length));
  return end.length === MAGIC.length && MAGIC.every((byte, i) => end[i] === byte);
}

/** A SavedModel begins with its version, 1, and then has a graph, which begins with its description. */
export function isSavedModel(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x08 || bytes[1] !== 1 || bytes[2] !== 0x12) return false;
  const graph = skipLength(bytes, 3);
  // ONNX's models have a short text in this place.
  return graph > 4 && bytes[graph] === 0x0a;
}

/** A graph begins with a node, which begins with its name and its operator, which is a word with a capital. */
export function isGraphDef(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x0a) return false;
  const node = skipLength(bytes, 1);
  if (node === 0 || bytes[node] !== 0x0a) return false;
  const name = skipLength(bytes, node + 1);
  if (name === 0) return false;
  const operator = name + lengthAt(bytes, node + 1);
  if (bytes[operator] !== 0x12) return false;
  const start = skipLength(bytes, operator + 1);
  const length = lengthAt(bytes, operator + 1);
  if (start === 0 || length > 100) return false;
  const word = String.fromCharCode(...bytes.subarray(start, start + length));
  return word.length === length && /^_?[A-Z][A-Za-z0-9_]*$/.test(word);
}

/** The number at a place, in groups of 7 bits; NaN if it has more than five. */
function lengthAt(bytes: Uint8Array, at: number): number {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[at + i] ?? 0;
    length += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return length;
  }
  return NaN;
}

/** The place behind the number; 0 if there is none. */
function skipLength(bytes: Uint8Array, at: number): number {
  for (let i = at; i < at + 5 && i < bytes.length; i++) if ((bytes[i] ?? 0) < 128) return i + 1;
  return 0;
}
