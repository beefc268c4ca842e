/** Plan → one WebAssembly module: the kernels it needs, and functions that call them in order with every address and length in the code. */
import type { Features } from "../wasm/features.ts";
import type { Callable } from "../wasm/function.ts";
import { i32 } from "../wasm/instructions.ts";
import { ModuleBuilder } from "../wasm/module.ts";
import { add, affine, clamp, map, mapKernelName } from "../kernels/elementwise.ts";
import { softmax } from "../kernels/reduce.ts";
import { sizeOf } from "../core/shape.ts";
import { emitConvolution } from "./emit-convolution.ts";
import { emitBorder, emitPad } from "./emit-pad.ts";
import { emitPool } from "./emit-pool.ts";
import { type Emitter, boundArguments } from "./emitter.ts";
import type { Host, Operation } from "./operations.ts";
import type { Plan } from "./plan.ts";
import type { PackedWeights } from "./weights.ts";

/** A function of the module by its name, or what the host does between two of them. */
export type Stage = string | Host;

export interface Compiled {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly stages: readonly Stage[];
}

export function compile(
  plan: Plan,
  {
    arena,
    weights,
    features,
  }: { readonly arena: number; readonly weights: PackedWeights; readonly features: Features },
): Compiled {
  const module = new ModuleBuilder();
  const kernels = new Map<string, Callable>();
  const stages: Stage[] = [];
  let current: Emitter | undefined;
  const emitter = (): Emitter => {
    if (current !== undefined) return current;
    const name = `run_${stages.length}`;
    stages.push(name);
    const f = module.export(module.function(name));
    current = {
      f,
      arithmetic: features.relaxedSimd ? "fma" : "mul",
      weights,
      address: (value) => arena + (plan.offsets[value] ?? 0),
      zeros: arena + plan.zeros.offset,
      kernel: (kernelName, make) => {
        const made = kernels.get(kernelName) ?? make(module);
        kernels.set(kernelName, made);
        return made;
      },
    };
    return current;
  };
  if (plan.zeros.bytes > 0) {
    const { f, zeros } = emitter();
    f.fill(i32.const(zeros), i32.const(plan.zeros.bytes));
  }
  for (const operation of plan.operations) {
    if (operation.kind === "host") {
      stages.push(operation);
      current = undefined;
    } else if (operation.kind !== "alias") {
      emit(emitter(), operation, plan);
    }
  }
  return { bytes: module.toBytes(), stages };
}

function emit(emitter: Emitter, operation: Exclude<Operation, { kind: "host" | "alias" }>, plan: Plan): void {
  const { f, arithmetic, weights } = emitter;
  const floats = sizeOf(plan.shapes[operation.output] ?? []);
  if (floats === 0) return;
  const vectors = i32.const(Math.ceil(floats / 4));
  const to = i32.const(emitter.address(operation.output));
  switch (operation.kind) {
    case "convolution":
      emitConvolution(emitter, operation);
      return;
    case "pad":
      if (operation.input === operation.output) emitBorder(emitter, operation);
      else emitPad(emitter, operation);
      return;
    case "sum": {
      const { bounds } = operation;
      const minmax = bounds !== undefined;
      const kernel = emitter.kernel(minmax ? "add minmax" : "add", (module) => add(module, { minmax }));
      const [a, b] = operation.inputs.map((input) => i32.const(emitter.address(input)));
      if (a !== undefined && b !== undefined) f.call(kernel, [vectors, a, b, to, ...boundArguments(bounds)]);
      return;
    }
    case "clamp": {
      const from = i32.const(emitter.address(operation.input));
      f.call(emitter.kernel("clamp", clamp), [vectors, from, to, ...boundArguments(operation.bounds)]);
      return;
    }
    case "map": {
      const kernel = emitter.kernel(mapKernelName(operation.map), (module) => map(module, operation.map));
      f.call(kernel, [vectors, i32.const(emitter.address(operation.input)), to]);
      return;
    }
    case "affine": {
      const { channels, input } = operation;
      const kernel = emitter.kernel("affine", (module) => affine(module, { arithmetic }));
      const [pixels, from] = [i32.const(floats / channels), i32.const(emitter.address(input))];
      f.call(kernel, [pixels, i32.const(channels), from, to, i32.const(weights.ofAffine(operation))]);
      return;
    }
    case "softmax": {
      const from = i32.const(emitter.address(operation.input));
      const kernel = emitter.kernel("softmax", softmax);
      f.call(kernel, [i32.const(operation.lines), i32.const(operation.length), from, to]);
      return;
    }
    case "pool":
      emitPool(emitter, operation);
      return;
  }
}
