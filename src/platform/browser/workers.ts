/** Threads in browsers: Web Workers. */
import { MobileNetV2Error } from "../../core/errors.ts";
import type { WorkerEvents, WorkerProgram, WorkerThread } from "../contract.ts";

const ENDS = `const listen = (receive) => { onmessage = ({ data }) => receive(data); };
const post = (message) => postMessage(message);
const __name = (named) => named;`;

export function startWorker<In, Out>(program: WorkerProgram<In, Out>, events: WorkerEvents<Out>): WorkerThread<In> {
  // Service workers cannot start workers.
  if (typeof Worker !== "function") throw new MobileNetV2Error("UnsupportedError", "There are no workers here.");
  const url = URL.createObjectURL(
    new Blob([`${ENDS}\n(${String(program)})(listen, post);`], { type: "text/javascript" }),
  );
  const worker = new Worker(url, { name: "mobilenet-v2" });
  worker.addEventListener("message", ({ data }: MessageEvent<Out>) => {
    URL.revokeObjectURL(url);
    events.message(data);
  });
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    URL.revokeObjectURL(url);
    worker.terminate();
    events.end(new Error(event.message || "the worker did not start"));
  });
  return {
    post: (message) => worker.postMessage(message, []),
    stop: () => worker.terminate(),
  };
}

/** Import maps apply to pages, not to their workers. */
export function packageUrl(): string | undefined {
  return undefined;
}

/** Pages may not sleep, as they have to respond to their users. Workers may, except service workers. */
export function mayBlock(): boolean {
  if (typeof document !== "undefined") return false;
  if (typeof SharedArrayBuffer !== "function") return true;
  try {
    // The value there is not the expected one, so this returns at once.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}

/** Memory can be shared only if the page is cross-origin isolated. */
export function canShareMemory(): boolean {
  return typeof SharedArrayBuffer === "function" && globalThis.crossOriginIsolated;
}

export function setBackgroundTimeout(run: () => void, milliseconds: number): void {
  setTimeout(run, milliseconds);
}
