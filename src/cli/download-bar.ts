/** The progress bar of downloads. */
import type { Progress } from "../index.ts";
import { megabytes } from "./format.ts";
import { progressBar } from "./progress-bar.ts";

export interface DownloadBar {
  update(progress: Progress): void;
  /** Takes the bar away and gives the cursor back. */
  stop(): void;
}

export function downloadBar(): DownloadBar {
  const bar = progressBar(
    "Downloading the weights",
    (value, total) => `${megabytes(value)}${total === undefined ? "" : ` of ${megabytes(total)}`}`,
  );
  return { update: ({ received, total }) => bar.update(received, total), stop: () => bar.stop() };
}
