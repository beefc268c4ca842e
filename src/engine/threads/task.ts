/** Code that several threads run in one memory. */
import { MobileNetV2Error } from "../../core/errors.ts";
import { FINISHED, RUN } from "./shares.ts";

/** An exported function of `SharedRuns`, and the number of shares into which its work is cut. */
export interface Stage {
  readonly name: string;
  readonly shares: number;
}

let tasks = 0;

export class Task {
  readonly id = ++tasks;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly stages: readonly Stage[];
  readonly #words: Int32Array;
  readonly #calls: readonly ((run: number, base: number, threads: number, thread: number) => void)[];
  readonly #wait: (finished: number) => void;

  private constructor(
    module: WebAssembly.Module,
    instance: WebAssembly.Instance,
    memory: WebAssembly.Memory,
    stages: readonly Stage[],
  ) {
    this.module = module;
    this.memory = memory;
    this.stages = stages;
    this.#words = new Int32Array(memory.buffer);
    this.#calls = stages.map(({ name }) => exported(instance, name));
    this.#wait = exported(instance, "wait");
  }

  static async create(module: WebAssembly.Module, memory: WebAssembly.Memory, stages: readonly Stage[]): Promise<Task> {
    return new Task(module, await WebAssembly.instantiate(module, { env: { memory } }), memory, stages);
  }

  /** The shares that have been finished so far. */
  get finished(): number {
    return Atomics.load(this.#words, FINISHED / 4);
  }

  /** Whether so many shares have been finished; the numbers may have wrapped around. */
  hasFinished(shares: number): boolean {
    return ((this.finished - shares) | 0) >= 0;
  }

  /** The number of a new run. */
  nextRun(): number {
    return (Atomics.add(this.#words, RUN / 4, 1) + 1) | 0;
  }

  /** Does the shares of a stage that nobody else takes, as the first of so many threads. */
  takePart(stage: number, run: number, base: number, threads: number): void {
    this.#calls[stage]?.(run, base, threads, 0);
  }

  /** Waits until so many shares are finished, but not for ever. */
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
