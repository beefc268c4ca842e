/** A place whose memory the pool's threads share: all of them run a plan together. */
import type { Run } from "../run-writer.ts";
import type { EngineMemory } from "../memory/memory.ts";
import { type Loaded, OwnPlace } from "../memory/place.ts";
import { spare } from "../memory/spare-memory.ts";
import type { ThreadPool } from "./pool.ts";
import { Task } from "./task.ts";

export class SharedPlace extends OwnPlace {
  override readonly shared = true;
  readonly #pool: ThreadPool;
  readonly #threads: number;

  constructor(memory: EngineMemory, pool: ThreadPool, threads: number) {
    super(memory);
    this.#pool = pool;
    this.#threads = threads;
  }

  override async load(module: WebAssembly.Module, runs: readonly Run[]): Promise<Loaded> {
    const [pool, threads] = [this.#pool, this.#threads];
    const task = await Task.create(module, this.memory.memory, runs);
    pool.add(task);
    return { call: (run) => pool.run(task, runs.indexOf(run), threads), drop: () => pool.drop(task) };
  }

  override begin(): void {
    this.#pool.rouse(this.#threads);
  }

  release(): void {
    spare(this.memory.memory);
  }
}
