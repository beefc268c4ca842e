/**
 * Threads that load and augment pictures, shared by all data sets. They start with the first picture and end after a while without any. If a
 * thread cannot start, or dies, its pictures are left to the calling thread.
 */
import { defaultCores, packageUrl, setBackgroundTimeout, startWorker } from "#platform";
import { type ErrorCode, MobileNetV2Error } from "../../../core/errors.ts";
import type { WorkerThread } from "../../../platform/contract.ts";
import type { PictureOrder, PictureTask, Pixels } from "./picture-work.ts";
import { type FromWorker, type ToWorker, workerProgram } from "./picture-worker-program.ts";

/** The subpath of the package that a thread imports `pictureWork` from. */
const FACE = "data";
/** The time without work after which threads end, in milliseconds. */
const IDLE = 2_000;
/** The interval, in milliseconds, of a timer that only keeps the process alive while threads work, since the threads do not. */
const LONG = 2 ** 30;

/** The default number of threads: half the number of cores, at most 4; none with one or two cores, which the model needs itself. */
export function defaultWorkers(): number {
  const cores = defaultCores();
  return cores <= 2 || packageUrl(FACE) === undefined ? 0 : Math.min(4, cores >> 1);
}

interface Job {
  readonly resolve: (pixels: Pixels | undefined) => void;
  readonly reject: (error: unknown) => void;
}

interface Member {
  readonly thread: WorkerThread<ToWorker>;
  readonly jobs: Map<number, Job>;
  readonly tasks: Set<PictureTask>;
}

class PictureWorkers {
  #members: Member[] = [];
  #jobs = 0;
  #lastJob = 0;
  #failures = 0;
  readonly #numbers = new Map<PictureTask, number>();
  #hold: ReturnType<typeof setInterval> | undefined;

  /**
   * Does a task for one picture in one of `count` threads; undefined if no thread can do it.
   * @throws whatever the task throws
   */
  run(task: PictureTask, order: PictureOrder, count: number): Promise<Pixels | undefined> {
    const member = this.#freest(count);
    if (member === undefined) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const job = ++this.#lastJob;
      member.jobs.set(job, { resolve, reject });
      if (this.#jobs++ === 0) this.#hold = setInterval(() => undefined, LONG);
      member.thread.post({ kind: "work", job, task: this.#taught(member, task), order });
    });
  }

  /** The thread with the fewest jobs; a new one if all are busy and there are fewer than `count`. */
  #freest(count: number): Member | undefined {
    const members = this.#members.slice(0, count);
    const [first] = members.toSorted((a, b) => a.jobs.size - b.jobs.size);
    if (first !== undefined && (first.jobs.size === 0 || members.length === count)) return first;
    return this.#start() ?? first;
  }

  #start(): Member | undefined {
    const url = packageUrl(FACE);
    // After two failures, another attempt is unlikely to succeed.
    if (url === undefined || this.#failures > 1) return undefined;
    try {
      const member: Member = {
        thread: startWorker<ToWorker, FromWorker>(workerProgram, {
          message: (message) => this.#receive(member, message),
          end: () => this.#ended(member),
        }),
        jobs: new Map(),
        tasks: new Set(),
      };
      member.thread.post({ kind: "start", url });
      this.#members.push(member);
      return member;
    } catch {
      this.#failures++;
      return undefined;
    }
  }

  /** The number of a task, which is sent to the thread first if the thread does not have it. */
  #taught(member: Member, task: PictureTask): number {
    const number = this.#numbers.get(task) ?? this.#numbers.size;
    this.#numbers.set(task, number);
    if (!member.tasks.has(task)) {
      member.tasks.add(task);
      member.thread.post({ kind: "task", task: number, description: task });
    }
    return number;
  }

  #receive(member: Member, message: FromWorker): void {
    const job = member.jobs.get(message.job);
    if (job === undefined) return;
    this.#finished(member, message.job);
    if (message.kind === "done") job.resolve(message.pixels);
    else job.reject(errorOf(message.code, message.message));
  }

  #ended(member: Member): void {
    this.#members = this.#members.filter((other) => other !== member);
    this.#failures++;
    for (const [number, { resolve }] of member.jobs) {
      this.#finished(member, number);
      resolve(undefined);
    }
  }

  #finished(member: Member, job: number): void {
    member.jobs.delete(job);
    if (--this.#jobs > 0) return;
    clearInterval(this.#hold);
    const last = this.#lastJob;
    setBackgroundTimeout(() => {
      if (this.#jobs > 0 || this.#lastJob !== last) return;
      const members = this.#members;
      this.#members = [];
      this.#numbers.clear();
      for (const { thread } of members) thread.stop();
    }, IDLE);
  }
}

const CODES: ReadonlySet<string> = new Set<ErrorCode>([
  "ValueError",
  "ShapeError",
  "FormatError",
  "UnsupportedError",
  "IOError",
  "NetworkError",
  "LimitError",
  "MissingError",
  "StateError",
]);

function isCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && CODES.has(code);
}

function errorOf(code: string | undefined, message: string): Error {
  return isCode(code) ? new MobileNetV2Error(code, message) : new Error(message);
}

/** The threads of this process. */
export const pictureWorkers = new PictureWorkers();
