/** A progress bar on the error stream, if that is a terminal. */
import { isTerminal } from "#platform";
import type { SingleBar } from "cli-progress";

export interface ProgressBar {
  /** `total` is null if nobody knows it. */
  update(value: number, total: number | null): void;
  /** Takes the bar away and gives the cursor back. */
  stop(): void;
}

/** What stands after the bar; `total` is undefined if nobody knows it. */
export type Count = (value: number, total: number | undefined) => string;

const CLEAR_LINE = "\r\u001b[K";

/** The bar appears with the first update; if no person looks on, never. */
export function progressBar(title: string, count: Count): ProgressBar {
  if (!isTerminal()) return { update: () => undefined, stop: () => undefined };
  let bar: SingleBar | undefined;
  let latest: { readonly value: number; readonly total: number | null } | undefined;
  let stopped = false;
  const { warn } = console;
  const start = async (): Promise<void> => {
    const { default: library } = await import("cli-progress");
    if (stopped) return;
    bar = new library.SingleBar({
      format: ({ barsize = 30 }, { progress, value, total }) => {
        const known = total > 0;
        const done = Math.round((known ? progress : 0) * barsize);
        const blocks = known ? `${"█".repeat(done)}${"░".repeat(barsize - done)}  ` : "";
        return `${title}  ${blocks}${count(value, known ? total : undefined)}`;
      },
      barsize: 30,
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: false,
    });
    bar.start(latest?.total ?? 0, latest?.value ?? 0);
    // A warning takes the bar's line; the bar comes back below it with the next update.
    console.warn = (...message: readonly unknown[]) => {
      process.stderr.write(CLEAR_LINE);
      warn(...message);
    };
  };
  return {
    update(value, total) {
      if (latest === undefined) void start();
      latest = { value, total };
      if (total !== null) bar?.setTotal(total);
      bar?.update(value);
    },
    stop() {
      stopped = true;
      console.warn = warn;
      bar?.stop();
    },
  };
}
