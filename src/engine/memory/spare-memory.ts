/**
 * Shared memories that engines no longer need, for the next ones: some engines of JavaScript collect them late or never, because they
 * do not count them as their own. Whoever collects one all the same takes it from here.
 */
import { CONTROL_BYTES } from "../threads/shares.ts";

const spares = new Set<WeakRef<WebAssembly.Memory>>();

/** A larger one would keep too much for too little. */
const MOST_TIMES = 4;

/** To be called once no run uses it. */
export function spare(memory: WebAssembly.Memory): void {
  spares.add(new WeakRef(memory));
}

/** A memory for about so many bytes, all 0 but for the threads' own words: a thread that comes late must find them. */
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

/** The smallest that is large enough, else the largest. */
function isBetter(one: WebAssembly.Memory, other: WebAssembly.Memory | undefined, bytes: number): boolean {
  if (other === undefined) return true;
  const [a, b] = [one.buffer.byteLength, other.buffer.byteLength];
  return b < bytes ? a > b : a >= bytes && a < b;
}
