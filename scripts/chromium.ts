/** Headless Chromium, for tests and benchmarks: where it is and how it is started, with loopback as its only network. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** For node:test's `skip`: false where there is a Chromium, else the word that says what is missing. */
export const withoutChromium: string | false = existsSync(executablePath)
  ? false
  : `no Chromium at ${executablePath}: install it, or name one in CHROMIUM`;

/** Starts it, with more arguments where given: `--js-flags=…`. */
export function launchChromium(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath, args: [...launchArguments, ...args] });
}

const launchArguments = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
