/** Operations → the same with the engine's kernels: what it has no kernel for becomes an operation of the layers' own. */
import { isMapName } from "../kernels/f32/elementwise.ts";
import { activate } from "../layers/activations/activations.ts";
import type { ElementwiseMap, Host, Operations } from "../lowering/operations.ts";
import type { KernelMap, MixedOperation, SelectedOperation } from "./operations.ts";

export function select(operations: Operations<MixedOperation>): Operations<SelectedOperation> {
  return { ...operations, list: operations.list.map(selected) };
}

function selected(operation: MixedOperation): SelectedOperation {
  return operation.kind === "map" ? mapWith(operation) : operation;
}

function mapWith({ map, ...rest }: ElementwiseMap): KernelMap | Host {
  if (isMapName(map)) return { ...rest, map };
  const { input, output } = rest;
  return { kind: "host", inputs: [input], output, compute: ([x]) => activate(map, known(x)) };
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("An activation was computed without its input.");
  return value;
}
