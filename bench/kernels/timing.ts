/** What the benchmarks of kernels share: a memory, the shortest of many calls, and a line for each kernel. */
import type { ModuleBuilder } from "../../src/wasm/module.ts";

const MEBIBYTE = 2 ** 20;
const memory = new WebAssembly.Memory({ initial: 1024, maximum: 65536 });
// Untouched pages would all be the same one.
new Float32Array(memory.buffer).fill(0.01);

/** An address, so many mebibytes from the beginning. */
export function at(mebibytes: number): number {
  return mebibytes * MEBIBYTE;
}

export interface Timed {
  /** Multiply-adds or bytes. */
  readonly work: number;
  readonly ms: number;
}

/** The shortest call of the module's export `run` within so many milliseconds. */
export async function time(module: ModuleBuilder, work: number, milliseconds: number): Promise<Timed> {
  const { instance } = await WebAssembly.instantiate(module.toBytes(), { env: { memory } });
  const run = instance.exports["run"];
  if (typeof run !== "function") throw new Error("no run");
  let ms = Infinity;
  for (const end = performance.now() + milliseconds; performance.now() < end;) {
    const start = performance.now();
    run();
    ms = Math.min(ms, performance.now() - start);
  }
  return { work, ms };
}

/** Billions a second: of all together, then of each. */
export function print(name: string, unit: string, timed: readonly Timed[]): void {
  const sum = (of: (one: Timed) => number): number => timed.reduce((total, one) => total + of(one), 0);
  const rate = (work: number, ms: number): string => (work / ms / 1e6).toFixed(1);
  const all = rate(
    sum(({ work }) => work),
    sum(({ ms }) => ms),
  );
  const each = timed.map(({ work, ms }) => rate(work, ms)).join(" ");
  console.log(`${name.padEnd(28)} ${all.padStart(5)} ${unit}   ${each}`);
}
