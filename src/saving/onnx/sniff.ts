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
  // safetensors begins with the length of its JSON, 8 bytes, of which the last are 0; then comes a brace, or white space before it.
  const isJson = rest[0] === 0 && [0x7b, 0x20, 0x09, 0x0a, 0x0d].includes(rest.at(-1) ?? 0);
  // The second field of Core ML is no text, but a message.
  const isCoreML = next === 0x12 && rest[0] === 0x0a;
  if (tag !== 0x08 || version < 1 || version > MAX_VERSION || isJson || isCoreML) return false;
  return FIELDS.get(next >> 3) === (next & 7) && next < 0x80 && (next >> 3 !== 2 || length < 0x80);
}
