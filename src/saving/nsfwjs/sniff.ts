/** How a model.min.js of nsfwjs begins: as a bundled script that exports a model.json. */
import { headOf } from "../tfjs/sniff.ts";

export function isNsfwjs(bytes: Uint8Array): boolean {
  const head = headOf(bytes);
  return head.startsWith("!function(") && /\.exports=\{(?:modelTopology|format):/.test(head);
}
