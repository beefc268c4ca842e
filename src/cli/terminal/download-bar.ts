/** Loading, perhaps from far away: with a progress bar, until Ctrl-C. */
import type { Progress } from "../../platform/contract.ts";
import { megabytes } from "./format.ts";
import { interruptible } from "./interruption.ts";
import { progressBar } from "./progress-bar.ts";

export interface DownloadBar {
  update(progress: Progress): void;
  /** Takes the bar away and gives the cursor back. */
  stop(): void;
}

/** What stops the loading, and what is told how far it is. */
export interface Loading {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** Loads what comes from `source` with a bar of its own; Ctrl-C gives it up. */
export async function withDownloadBar<T>(
  source: string | undefined,
  load: (loading: Loading) => Promise<T>,
): Promise<T> {
  const bar = downloadBar(source);
  try {
    return await interruptible(({ signal }) => load({ signal, onProgress: (progress) => bar.update(progress) }));
  } finally {
    bar.stop();
  }
}

/** @param source `imagenet` (the default), an address, or a path, which is at hand and has no progress to show */
export function downloadBar(source = "imagenet"): DownloadBar {
  if (source !== "imagenet" && !/^https?:/i.test(source)) return { update: () => undefined, stop: () => undefined };
  const bar = progressBar(
    "Downloading the weights",
    (value, total) => `${megabytes(value)}${total === undefined ? "" : ` of ${megabytes(total)}`}`,
  );
  return { update: ({ received, total }) => bar.update(received, total), stop: () => bar.stop() };
}
