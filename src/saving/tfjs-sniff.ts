/** Telling TensorFlow.js's files from their first bytes. */

const HEAD = 4096;

/** True for a model.json with layers; a graph model has none, and says what it is at the start. */
export function isTfjsLayers(bytes: Uint8Array): boolean {
  const head = headOf(bytes);
  return (
    /^\uFEFF?\s*\{/.test(head) && /"(?:modelTopology|weightsManifest)"/.test(head) && !head.includes('"graph-model"')
  );
}

/** True for a script of nsfwjs's that holds a model's description. */
export function isNsfwjs(bytes: Uint8Array): boolean {
  const head = headOf(bytes);
  return head.startsWith("!function(") && head.includes(".exports={modelTopology:");
}

function headOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, HEAD));
}
