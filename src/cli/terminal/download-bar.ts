/** What is loaded, perhaps from far away: with a progress bar, until Ctrl-C. */
import type { Progress } from "../../index.ts";
import { megabytes } from "./format.ts";
import { interruptible } from "./interruption.ts";
import { progressBar } from "./progress-bar.ts";

export interface DownloadBar {
  update(progress: Progress): void;
  /** Takes the bar away and gives the cursor back. */
  stop(): void;
}

/** What long loading is given. */
export interface Loading {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** Loads something with a bar of its own; Ctrl-C gives it up. */
export async function withDownloadBar<T>(load: (loading: Loading) => Promise<T>): Promise<T> {
  const bar = downloadBar();
  try {
    return await interruptible(({ signal }) => load({ signal, onProgress: (progress) => bar.update(progress) }));
  } finally {
    bar.stop();
  }
}

export function downloadBar(): DownloadBar {
  const bar = progressBar(
    "Downloading the weights",
    (value, total) => `${megabytes(value)}${total === undefined ? "" : ` of ${megabytes(total)}`}`,
  );
  return { update: ({ received, total }) => bar.update(received, total), stop: () => bar.stop() };
}
