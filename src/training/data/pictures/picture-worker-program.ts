/**
 * The program of a thread that loads pictures. Its source text is sent to the thread, so it uses nothing but a thread's globals, and imports
 * the package itself.
 */
import type { PictureOrder, PictureTask, PictureWork, Pixels } from "./picture-work.ts";

/** A message to the thread: the package's URL, a task, or a picture to do a task for. */
export type ToWorker =
  | { readonly kind: "start"; readonly url: string }
  | { readonly kind: "task"; readonly task: number; readonly description: PictureTask }
  | { readonly kind: "work"; readonly job: number; readonly task: number; readonly order: PictureOrder };

/** A message from the thread: the result of a job, or its error. */
export type FromWorker =
  | { readonly kind: "done"; readonly job: number; readonly pixels: Pixels }
  | { readonly kind: "failed"; readonly job: number; readonly code: string | undefined; readonly message: string };

interface Package {
  readonly pictureWork: (task: PictureTask) => PictureWork;
}

/** The program itself, given the two ends of the message channel. */
export function workerProgram(
  listen: (receive: (message: ToWorker) => void) => void,
  post: (message: FromWorker) => void,
): void {
  /** The number of pictures at once: one is decoded while another is resized. More would only take memory. */
  const atOnce = 2;
  const tasks = new Map<number, Promise<PictureWork>>();
  const waiting: (() => Promise<void>)[] = [];
  let active = 0;
  let loaded: Promise<Package> | undefined;

  async function work(job: number, task: number, order: PictureOrder): Promise<void> {
    try {
      const run = await tasks.get(task);
      if (run === undefined) throw new Error(`no task ${task}`);
      const { shape, data } = await run(order);
      post({ kind: "done", job, pixels: { shape, data } });
    } catch (error) {
      const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
      post({ kind: "failed", job, code, message: error instanceof Error ? error.message : String(error) });
    }
  }

  async function next(): Promise<void> {
    const first = active < atOnce ? waiting.shift() : undefined;
    if (first === undefined) return;
    active++;
    await first();
    active--;
    void next();
  }

  listen((message) => {
    if (message.kind === "start") {
      loaded = import(message.url);
    } else if (message.kind === "task") {
      const made = loaded?.then(({ pictureWork }) => pictureWork(message.description));
      // The error is reported by the jobs that await the task.
      made?.catch(() => undefined);
      if (made !== undefined) tasks.set(message.task, made);
    } else {
      const { job, task, order } = message;
      waiting.push(() => work(job, task, order));
      void next();
    }
  });
}
