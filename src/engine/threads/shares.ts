/**
 * How several threads do the work of one run: in each call of it, every operation is cut into shares, and each thread takes shares that
 * nobody has taken.
 *
 * A thread begins with the shares that lie where it has worked before, as their numbers are in its cache, and goes on with what the others
 * have not got to. Every share has a word that says in which call it was last taken; one more word counts the shares that are
 * finished. All of them only grow, from call to call: a thread that comes late finds nothing to take and does no harm, and one that never
 * comes is not waited for. An operation that needs what others make starts when as many shares are finished as there are before it.
 * A share is the same work whoever does it, so results do not depend on the number of threads.
 */
import type { Expr, Local } from "../../wasm/expression.ts";
import { min } from "../../wasm/extremes.ts";
import type { Callable, FunctionBuilder } from "../../wasm/function.ts";
import { i32, memory } from "../../wasm/instructions.ts";
import type { ModuleBuilder } from "../../wasm/module.ts";

/** Addresses of words in the lowest bytes of a memory: the number of the call, the shares finished in all calls so far, … */
export const CALL = 64;
export const FINISHED = 128;
/** … the greatest number of finished shares for which somebody has gone to sleep, and the shares' own words. */
const WANTED = 192;
const SHARES = 256;
/** The bytes that all of these words take, from address 0 on. */
export const CONTROL_BYTES = 65536;

/** The most shares of a run, and of one operation. */
const MOST_SHARES = (CONTROL_BYTES - SHARES) / 4;
const MOST_AT_ONCE = 128;

/** How often a thread looks before it sleeps: some microseconds. */
const LOOKS = 4000;
/** The nanoseconds of sleep after which a thread gives up, to be asked again: whom it waits for may be dead. */
const LONGEST_SLEEP = 100_000_000;

/** Writes code that does `count` pieces (at least 1) from `from` on. It may be asked more than once. */
export type Work = (from: Expr<"i32">, count: Expr<"i32">) => void;

/** Takes the work of one run and writes the code that does it. */
export interface Shares {
  /** `total` pieces of work, at most `most` at a time. Those of several calls may be done in any order until there is a `barrier`. */
  share(total: number, most: number, work: Work): void;
  /** What follows starts when all before is finished. */
  barrier(): void;
  /** The number of shares by now. */
  readonly count: number;
  /** The number of the thread at work, from 0: each may have memory of its own. */
  readonly thread: Expr<"i32">;
}

/** One thread does all in order. */
export class OneThread implements Shares {
  readonly count = 1;
  readonly thread = i32.const(0);
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
    // One thread does everything in order.
  }
}

/** The functions that all runs of a module share. */
export class SharedRuns {
  readonly #wait: Callable;
  readonly #finish: Callable;

  constructor(module: ModuleBuilder) {
    this.#wait = waitFunction(module);
    this.#finish = finishFunction(module);
  }

  /**
   * Starts a function. Its parameters are the number of the call, the number of shares finished before it, how many threads may take part,
   * and the caller's number among them.
   */
  start(f: FunctionBuilder): Shares {
    const parameters = { call: f.param("i32"), base: f.param("i32"), threads: f.param("i32"), thread: f.param("i32") };
    return new ManyThreads(f, parameters, this.#wait, this.#finish);
  }
}

interface Parameters {
  readonly call: Local<"i32">;
  readonly base: Local<"i32">;
  readonly threads: Local<"i32">;
  readonly thread: Local<"i32">;
}

/** Any number of threads that all call the same function. */
class ManyThreads implements Shares {
  readonly #f: FunctionBuilder;
  readonly #given: Parameters;
  readonly #wait: Callable;
  readonly #finish: Callable;
  /** 0 once the thread has given up waiting. */
  readonly #open: Local<"i32">;
  /** For the current operation, the share that the thread looks at, and the numbers of those that it has not looked at and of those that it has done. */
  readonly #at: Local<"i32">;
  readonly #left: Local<"i32">;
  readonly #done: Local<"i32">;
  readonly #last: Local<"i32">;
  readonly #from: Local<"i32">;
  #shares = 0;
  #needed = 0;
  #awaited = 0;

  constructor(f: FunctionBuilder, given: Parameters, wait: Callable, finish: Callable) {
    this.#f = f;
    this.#given = given;
    this.#wait = wait;
    this.#finish = finish;
    this.#open = f.local("i32", i32.const(1));
    this.#at = f.local("i32");
    this.#left = f.local("i32");
    this.#done = f.local("i32");
    this.#last = f.local("i32");
    this.#from = f.local("i32");
  }

  get count(): number {
    return this.#shares;
  }

  get thread(): Expr<"i32"> {
    return this.#given.thread;
  }

  share(total: number, most: number, work: Work): void {
    if (total <= 0) return;
    const f = this.#f;
    const { call, base, threads, thread } = this.#given;
    const [at, left, done, last] = [this.#at, this.#left, this.#done, this.#last];
    const pieces = Math.ceil(total / most);
    const inOne = Math.ceil(pieces / MOST_AT_ONCE);
    const count = Math.ceil(pieces / inOne);
    const first = this.#shares;
    this.#shares += count;
    if (this.#shares > MOST_SHARES) throw new Error(`more than ${MOST_SHARES} shares`);
    this.#awaitNeeded();
    const isDone = isReached(i32.add(base, i32.const(this.#shares)));
    f.if(i32.and(this.#open, i32.eqz(isDone)), () => {
      f.set(at, i32.div_s(i32.mul(thread, i32.const(count)), threads));
      f.set(left, i32.const(count));
      f.set(done, i32.const(0));
      f.repeat(() => {
        const word = i32.add(i32.shl(at, i32.const(2)), i32.const(SHARES + first * 4));
        f.set(last, i32.atomic_load(word));
        f.if(i32.lt_s(i32.sub(last, call), i32.const(0)), () =>
          f.if(i32.eq(i32.atomic_rmw_cmpxchg(word, last, call), last), () => {
            this.#pieces(total, most, inOne, work);
            f.increase(done, 1);
          }),
        );
        f.increase(at, 1);
        f.set(at, i32.select(at, i32.const(0), i32.lt_s(at, i32.const(count))));
        f.increase(left, -1);
      }, left);
      f.if(done, () => f.call(this.#finish, [done]));
    });
  }

  /** The work of the share that the thread is at. */
  #pieces(total: number, most: number, inOne: number, work: Work): void {
    const f = this.#f;
    const from = this.#from;
    const piece = (): void => {
      const rest = i32.sub(i32.const(total), from);
      work(from, total % most === 0 ? i32.const(most) : min(rest, i32.const(most)));
    };
    f.set(from, i32.mul(this.#at, i32.const(most * inOne)));
    if (inOne === 1) piece();
    else {
      const end = f.local("i32", min(i32.add(from, i32.const(most * inOne)), i32.const(total)));
      f.repeat(
        () => {
          piece();
          f.increase(from, most);
        },
        i32.lt_s(from, end),
      );
    }
  }

  barrier(): void {
    this.#needed = this.#shares;
  }

  #awaitNeeded(): void {
    if (this.#needed === this.#awaited) return;
    this.#awaited = this.#needed;
    const f = this.#f;
    const needed = i32.add(this.#given.base, i32.const(this.#needed));
    f.if(this.#open, () => {
      f.call(this.#wait, [needed]);
      f.set(this.#open, isReached(needed));
    });
  }
}

/** The counters may wrap around. */
function isReached(finished: Expr<"i32">): Expr<"i32"> {
  return i32.ge_s(i32.sub(i32.atomic_load(i32.const(FINISHED)), finished), i32.const(0));
}

/** `wait(finished)` returns when that number of shares is finished, or when nothing has happened for too long. */
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

/** Raises the number of shares that somebody waits for. A late thread must not lower it: what that one waits for has long happened. */
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

/** `finish(shares)` counts finished shares, and wakes those who wait for just these. */
function finishFunction(module: ModuleBuilder): FunctionBuilder {
  const f = module.function("finish");
  const shares = f.param("i32");
  const now = f.local("i32", i32.add(i32.atomic_rmw_add(i32.const(FINISHED), shares), shares));
  f.if(i32.eq(now, i32.atomic_load(i32.const(WANTED))), () =>
    f.drop(memory.atomic_notify(i32.const(FINISHED), i32.const(-1))),
  );
  return f;
}
