/** The host of a page that cannot share memory: one worker that runs all models' plans in memories of its own. */
import { startWorker } from "#platform";
import { MobileNetV2Error } from "../../core/errors.ts";
import type { ThreadPlatform, WorkerThread } from "../../platform/contract.ts";
import type { EngineMemory, Region } from "../memory/memory.ts";
import type { Run } from "../run-writer.ts";
import type { Loaded, Place } from "../memory/place.ts";
import type { Placement } from "../plan/plan.ts";
import { Attempts } from "./attempts.ts";
import { type FromPageHost, type ToPageHost, pageHostProgram } from "./page-host-program.ts";
import { Turns } from "./turns.ts";

const PAGE = 65536;

interface Question {
  readonly resolve: (data: Float32Array) => void;
  readonly reject: (reason: unknown) => void;
}

export class PageHost {
  readonly turns = new Turns();
  readonly #startWorker: ThreadPlatform["startWorker"];
  readonly #attempts = new Attempts();
  readonly #questions: Question[] = [];
  #thread: WorkerThread<ToPageHost> | undefined;
  #ready: Promise<boolean> = Promise.resolve(false);
  #onStart: (succeeded: boolean) => void = () => undefined;
  #numbers = 0;

  constructor(start: ThreadPlatform["startWorker"] = startWorker) {
    this.#startWorker = start;
  }

  /** Starts the worker unless it runs; resolves to false if it cannot be had. */
  start(): Promise<boolean> {
    const attempt = this.#thread === undefined ? this.#attempts.next() : undefined;
    if (attempt === undefined) return this.#thread === undefined ? Promise.resolve(false) : this.#ready;
    this.#ready = new Promise((resolve) => (this.#onStart = resolve));
    try {
      const thread = this.#startWorker<ToPageHost, FromPageHost>(pageHostProgram, {
        message: (message) => this.#receive(thread, message),
        end: (reason) => {
          this.#attempts.failed(attempt);
          this.#ended(thread, reason);
        },
      });
      this.#thread = thread;
    } catch {
      this.#attempts.failed(attempt);
      return Promise.resolve(false);
    }
    return this.#ready;
  }

  /** A place in the worker, with a copy of this memory; undefined if there is no worker. */
  place(memory: EngineMemory): HostedPlace | undefined {
    return this.#thread && new HostedPlace(this, this.#thread, memory);
  }

  /** A number that nothing else has. */
  number(): number {
    return ++this.#numbers;
  }

  isRunning(thread: WorkerThread<ToPageHost>): boolean {
    return this.#thread === thread;
  }

  /** Expects an answer to what was posted last. */
  answer(): Promise<Float32Array> {
    return new Promise((resolve, reject) => this.#questions.push({ resolve, reject }));
  }

  #receive(thread: WorkerThread<ToPageHost>, message: FromPageHost): void {
    if (message.kind === "ready") {
      this.#attempts.succeeded();
      this.#onStart(true);
    } else if (message.kind === "read") this.#questions.shift()?.resolve(message.data);
    else {
      thread.stop();
      this.#ended(thread, message.message);
    }
  }

  #ended(thread: WorkerThread<ToPageHost>, reason: unknown): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    this.#onStart(false);
    for (const { reject } of this.#questions.splice(0)) reject(lost(reason));
  }
}

export class HostedPlace implements Place {
  readonly #host: PageHost;
  readonly #thread: WorkerThread<ToPageHost>;
  readonly #place: number;
  /** The memory here, whose copy is in the worker. */
  readonly memory: EngineMemory;
  readonly shared = false;
  #pages = 0;

  constructor(host: PageHost, thread: WorkerThread<ToPageHost>, memory: EngineMemory) {
    this.#host = host;
    this.#thread = thread;
    this.#place = host.number();
    this.memory = memory;
  }

  get isLost(): boolean {
    return !this.#host.isRunning(this.#thread);
  }

  load(module: WebAssembly.Module, _runs: readonly Run[]): Promise<Loaded> {
    const task = this.#host.number();
    this.#grow();
    this.#thread.post({ kind: "task", place: this.#place, task, module });
    const call = ({ name }: Run): undefined => {
      this.#thread.post({ kind: "run", task, name });
    };
    return Promise.resolve({ call, drop: () => this.#thread.post({ kind: "drop task", task }) });
  }

  write(start: number, { address, rows, length, stride }: Placement, data: Float32Array): void {
    // Posting copies the whole buffer, of which this may be a small part.
    const own = data.byteLength === data.buffer.byteLength ? data : data.slice();
    this.#write({ address: start + address, rows, length, stride }, own);
  }

  /** @throws StateError if the worker has ended. */
  read(address: number, length: number): Promise<Float32Array> {
    if (this.isLost) return Promise.reject(lost(undefined));
    this.#thread.post({ kind: "read", place: this.#place, address, length });
    return this.#host.answer();
  }

  release(): void {
    this.#thread.post({ kind: "drop", place: this.#place });
  }

  begin(changed: readonly Region[]): void {
    this.#grow();
    for (const { address, bytes } of changed) {
      const length = bytes / 4;
      const data = this.memory.floats.slice(address / 4, address / 4 + length);
      this.#write({ address, rows: 1, length, stride: length }, data);
    }
  }

  #write({ address, rows, length, stride }: Placement, data: Float32Array): void {
    this.#thread.post({ kind: "write", place: this.#place, address, rows, length, stride, data });
  }

  #grow(): void {
    const pages = this.memory.bytes / PAGE;
    if (pages === this.#pages) return;
    this.#pages = pages;
    this.#thread.post({ kind: "memory", place: this.#place, pages });
  }
}

function lost(cause: unknown): MobileNetV2Error {
  return new MobileNetV2Error(
    "StateError",
    "The worker that computes for this page ended in the middle of a prediction. Predict again: another one takes its place.",
    { cause },
  );
}

let host: PageHost | undefined;

/** The host of this page. */
export function pageHost(): PageHost {
  host ??= new PageHost();
  return host;
}
