/** A progress bar for downloads, on the error stream where that is a terminal. */
import { isTerminal } from "#platform";
import type { SingleBar } from "cli-progress";
import type { Progress } from "../index.ts";

export interface DownloadBar {
  update(progress: Progress): void;
  /** Takes the bar away and gives the cursor back. */
  stop(): void;
}

/** The bar appears with the first progress; where no person looks on, never. */
export function downloadBar(): DownloadBar {
  if (!isTerminal()) return { update: () => undefined, stop: () => undefined };
  let bar: SingleBar | undefined;
  let latest: Progress | undefined;
  let stopped = false;
  const start = async (): Promise<void> => {
    const { default: library } = await import("cli-progress");
    if (stopped) return;
    bar = new library.SingleBar({
      format: ({ barsize = 30 }, { progress, value, total }) => {
        const known = total > 0;
        const done = Math.round((known ? progress : 0) * barsize);
        const blocks = known ? `${"█".repeat(done)}${"░".repeat(barsize - done)}  ` : "";
        return `Downloading the weights  ${blocks}${megabytes(value)}${known ? ` of ${megabytes(total)}` : ""}`;
      },
      barsize: 30,
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: false,
    });
    bar.start(latest?.total ?? 0, latest?.received ?? 0);
  };
  return {
    update(progress) {
      if (latest === undefined) void start();
      latest = progress;
      if (progress.total !== null) bar?.setTotal(progress.total);
      bar?.update(progress.received);
    },
    stop() {
      stopped = true;
      bar?.stop();
    },
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
