/**
 * Writes the module of a plan: the kernels that it needs, and exported functions, the runs, that call them in order. Between two runs the
 * host may compute something. The compilers of inference and of training both hold one, and add what their own operations need.
 */
import type { Expr } from "../wasm/expression.ts";
import type { Callable, FunctionBuilder } from "../wasm/function.ts";
import { ModuleBuilder } from "../wasm/module.ts";
import { OneThread, SharedRuns, type Shares, type Work } from "./threads/shares.ts";

/** An exported function. */
export interface Run {
  readonly kind: "run";
  readonly name: string;
  /** The number of shares into which its work is cut for several threads; 1 if a single thread does it all. */
  readonly shares: number;
}

/** One after the other: an exported function is called, or the host does something. */
export type Stage<HostStep> = Run | HostStep;

/** What the emitter of any operation works with. */
export interface RunEmitter {
  /** The function that calls the kernels. */
  readonly f: FunctionBuilder;
  /** The kernel of that name in this module, made when it is first asked for. */
  kernel(name: string, make: (module: ModuleBuilder) => Callable): Callable;
  /**
   * Cuts an operation's work into `total` pieces, which the threads divide among themselves; `work` does some of them, at most `most`
   * at a time. The pieces are independent of one another.
   */
  share(total: number, most: number, work: Work): void;
  /** What follows starts when everything before is finished. There is one between two operations in any case. */
  barrier(): void;
}

export interface RunWriterOptions {
  /** Whether several threads do the work, in a shared memory. */
  readonly shared: boolean;
  /** Whether every operation becomes a run of its own, for those who time them. */
  readonly separate: boolean;
}

/** Runs end after about so many shares: their number is limited. */
const SHARES_PER_RUN = 8000;

interface OpenRun<E> {
  readonly emitter: E;
  readonly shares: Shares;
  readonly name: string;
}

export class RunWriter<E extends RunEmitter> {
  readonly #module: ModuleBuilder;
  readonly #threads: SharedRuns | undefined;
  readonly #kernels = new Map<string, Callable>();
  readonly #separate: boolean;
  readonly #complete: (emitter: RunEmitter, thread: Expr<"i32">) => E;
  readonly #runs: Run[] = [];
  #names = 0;

  /** @param complete makes the emitter of each run, at its beginning; `thread` is the number of the thread at work, from 0. */
  constructor({ shared, separate }: RunWriterOptions, complete: (emitter: RunEmitter, thread: Expr<"i32">) => E) {
    this.#module = new ModuleBuilder({ shared });
    this.#threads = shared ? new SharedRuns(this.#module) : undefined;
    this.#separate = separate;
    this.#complete = complete;
  }

  /** All runs that have been written so far. */
  get runs(): readonly Run[] {
    return this.#runs;
  }

  /** The module, once all sequences have ended. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#module.toBytes();
  }

  /** Begins what is to be done in order: operations, and steps of the host. */
  sequence<HostStep>(): Sequence<E, HostStep> {
    return new Sequence({
      open: () => this.#open(),
      close: ({ name, shares: { count } }) => {
        const run: Run = { kind: "run", name, shares: count };
        this.#runs.push(run);
        return run;
      },
      isFull: ({ shares: { count } }) => this.#separate || count > SHARES_PER_RUN,
    });
  }

  #open(): OpenRun<E> {
    const name = `run_${this.#names++}`;
    const f = this.#module.export(this.#module.function(name));
    const shares = this.#threads?.start(f) ?? new OneThread(f);
    const emitter: RunEmitter = {
      f,
      kernel: (kernelName, make) => {
        const made = this.#kernels.get(kernelName) ?? make(this.#module);
        this.#kernels.set(kernelName, made);
        return made;
      },
      share: (total, most, work) => shares.share(total, most, work),
      barrier: () => shares.barrier(),
    };
    return { emitter: this.#complete(emitter, shares.thread), shares, name };
  }
}

interface Runs<E> {
  open(): OpenRun<E>;
  close(run: OpenRun<E>): Run;
  /** Whether the next operation belongs to another run. */
  isFull(run: OpenRun<E>): boolean;
}

/** Collects the stages of one sequence. */
export class Sequence<E extends RunEmitter, HostStep> {
  readonly #of: Runs<E>;
  readonly #stages: Stage<HostStep>[] = [];
  #current: OpenRun<E> | undefined;

  constructor(of: Runs<E>) {
    this.#of = of;
  }

  /** Writes an operation, which may read what all before it have written. */
  add(emit: (emitter: E) => void): void {
    if (this.#current !== undefined && this.#of.isFull(this.#current)) this.#close();
    this.#current ??= this.#of.open();
    this.#current.shares.barrier();
    emit(this.#current.emitter);
  }

  /** Lets the host do something before what is added next. */
  addHostStep(step: HostStep): void {
    this.#close();
    this.#stages.push(step);
  }

  end(): readonly Stage<HostStep>[] {
    this.#close();
    return this.#stages;
  }

  #close(): void {
    if (this.#current !== undefined) this.#stages.push(this.#of.close(this.#current));
    this.#current = undefined;
  }
}

export function isRun<HostStep extends { readonly kind: string }>(stage: Stage<HostStep>): stage is Run {
  return stage.kind === "run";
}
