/** How an ONNX file begins: a ModelProto has no magic number, but begins with its version, and then has no other fields than these. */

/** The wire type of each field of ModelProto: ir_version, producer, domain, versions, graph, metadata, functions. */
const FIELDS: ReadonlyMap<number, number> = new Map([
  [1, 0],
  [2, 2],
  [3, 2],
  [4, 2],
  [5, 0],
  [6, 2],
  [7, 2],
  [8, 2],
  [14, 2],
  [20, 2],
  [25, 2],
]);

/** Versions to come are recognized as well, so that the error says what they are. */
const MAX_VERSION = 63;

export function isOnnx(bytes: Uint8Array): boolean {
  const [tag, version = 0, next = 0, length = 0, ...rest] = bytes.subarray(0, 9);
  // safetensors begins with the length of its JSON.
  const isJson = rest.at(-1) === 0x7b && rest[0] === 0;
  if (tag !== 0x08 || version < 1 || version > MAX_VERSION || isJson) return false;
  return FIELDS.get(next >> 3) === (next & 7) && next < 0x80 && (next >> 3 !== 2 || length < 0x80);
}
