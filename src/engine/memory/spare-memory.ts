/**
 * Shared memories that engines no longer need, kept for the next ones: some JavaScript engines collect them late or never, as they do
 * not count them as their own. Those that are collected all the same are gone from here.
 */
import { CONTROL_BYTES } from "../threads/shares.ts";

const spares = new Set<WeakRef<WebAssembly.Memory>>();

/** A memory may be larger than what is needed by this factor; a larger one would keep too much. */
const MOST_TIMES = 4;

/** Keeps a memory that no run uses any more. */
export function spare(memory: WebAssembly.Memory): void {
  spares.add(new WeakRef(memory));
}

/** A kept memory for about that number of bytes. All of it is 0 but for the threads' own words, which a thread that comes late must find. */
export function takeSpare(bytes: number): WebAssembly.Memory | undefined {
  let best: { readonly reference: WeakRef<WebAssembly.Memory>; readonly memory: WebAssembly.Memory } | undefined;
  for (const reference of spares) {
    const memory = reference.deref();
    if (memory === undefined) spares.delete(reference);
    else if (memory.buffer.byteLength <= bytes * MOST_TIMES && isBetter(memory, best?.memory, bytes)) {
      best = { reference, memory };
    }
  }
  if (best === undefined) return undefined;
  spares.delete(best.reference);
  new Uint8Array(best.memory.buffer, CONTROL_BYTES).fill(0);
  return best.memory;
}

/** Whether one memory is better than another: the smallest that is large enough is the best, else the largest. */
function isBetter(one: WebAssembly.Memory, other: WebAssembly.Memory | undefined, bytes: number): boolean {
  if (other === undefined) return true;
  const [a, b] = [one.buffer.byteLength, other.buffer.byteLength];
  return b < bytes ? a > b : a >= bytes && a < b;
}
