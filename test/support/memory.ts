/** How much memory work leaves behind. Garbage is collected before each look: V8 would do it when it likes. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
/** Collects garbage now. */
export const collect = runInNewContext("gc") as () => void;

/** In bytes. */
export interface Memory {
  /**
   * All memory of the process. WebAssembly's is taken and given back at once; of arrays that were given back, the allocator keeps some
   * for later.
   */
  readonly resident: number;
  /** The memory of JavaScript's objects and arrays, exactly. WebAssembly's is not in it. */
  readonly objects: number;
}

/** The memory once garbage is collected, and once what finalizers and other threads let go of is collected too. */
async function memory(): Promise<Memory> {
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { resident: rss, objects: heapUsed + arrayBuffers };
}

/** By how much memory the process grows each time that `work` is done. */
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
