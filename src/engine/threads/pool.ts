/**
 * The process's worker threads, which all models share. They start when they are first wanted, sleep between jobs, and are replaced if they die.
 *
 * A thread that may sleep does its part of a job itself and needs no worker to finish it: those that are there help. A page may not
 * sleep, nor should it be busy: workers do its jobs alone, and it does them itself only if there are none.
 */
import { canShareMemory, defaultCores, mayBlock, setBackgroundTimeout, startWorker } from "#platform";
import { MobileNetV2Error } from "../../core/errors.ts";
import type { ThreadPlatform, WorkerThread } from "../../platform/contract.ts";
import { sharedMemory } from "../../wasm/features.ts";
import { Attempts } from "./attempts.ts";
import { CONTROL_WORDS, type FromWorker, MOST_THREADS, type ToWorker, WORDS, alarmOf } from "./protocol.ts";
import type { Task } from "./task.ts";
import { Turns } from "./turns.ts";
import { workerProgram } from "./worker-program.ts";

/** How often a worker looks for the next job before it sleeps: for some tenths of a millisecond, the time that callers take between two jobs. */
const LOOKS = 50_000;
/** All times are in milliseconds. A job in which nothing moves for this long has lost a thread, even if nothing says so. */
const PATIENCE = 10_000;
/** How long to wait for news of the workers before looking again. */
const PERIOD = 100;
/** Workers end when there has been no task for this long. */
const IDLE = 2_000;

/** Whether this thread can share memory with others at all. */
export function canShare(): boolean {
  return canShareMemory() && sharedMemory();
}

interface Member {
  readonly slot: number;
  /** A number that no other worker has. */
  readonly number: number;
  readonly thread: WorkerThread<ToWorker>;
  /** The attempt at starting workers that it belongs to: those that are started together fail together. */
  readonly attempt: number;
  /** The tasks that it has been given. */
  readonly tasks: Set<number>;
}

interface Job {
  readonly task: Task;
  readonly entry: number;
  readonly call: number;
  readonly base: number;
  readonly end: number;
  readonly threads: number;
}

export class ThreadPool {
  readonly #control = new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * 4));
  /** The workers, by their slots. */
  readonly #members = new Map<number, Member>();
  readonly #takesPart = mayBlock();
  /** The tasks that were added and not dropped. */
  readonly #tasks = new Set<number>();
  readonly #forgotten = new FinalizationRegistry((task: number) => this.#drop(task));
  readonly #turns = new Turns();
  readonly #attempts = new Attempts();
  #started = 0;
  #jobs = 0;
  #helpers: readonly Member[] = [];
  /** What went wrong with one of the helpers. */
  #failure: unknown;
  #onNews: () => void = () => undefined;
  #emptySince = 0;
  readonly #startWorker: ThreadPlatform["startWorker"];

  constructor(start: ThreadPlatform["startWorker"] = startWorker) {
    this.#startWorker = start;
  }

  /** Does one piece of work at a time, in the order in which they are asked for. */
  exclusively<T>(work: () => T | Promise<T>): Promise<T> {
    return this.#turns.take(work);
  }

  /** Adds a task. Whoever adds one drops it when it is no longer needed; one that is forgotten is dropped some time later. */
  add(task: Task): void {
    this.#tasks.add(task.id);
    this.#forgotten.register(task, task.id, task);
  }

  drop(task: Task): void {
    this.#forgotten.unregister(task);
    void this.exclusively(() => this.#drop(task.id));
  }

  /** Wakes the workers for a job that is to come, as those that sleep take a while to get up. */
  rouse(threads: number): void {
    for (const { slot } of this.#present(threads)) this.#alarm(slot);
  }

  /**
   * Calls an entry of a task with up to `threads` threads. Only inside `exclusively`.
   * @throws StateError if a thread was lost: nothing is known of the content of the memory then, and some thread may still write to it.
   */
  async run(task: Task, entry: number, threads: number): Promise<void> {
    const base = task.finished;
    const end = (base + (task.entries[entry]?.shares ?? 0)) | 0;
    const job = { task, entry, call: task.nextCall(), base, end, threads: Math.min(threads, MOST_THREADS) };
    // Starting threads would only delay the first answer, as they would not be there in time.
    if (this.#jobs++ > 0 || !this.#takesPart) this.#hire(job.threads);
    if (!this.#takesPart) await this.#anyReady(job.threads);
    this.#failure = undefined;
    this.#helpers = this.#present(job.threads);
    for (const helper of this.#helpers) this.#inform(helper, task);
    if (this.#helpers.length > 0) this.#publish(job);
    const alone = this.#takesPart || this.#helpers.length === 0;
    try {
      if (alone) takePart(job);
      if (!task.hasFinished(end)) await this.#untilFinished(job, alone);
    } catch (error) {
      this.#dismiss();
      throw error;
    } finally {
      this.#helpers = [];
    }
  }

  /** Starts the workers that are missing. */
  #hire(threads: number): void {
    const first = this.#takesPart ? 1 : 0;
    const missing = Array.from({ length: threads - first }, (_, i) => first + i).filter(
      (slot) => !this.#members.has(slot),
    );
    const attempt = missing.length === 0 ? undefined : this.#attempts.next();
    if (attempt === undefined) return;
    try {
      for (const slot of missing) this.#members.set(slot, this.#start(slot, attempt));
    } catch {
      this.#attempts.failed(attempt);
    }
  }

  #start(slot: number, attempt: number): Member {
    const thread = this.#startWorker<ToWorker, FromWorker>(workerProgram, {
      message: (message) => this.#receive(member, message),
      end: (reason) => this.#ended(member, reason),
    });
    const member = { slot, number: ++this.#started, thread, attempt, tasks: new Set<number>() };
    const words = alarmOf(slot);
    // The worker that had this slot before has left nothing unread.
    this.#control[words + 1] = 0;
    this.#post(member, {
      kind: "hello",
      control: this.#control,
      words: WORDS,
      alarm: words,
      slot,
      worker: member.number,
      looks: slot < defaultCores() ? LOOKS : 1,
      reports: !this.#takesPart,
    });
    return member;
  }

  #receive(member: Member, message: FromWorker): void {
    if (message.kind === "ready") {
      this.#attempts.succeeded();
    } else if (message.kind === "failed") {
      member.thread.stop();
      this.#ended(member, message.message);
    }
    this.#onNews();
  }

  #ended(member: Member, reason: unknown): void {
    if (this.#members.get(member.slot) === member) this.#members.delete(member.slot);
    if (!this.#isReady(member)) this.#attempts.failed(member.attempt);
    if (this.#helpers.includes(member)) this.#failure ??= reason;
    this.#onNews();
  }

  #isReady({ slot, number }: Member): boolean {
    return Atomics.load(this.#control, alarmOf(slot) + 2) === number;
  }

  /** The workers that can take part in a job for that number of threads. */
  #present(threads: number): Member[] {
    return [...this.#members.values()].filter((member) => member.slot < threads && this.#isReady(member));
  }

  /** Resolves when there is a worker, or none that could still come. */
  async #anyReady(threads: number): Promise<void> {
    const until = performance.now() + PATIENCE;
    while (this.#members.size > 0 && this.#present(threads).length === 0) {
      await this.#news(PERIOD);
      if (performance.now() > until) {
        for (const { attempt } of this.#members.values()) this.#attempts.failed(attempt);
        this.#dismiss();
      }
    }
  }

  /** Gives a worker what it has not been given yet. */
  #inform(member: Member, { id, module, memory, entries }: Task): void {
    if (member.tasks.has(id)) return;
    member.tasks.add(id);
    this.#post(member, { kind: "add", task: id, module, memory, entries: entries.map(({ name }) => name) });
  }

  #publish({ task, entry, call, base, end, threads }: Job): void {
    const control = this.#control;
    Atomics.add(control, WORDS.job, 1);
    Atomics.store(control, WORDS.task, task.id);
    Atomics.store(control, WORDS.entry, entry);
    Atomics.store(control, WORDS.call, call);
    Atomics.store(control, WORDS.base, base);
    Atomics.store(control, WORDS.shares, (end - base) | 0);
    Atomics.store(control, WORDS.threads, threads);
    Atomics.add(control, WORDS.job, 1);
    for (const { slot } of this.#helpers) this.#alarm(slot);
  }

  #post({ slot, thread }: Pick<Member, "slot" | "thread">, message: ToWorker): void {
    thread.post(message);
    Atomics.add(this.#control, alarmOf(slot) + 1, 1);
    this.#alarm(slot);
  }

  #alarm(slot: number): void {
    Atomics.add(this.#control, alarmOf(slot), 1);
    Atomics.notify(this.#control, alarmOf(slot));
  }

  /** Lets news of the workers come in. A thread that takes part has already waited in vain for them. */
  async #untilFinished(job: Job, alone: boolean): Promise<void> {
    const { task, end } = job;
    let before = task.finished;
    let patience = PATIENCE / PERIOD;
    do {
      await this.#news(alone ? 1 : PERIOD);
      if (task.hasFinished(end)) return;
      if (alone && this.#failure === undefined) takePart(job);
      patience = task.finished === before ? patience - 1 : PATIENCE / PERIOD;
      before = task.finished;
      if (this.#failure !== undefined || patience <= 0) {
        throw new MobileNetV2Error(
          "StateError",
          "A worker thread ended in the middle of a prediction. Predict again: another one takes its place.",
          { cause: this.#failure },
        );
      }
    } while (!task.hasFinished(end));
  }

  /** Resolves at the next news of a worker, or after that number of milliseconds. */
  #news(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#onNews = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #drop(task: number): void {
    this.#tasks.delete(task);
    for (const member of this.#members.values()) {
      if (member.tasks.delete(task)) this.#post(member, { kind: "drop", task });
    }
    if (this.#tasks.size > 0) return;
    const since = performance.now();
    this.#emptySince = since;
    setBackgroundTimeout(() => {
      if (this.#tasks.size === 0 && this.#emptySince === since) this.#dismiss();
    }, IDLE);
  }

  /** Ends all workers. */
  #dismiss(): void {
    for (const { thread } of this.#members.values()) thread.stop();
    this.#members.clear();
  }
}

function takePart({ task, entry, call, base, end, threads }: Job): void {
  task.takePart(entry, call, base, threads);
  task.wait(end);
}

let pool: ThreadPool | undefined;

/** The pool of this process. */
export function sharedPool(): ThreadPool {
  pool ??= new ThreadPool();
  return pool;
}
