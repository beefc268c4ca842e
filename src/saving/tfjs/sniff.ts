/** Telling TensorFlow.js's files from their first bytes. */

const HEAD = 4096;

/** True for a model.json, of layers or of a graph. */
export function isTfjs(bytes: Uint8Array): boolean {
  const head = headOf(bytes);
  return /^\uFEFF?\s*\{/.test(head) && /"(?:modelTopology|weightsManifest|graph-model)"/.test(head);
}

/** True for a script of nsfwjs's that holds a model's description. */
export function isNsfwjs(bytes: Uint8Array): boolean {
  const head = headOf(bytes);
  return head.startsWith("!function(") && /\.exports=\{(?:modelTopology|format):/.test(head);
}

function headOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, HEAD));
}
