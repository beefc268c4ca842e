/** In a page, or in Node: a model on several threads, and how long the page could not do anything else. */
import { MobileNetV2 } from "../../../src/applications/mobilenet-v2.ts";
import { seedWeights, seededInput } from "../../support/seeded.ts";

/** What becomes of the page's workers: they are not there, throw, fail later, or fail once. */
export type Trouble = "none" | "missing" | "throwing" | "failing" | "failing once";

export interface ThreadsArguments {
  /** A model for each. */
  readonly threads: readonly number[];
  readonly alpha: number;
  readonly rows: number;
  readonly batch: number;
  readonly trouble: Trouble;
  /** In a worker of the page, which may sleep where the page may not. */
  readonly inWorker?: boolean;
}

export interface ThreadsAnswer {
  readonly isolated: boolean;
  readonly scores: readonly (readonly number[])[];
  /** For each model, in milliseconds: the least time of a prediction, and the longest for which the page stood still meanwhile. */
  readonly times: readonly number[];
  readonly stalls: readonly number[];
}

const RUNS = 6;

export async function run({ inWorker = false, ...given }: ThreadsArguments): Promise<ThreadsAnswer> {
  return inWorker ? await askWorker(given) : await measure(given);
}

/** A worker with this same module. */
function askWorker(given: ThreadsArguments): Promise<ThreadsAnswer> {
  const program = `import { run } from ${JSON.stringify(import.meta.url)};
    onmessage = async ({ data }) => postMessage(await run(data));
    postMessage("ready");`;
  const worker = new Worker(URL.createObjectURL(new Blob([program], { type: "text/javascript" })), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.addEventListener("error", (event) => reject(new Error(event.message)));
    worker.addEventListener("message", ({ data }) => {
      if (data === "ready") worker.postMessage(given, []);
      else resolve(data);
    });
  });
}

async function measure({ threads, alpha, rows, batch, trouble }: ThreadsArguments): Promise<ThreadsAnswer> {
  makeTrouble(trouble);
  const x = seededInput("threads", [batch, rows, rows, 3]);
  const scores: number[][] = [];
  const times: number[] = [];
  const stalls: number[] = [];
  for (const count of threads) {
    using model = await MobileNetV2({ alpha, inputShape: [rows, rows, 3], weights: null, threads: count });
    seedWeights(model, "threads");
    await model.predict(x);
    const measured: { time: number; stall: number }[] = [];
    for (let i = 0; i < RUNS; i++) {
      const watch = watchStalls();
      const started = performance.now();
      await model.predict(x);
      measured.push({ time: performance.now() - started, stall: watch() });
    }
    times.push(Math.min(...measured.map(({ time }) => time)));
    stalls.push(Math.min(...measured.map(({ stall }) => stall)));
    scores.push([...(await model.predict(x)).data]);
  }
  return { isolated: globalThis.crossOriginIsolated ?? true, scores, times, stalls };
}

/** Counts timers; what it gives tells the longest time between two. */
function watchStalls(): () => number {
  let last = performance.now();
  let longest = 0;
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(look, 1);
  return () => {
    clearInterval(timer);
    look();
    return longest;
  };
}

function makeTrouble(trouble: Trouble): void {
  if (trouble === "none") return;
  const { Worker: Real } = globalThis;
  let starts = 0;
  const Troubled = class extends Real {
    constructor(url: string | URL, options?: WorkerOptions) {
      starts++;
      if (trouble === "throwing") throw new Error("no workers today");
      super(trouble === "failing" || starts === 1 ? "data:text/javascript,throw new Error('no')" : url, options);
    }
  };
  Object.assign(globalThis, { Worker: trouble === "missing" ? undefined : Troubled });
}
