/** All of ONNX's operators that are read, by their names. */
import { ELEMENTWISE_OPERATORS } from "./elementwise.ts";
import type { NodeProto } from "../model-proto.ts";
import { NUMBER_OPERATORS, type Operator } from "./constants.ts";
import type { Item, OnnxOperation } from "../operation.ts";
import { MICROSOFT_OPERATORS, QUANTIZED_OPERATORS, dynamicQuantizeLinear } from "./quantized.ts";
import { SHAPE_OPERATORS } from "./shapes.ts";
import { WEIGHT_OPERATORS } from "./weights.ts";
import { WINDOW_OPERATORS } from "./windows.ts";

const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ...ELEMENTWISE_OPERATORS,
  ...NUMBER_OPERATORS,
  ...QUANTIZED_OPERATORS,
  ...SHAPE_OPERATORS,
  ...WEIGHT_OPERATORS,
  ...WINDOW_OPERATORS,
]);

/** Those with several outputs that are read. */
const MULTIPLE: ReadonlyMap<string, (operation: OnnxOperation) => readonly Item[]> = new Map([
  ["DynamicQuantizeLinear", dynamicQuantizeLinear],
]);

/** What makes of a node what its outputs stand for; undefined if it is not read. */
export function operatorOf({
  domain,
  operator,
}: NodeProto): ((operation: OnnxOperation) => readonly Item[]) | undefined {
  const isOwn = domain === "" || domain === "ai.onnx";
  const table = isOwn ? OPERATORS : domain === "com.microsoft" ? MICROSOFT_OPERATORS : undefined;
  const read = table?.get(operator);
  if (read !== undefined) return (operation) => [read(operation)];
  return isOwn ? MULTIPLE.get(operator) : undefined;
}

/** The names of what is read, for messages. */
export const OPERATOR_NAMES: readonly string[] = [
  ...[...OPERATORS.keys(), ...MULTIPLE.keys()].toSorted(),
  ...[...MICROSOFT_OPERATORS.keys()].toSorted().map((name) => `com.microsoft.${name}`),
];
