/**
 * The program of a worker thread: it does jobs, one after another, and reads messages when they come. Its text is sent to the thread, so
 * that no bundler has to find a file for it: the function uses nothing from outside but what every thread has.
 */
import type { FromWorker, Hello, ToWorker } from "./protocol.ts";

/** `listen` calls back for every message, `post` answers. */
export function workerProgram(
  listen: (receive: (message: ToWorker) => void) => void,
  post: (message: FromWorker) => void,
): void {
  type Entry = (...args: number[]) => void;
  interface Task {
    readonly entries: readonly Entry[];
    readonly wait: Entry;
    readonly memory: Int32Array;
  }
  const tasks = new Map<number, Task>();
  let hello: Hello | undefined;
  let received = 0;
  let lastJob = 0;

  function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory, entries: readonly string[]): Task {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const entry = (name: string): Entry => {
      const found = exports[name];
      if (typeof found !== "function") throw new Error(`no function ${name}`);
      return (...args) => {
        found(...args);
      };
    };
    return { entries: entries.map(entry), wait: entry("wait"), memory: new Int32Array(memory.buffer) };
  }

  function take({ control, words, slot, reports }: Hello, hasMail: () => boolean): void {
    const job = Atomics.load(control, words.job);
    if (job === lastJob || (job & 1) !== 0) return;
    const task = tasks.get(Atomics.load(control, words.task));
    const entry = task?.entries[Atomics.load(control, words.entry)];
    const call = Atomics.load(control, words.call);
    const base = Atomics.load(control, words.base);
    const end = base + Atomics.load(control, words.shares);
    const threads = Atomics.load(control, words.threads);
    // The words may be of two jobs if the next one was written meanwhile.
    if (Atomics.load(control, words.job) !== job) return;
    // The task may still be in the mail.
    if (task === undefined && hasMail()) return;
    lastJob = job;
    if (task === undefined || entry === undefined || slot >= threads) return;
    const { memory, wait } = task;
    // A call comes back before the end if it has waited for too long.
    for (;;) {
      entry(call, base, threads, slot);
      if (reports) wait(end);
      if (((Atomics.load(memory, words.finished) - end) | 0) >= 0) break;
      if (!reports) return;
      if (hasMail() || Atomics.load(control, words.job) !== job) return;
    }
    if (!reports) return;
    const reported = Atomics.load(control, words.reported);
    if (reported !== job && Atomics.compareExchange(control, words.reported, reported, job) === reported) {
      post({ kind: "finished", job });
    }
  }

  /** Does jobs until a message waits: messages come in only when this function has returned. */
  function work(me: Hello): void {
    const { control, alarm, looks } = me;
    const hasMail = (): boolean => Atomics.load(control, alarm + 1) !== received;
    for (;;) {
      const heard = Atomics.load(control, alarm);
      if (hasMail()) return;
      take(me, hasMail);
      let left = looks;
      while (left > 0 && Atomics.load(control, alarm) === heard) left--;
      if (left === 0) Atomics.wait(control, alarm, heard);
    }
  }

  listen((message) => {
    received++;
    try {
      if (message.kind === "hello") {
        hello = message;
        Atomics.store(message.control, message.alarm + 2, message.worker);
        post({ kind: "ready" });
      } else if (message.kind === "add") {
        tasks.set(message.task, instantiate(message.module, message.memory, message.entries));
      } else tasks.delete(message.task);
      if (hello !== undefined) work(hello);
    } catch (error) {
      post({ kind: "failed", message: String(error) });
    }
  });
}
