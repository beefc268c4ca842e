/** How much memory work leaves behind. Garbage is collected before each look: V8 would do it when it likes. */
import { execFileSync } from "node:child_process";
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

/** The most memory that this process has taken so far, in bytes. */
export function peak(): number {
  return process.resourceUsage().maxRSS * 1024;
}

/** By how much the peak of a process grows when it fills an array of so many bytes: what that much memory is on this machine. */
export function peakOfFilling(bytes: number): number {
  const program = `
    const peak = () => process.resourceUsage().maxRSS * 1024;
    const before = peak();
    new Uint8Array(${bytes}).fill(1);
    console.log(peak() - before);`;
  return Number(execFileSync(process.execPath, ["--eval", program], { encoding: "utf8" }));
}
