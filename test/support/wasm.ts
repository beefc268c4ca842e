/** Runs modules of the assembler in a small memory of their own. */
import { features } from "../../src/wasm/features.ts";
import type { ModuleBuilder } from "../../src/wasm/module.ts";

export interface Instance {
  /** The memory as floats; 4 MiB. */
  readonly floats: Float32Array;
  readonly memory: WebAssembly.Memory;
  readonly call: (name: string, ...args: readonly number[]) => void;
}

export async function instantiate(
  module: ModuleBuilder,
  host: Readonly<Record<string, (...args: number[]) => unknown>> = {},
): Promise<Instance> {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 });
  const { instance } = await WebAssembly.instantiate(module.toBytes(), { env: { memory, ...host } });
  return {
    floats: new Float32Array(memory.buffer),
    memory,
    call: (name, ...args) => {
      const exported = instance.exports[name];
      if (typeof exported !== "function") throw new Error(`no export named ${name}`);
      exported(...args);
    },
  };
}

/** For tests of kernels with fused multiply-add. */
export const needsRelaxedSimd: string | false = features().relaxedSimd ? false : "needs relaxed SIMD";
