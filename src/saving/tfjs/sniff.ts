/** How a model.json of TensorFlow.js begins: as a JSON object, with one of the keys that only such files have near its start. */

const HEAD_BYTES = 4096;

/** True for a model.json of layers and for one of a graph. */
export function isTfjs(bytes: Uint8Array): boolean {
  const head = headOf(bytes);
  return /^\uFEFF?\s*\{/.test(head) && /"(?:modelTopology|weightsManifest|graph-model)"/.test(head);
}

/** The first 4096 bytes as text. */
export function headOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, HEAD_BYTES));
}
