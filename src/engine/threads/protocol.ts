/** How the pool and its workers speak: by messages, and by words of a shared memory if it has to be quick. */
import { FINISHED } from "./shares.ts";

/** Where the words are, in Int32Array elements. */
export interface Words {
  /** A number that is odd while a job is being written, and 2 more with every job. */
  readonly job: number;
  /** The job: a task, one of its entries, the number of the call, the shares finished before, those to be finished, and how many threads may take part. */
  readonly task: number;
  readonly entry: number;
  readonly call: number;
  readonly base: number;
  readonly shares: number;
  readonly threads: number;
  /** The last job whose end was reported. */
  readonly reported: number;
  /** The number of finished shares; this one is in the task's memory. */
  readonly finished: number;
}

export const WORDS: Words = {
  job: 0,
  task: 1,
  entry: 2,
  call: 3,
  base: 4,
  shares: 5,
  threads: 6,
  reported: 7,
  finished: FINISHED / 4,
};

/** The most threads that can work together. */
export const MOST_THREADS = 64;

const WORDS_A_LINE = 32;
export const CONTROL_WORDS = (MOST_THREADS + 1) * WORDS_A_LINE;

/**
 * A worker's first word changes with everything new, and the worker sleeps on it; the next one counts its messages; the third one says
 * which worker is ready: whoever makes one prediction after the other never gets to hear its message.
 */
export function alarmOf(slot: number): number {
  return (slot + 1) * WORDS_A_LINE;
}

export interface Hello {
  readonly kind: "hello";
  readonly control: Int32Array;
  readonly words: Words;
  readonly alarm: number;
  /** The worker's number among the threads of a job. */
  readonly slot: number;
  /** The worker's number among all workers that there ever were. */
  readonly worker: number;
  /** How often to look for news before sleeping. */
  readonly looks: number;
  /** Whether the thread that wants the job done takes no part in it and has to be told of its end. */
  readonly reports: boolean;
}

/** Code that works in a shared memory. */
export interface AddTask {
  readonly kind: "add";
  readonly task: number;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** The exported functions that do a job each. */
  readonly entries: readonly string[];
}

export interface DropTask {
  readonly kind: "drop";
  readonly task: number;
}

export type ToWorker = Hello | AddTask | DropTask;

export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "finished"; readonly job: number }
  | { readonly kind: "failed"; readonly message: string };
