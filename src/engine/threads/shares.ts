/**
 * How several threads do one run: every operation is cut into shares, and each thread takes the next one that nobody has taken.
 *
 * All shares of a run are numbered in order. One word of the memory counts the shares that were taken, another one those that are
 * finished; both only ever grow, from run to run, so that a thread that comes late finds nothing to take and does no harm, and one that
 * never comes is not waited for. An operation that needs what others make starts when as many shares are finished as come before its own.
 * A share is the same work whoever does it, so results do not depend on the number of threads.
 */
import type { Expr, Local } from "../../wasm/expression.ts";
import type { Callable, FunctionBuilder } from "../../wasm/function.ts";
import { i32, memory } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";

/** Addresses of the words in the lowest bytes of a memory, each in a cache line of its own. */
export const TAKEN = 64;
export const FINISHED = 128;
/** The greatest number of finished shares for which somebody has gone to sleep. */
const WANTED = 192;
/** What the words take, from address 0 on. */
export const CONTROL_BYTES = 256;

/** How often a thread looks before it sleeps: some microseconds. */
const LOOKS = 4000;
/** After so many nanoseconds of sleep a thread gives up, to be asked again: whom it waits for may be dead. */
const LONGEST_SLEEP = 100_000_000;

/** Does `count` pieces (at least 1) from `from` on. Its code may be written more than once. */
export type Work = (from: Expr<"i32">, count: Expr<"i32">) => void;

/** Takes the work of one run and writes the code that does it. */
export interface Shares {
  /** `total` pieces of work, at most `most` at a time. Those of several calls may be done in any order until there is a `barrier`. */
  share(total: number, most: number, work: Work): void;
  /** What follows starts when all before is finished. */
  barrier(): void;
  /** So many shares there are by now. */
  readonly count: number;
}

/** One thread does all in order. */
export class OneThread implements Shares {
  readonly count = 1;
  readonly #f: FunctionBuilder;

  constructor(f: FunctionBuilder) {
    this.#f = f;
  }

  share(total: number, most: number, work: Work): void {
    const f = this.#f;
    const rounds = Math.floor(total / most);
    const rest = total - rounds * most;
    if (rounds === 1) work(i32.const(0), i32.const(most));
    else if (rounds > 1) {
      const from = f.local("i32", i32.const(0));
      f.repeat(
        () => {
          work(from, i32.const(most));
          f.increase(from, most);
        },
        i32.lt_s(from, i32.const(rounds * most)),
      );
    }
    if (rest > 0) work(i32.const(rounds * most), i32.const(rest));
  }

  barrier(): void {
    // In order is enough.
  }
}

/** The functions that all runs of a module share. */
export class SharedRuns {
  readonly #sleep: Callable;
  readonly #finish: Callable;

  constructor(module: ModuleBuilder) {
    this.#sleep = waitFunction(module);
    this.#finish = finishFunction(module);
  }

  /** Starts a function of one parameter: the number of finished shares, of this and all earlier runs, at the start. */
  start(f: FunctionBuilder): Shares {
    return new ManyThreads(f, f.param("i32"), this.#sleep, this.#finish);
  }
}

/** Any number of threads that all call the same function with the same parameter. */
class ManyThreads implements Shares {
  readonly #f: FunctionBuilder;
  readonly #base: Local<"i32">;
  readonly #wait: Callable;
  readonly #finish: Callable;
  /** 0 once the thread has given up waiting. */
  readonly #open: Local<"i32">;
  readonly #share: Local<"i32">;
  #shares = 0;
  #needed = 0;
  #awaited = 0;

  constructor(f: FunctionBuilder, base: Local<"i32">, wait: Callable, finish: Callable) {
    this.#f = f;
    this.#base = base;
    this.#wait = wait;
    this.#finish = finish;
    this.#open = f.local("i32", i32.const(1));
    this.#share = f.local("i32");
  }

  /** How many there are. */
  get count(): number {
    return this.#shares;
  }

  share(total: number, most: number, work: Work): void {
    if (total <= 0) return;
    const f = this.#f;
    const [base, share, open] = [this.#base, this.#share, this.#open];
    const first = this.#shares;
    const end = first + Math.ceil(total / most);
    this.#shares = end;
    this.#awaitNeeded();
    const again = f.local("i32");
    const from = f.local("i32");
    f.if(open, () => {
      f.repeat(() => {
        f.set(share, i32.sub(i32.atomic_load(i32.const(TAKEN)), base));
        f.set(again, i32.lt_u(share, i32.const(end)));
        f.if(again, () => {
          const number = i32.add(base, share);
          const next = i32.add(number, i32.const(1));
          f.if(i32.eq(i32.atomic_rmw_cmpxchg(i32.const(TAKEN), number, next), number), () => {
            f.set(from, i32.mul(i32.sub(share, i32.const(first)), i32.const(most)));
            const left = i32.sub(i32.const(total), from);
            work(from, total % most === 0 ? i32.const(most) : min(left, i32.const(most)));
            f.call(this.#finish, []);
          });
        });
      }, again);
    });
  }

  barrier(): void {
    this.#needed = this.#shares;
  }

  #awaitNeeded(): void {
    if (this.#needed === this.#awaited) return;
    this.#awaited = this.#needed;
    const f = this.#f;
    const needed = i32.add(this.#base, i32.const(this.#needed));
    f.if(this.#open, () => {
      f.call(this.#wait, [needed]);
      f.set(this.#open, isReached(needed));
    });
  }
}

function min(a: Expr<"i32">, b: Expr<"i32">): Expr<"i32"> {
  return i32.select(a, b, i32.lt_s(a, b));
}

/** The counters may wrap around. */
function isReached(finished: Expr<"i32">): Expr<"i32"> {
  return i32.ge_s(i32.sub(i32.atomic_load(i32.const(FINISHED)), finished), i32.const(0));
}

/** `wait(finished)`: returns when so many shares are finished, or when nothing has happened for too long. */
function waitFunction(module: ModuleBuilder): FunctionBuilder {
  const f = module.export(module.function("wait"));
  const finished = f.param("i32");
  const now = f.local("i32");
  const looks = f.local("i32", i32.const(LOOKS));
  const missing = i32.lt_s(i32.sub(now, finished), i32.const(0));
  const look = (): void => f.set(now, i32.atomic_load(i32.const(FINISHED)));
  f.repeat(
    () => {
      look();
      f.increase(looks, -1);
    },
    i32.and(missing, i32.ne(looks, i32.const(0))),
  );
  const slept = f.local("i32");
  f.if(missing, () => {
    f.repeat(
      () => {
        want(f, finished);
        f.set(slept, memory.atomic_wait32(i32.const(FINISHED), now, LONGEST_SLEEP));
        look();
      },
      i32.and(missing, i32.ne(slept, i32.const(2))),
    );
  });
  return f;
}

/** A late thread must not put a smaller number in the place of a greater one: what it waits for has long happened. */
function want(f: FunctionBuilder, finished: Expr<"i32">): void {
  const wanted = f.local("i32");
  f.repeat(
    () => {
      f.set(wanted, i32.atomic_load(i32.const(WANTED)));
      f.if(i32.lt_s(i32.sub(wanted, finished), i32.const(0)), () =>
        f.drop(i32.atomic_rmw_cmpxchg(i32.const(WANTED), wanted, finished)),
      );
    },
    i32.lt_s(i32.sub(i32.atomic_load(i32.const(WANTED)), finished), i32.const(0)),
  );
}

/** `finish()`: counts a finished share, and wakes those who wait for this very one. */
function finishFunction(module: ModuleBuilder): FunctionBuilder {
  const f = module.function("finish");
  const now = f.local("i32", i32.add(i32.atomic_rmw_add(i32.const(FINISHED), i32.const(1)), i32.const(1)));
  f.if(i32.eq(now, i32.atomic_load(i32.const(WANTED))), () =>
    f.drop(memory.atomic_notify(i32.const(FINISHED), i32.const(-1))),
  );
  return f;
}
