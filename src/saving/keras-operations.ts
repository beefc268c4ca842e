/**
 * Operations on tensors that Keras 3 writes as if they were layers (keras.src.ops): those by which `preprocess_input` inside a model
 * scales pixels are one Rescaling each.
 */
import { show } from "../core/errors.ts";
import type { LayerDescription } from "./checkpoint.ts";
import { unsupportedError } from "./file-errors.ts";
import { type Json, member } from "./json.ts";
import type { Call } from "./keras-calls.ts";

/** x ⊕ constant as scale and offset. */
const SCALINGS: ReadonlyMap<string, (constant: number) => { readonly scale: number; readonly offset: number }> =
  new Map([
    ["TrueDivide", (c) => ({ scale: 1 / c, offset: 0 })],
    ["Divide", (c) => ({ scale: 1 / c, offset: 0 })],
    ["Multiply", (c) => ({ scale: c, offset: 0 })],
    ["Subtract", (c) => ({ scale: 1, offset: -c })],
    ["Add", (c) => ({ scale: 1, offset: c })],
  ]);

/** The layer with its nodes; an operation with a constant as a Rescaling, a sum of tensors as an Add. */
export function withCalls(layer: LayerDescription, item: Json, calls: readonly Call[]): LayerDescription {
  const nodes = calls.map(({ tensors }) => tensors);
  const module = member(item, "module");
  if (typeof module !== "string" || !module.startsWith("keras.src.ops.")) return { ...layer, nodes };
  const { name, className } = layer;
  if (className === "Add" && calls.every(({ tensors }) => tensors.length === 2)) {
    return { className, name, config: { name }, nodes };
  }
  const [first] = calls;
  const constants = first?.args.filter((arg) => typeof arg === "number") ?? [];
  const [constant] = constants;
  const scaling = SCALINGS.get(className);
  if (calls.length === 1 && first?.args.length === 2 && constants.length === 1 && scaling !== undefined) {
    const commutes = className === "Multiply" || className === "Add";
    if (typeof constant === "number" && (typeof first.args[1] === "number" || commutes)) {
      return { className: "Rescaling", name, config: { name, ...scaling(constant) }, nodes };
    }
  }
  throw unsupportedError(
    `Operation '${show(name)}' of class ${show(className)} is not read. Read are sums, differences, products and ` +
      "quotients of a tensor and a number; replace others by layers.",
  );
}
