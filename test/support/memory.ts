/** Memory that work leaves behind, told without V8's leisure: garbage is collected before each look. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
/** Collects garbage now. */
export const collect = runInNewContext("gc") as () => void;

/** In bytes. */
export interface Memory {
  /**
   * What the process has in all. WebAssembly's memory comes and goes with it at once; of small arrays that were given back, the allocator
   * keeps some for later.
   */
  readonly resident: number;
  /** What JavaScript's objects and arrays have, exactly, without WebAssembly's memory. */
  readonly objects: number;
}

/** Once garbage is collected, and once what finalizers and other threads let go of is too. */
async function memory(): Promise<Memory> {
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { resident: rss, objects: heapUsed + arrayBuffers };
}

/** By how much the process grows with each time that `work` is done. */
export async function growth(times: number, work: () => Promise<void>): Promise<Memory> {
  const before = await memory();
  for (let i = 0; i < times; i++) await work();
  const after = await memory();
  return {
    resident: (after.resident - before.resident) / times,
    objects: (after.objects - before.objects) / times,
  };
}

/** Both in words, for the message of a failed test. */
export function besideKept(left: number, kept: number): string {
  const [some = "", all = ""] = [left, kept].map((bytes) => `${(bytes / 1024).toFixed(1)} KiB`);
  return `each leaves ${some} behind; kept, it takes ${all}`;
}
