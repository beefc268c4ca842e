/** A task: code that several threads run in one memory. */
import { MobileNetV2Error } from "../../core/errors.ts";
import { FINISHED, CALL } from "./shares.ts";

/** An exported function that several threads call together, and the number of shares into which its work is cut. */
export interface Entry {
  readonly name: string;
  readonly shares: number;
}

let tasks = 0;

export class Task {
  readonly id = ++tasks;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly entries: readonly Entry[];
  readonly #words: Int32Array;
  readonly #functions: readonly ((call: number, base: number, threads: number, thread: number) => void)[];
  readonly #wait: (finished: number) => void;

  private constructor(
    module: WebAssembly.Module,
    instance: WebAssembly.Instance,
    memory: WebAssembly.Memory,
    entries: readonly Entry[],
  ) {
    this.module = module;
    this.memory = memory;
    this.entries = entries;
    this.#words = new Int32Array(memory.buffer);
    this.#functions = entries.map(({ name }) => exported(instance, name));
    this.#wait = exported(instance, "wait");
  }

  static async create(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    entries: readonly Entry[],
  ): Promise<Task> {
    return new Task(module, await WebAssembly.instantiate(module, { env: { memory } }), memory, entries);
  }

  /** The number of shares that have been finished so far. */
  get finished(): number {
    return Atomics.load(this.#words, FINISHED / 4);
  }

  /** Whether that number of shares has been finished; the numbers may have wrapped around. */
  hasFinished(shares: number): boolean {
    return ((this.finished - shares) | 0) >= 0;
  }

  /** The number of a new call. */
  nextCall(): number {
    return (Atomics.add(this.#words, CALL / 4, 1) + 1) | 0;
  }

  /** Does the shares of an entry that nobody else takes, as the first of `threads` threads. */
  takePart(entry: number, call: number, base: number, threads: number): void {
    this.#functions[entry]?.(call, base, threads, 0);
  }

  /** Waits until that number of shares is finished, but not for ever. */
  wait(finished: number): void {
    this.#wait(finished);
  }
}

function exported({ exports }: WebAssembly.Instance, name: string): (...args: number[]) => void {
  const found = exports[name];
  if (typeof found !== "function") throw new MobileNetV2Error("StateError", `The compiled module has no ${name}.`);
  return (...args) => {
    found(...args);
  };
}
