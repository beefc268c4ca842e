/** Threads in Node: worker_threads. */
import { Worker } from "node:worker_threads";
import type { WorkerEvents, WorkerProgram, WorkerThread } from "../contract.ts";

const ENDS = `const { parentPort } = require("node:worker_threads");
const listen = (receive) => parentPort.on("message", receive);
const post = (message) => parentPort.postMessage(message);`;

export function startWorker<In, Out>(program: WorkerProgram<In, Out>, events: WorkerEvents<Out>): WorkerThread<In> {
  const worker = new Worker(`${ENDS}\n(${String(program)})(listen, post);`, {
    eval: true,
    // The name of this package must mean the same in the thread as it does here.
    execArgv: process.execArgv.filter((argument) => argument.startsWith("--conditions=")),
    name: "mobilenet-v2",
  });
  let reason: unknown;
  worker.on("message", events.message);
  worker.on("error", (error) => (reason = error));
  worker.on("exit", (code) => events.end(reason ?? new Error(`exit code ${code}`)));
  // The thread that takes part in the work waits for it; a worker alone keeps no process alive.
  worker.unref();
  return {
    post: (message) => worker.postMessage(message, []),
    stop: () => void worker.terminate(),
  };
}

export function packageUrl(subpath: string): string | undefined {
  try {
    return import.meta.resolve(`mobilenet-v2/${subpath}`);
  } catch {
    return undefined;
  }
}

/** Every thread of Node may sleep. */
export function mayBlock(): boolean {
  return true;
}

export function canShareMemory(): boolean {
  return true;
}

export function setBackgroundTimeout(run: () => void, milliseconds: number): void {
  setTimeout(run, milliseconds).unref();
}
