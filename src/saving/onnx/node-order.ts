/** The order of an ONNX graph's nodes: each comes after those that make what it takes. */
import type { NodeProto } from "./model-proto.ts";

/**
 * The specification demands this order, but onnxruntime does not: its converter to float16 writes the casts of the inputs last. Nodes that
 * are in order stay as they are; those that wait for what nothing makes, or for each other, come last.
 * @param given the names that there are before any node: inputs and constants
 */
export function inOrder(nodes: readonly NodeProto[], given: Iterable<string>): readonly NodeProto[] {
  const made = new Set(given);
  const waiting = new Map<string, NodeProto[]>();
  const missing = new Map<NodeProto, number>();
  const ordered: NodeProto[] = [];
  for (const node of nodes) {
    const unmade = new Set(node.inputs.filter((name) => name !== "" && !made.has(name)));
    if (unmade.size > 0) missing.set(node, unmade.size);
    for (const name of unmade) {
      const others = waiting.get(name);
      if (others === undefined) waiting.set(name, [node]);
      else others.push(node);
    }
    const ready = unmade.size === 0 ? [node] : [];
    for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
      ordered.push(next);
      for (const name of next.outputs) {
        if (made.has(name)) continue;
        made.add(name);
        for (const other of waiting.get(name) ?? []) {
          const left = (missing.get(other) ?? 0) - 1;
          missing.set(other, left);
          if (left === 0) ready.push(other);
        }
      }
    }
  }
  return [...ordered, ...nodes.filter((node) => (missing.get(node) ?? 0) > 0)];
}
