/** A progress bar (keras.utils.Progbar). */
import { type Kind, oneOf } from "../../core/kinds.ts";
import { isTerminal, print } from "#platform";
import type { Logs } from "../callbacks/callback.ts";

const WIDTH = 20;
/** The least time between two updates of the line, in milliseconds. */
const INTERVAL = 50;

/**
 * How to show the progress. 0 or false: nothing. 1 or true: a progress bar on a terminal, elsewhere as 2. 2: one line for each epoch.
 * `auto`: a progress bar on a terminal, elsewhere nothing.
 */
export type Verbose = "auto" | 0 | 1 | 2 | boolean;

export const VERBOSITY: Kind = oneOf(["auto", 0, 1, 2, true, false]);

/** The verbosity on this platform: 0 shows nothing, 1 a progress bar, 2 a line for each epoch. */
export function verbosity(verbose: Verbose = "auto"): 0 | 1 | 2 {
  if (verbose === "auto") return isTerminal() ? 1 : 0;
  if (verbose === true || verbose === 1) return isTerminal() ? 1 : 2;
  return verbose === 2 ? 2 : 0;
}

/** The progress of one epoch or evaluation: steps done, time, and the results so far. */
export class ProgressBar {
  readonly #verbose: 0 | 1 | 2;
  readonly #unit: string;
  readonly #start = performance.now();
  #target: number | undefined;
  #afterFirst: number | undefined;
  #drawn = -Infinity;

  constructor(target: number | undefined, verbose: 0 | 1 | 2, unit = "step") {
    this.#target = target;
    this.#verbose = verbose;
    this.#unit = unit;
  }

  /** Shows that `current` steps are done, and the results so far. */
  update(current: number, logs: Logs): void {
    const now = performance.now();
    if (current === 1) this.#afterFirst = now;
    if (this.#verbose !== 1 || now - this.#drawn < INTERVAL) return;
    this.#drawn = now;
    print(`\r${this.#bar(current)}${this.#time(current, now)}${texts(logs)}\x1b[K`);
  }

  /** Shows that all steps are done, and the results. */
  finish(current: number, logs: Logs): void {
    if (this.#verbose === 0) return;
    this.#target ??= current;
    const now = performance.now();
    const seconds = ((now - this.#start) / 1000).toFixed(0);
    const each = duration(this.#each(current, now), this.#unit);
    if (this.#verbose === 1) print(`\r${this.#bar(current)} \x1b[1m${seconds}s\x1b[0m ${each}${texts(logs)}\x1b[K\n`);
    else print(`${current}/${this.#target} - ${seconds}s - ${each}${texts(logs)}\n`);
  }

  #bar(current: number): string {
    const target = this.#target;
    if (target === undefined || target === 0) return `${String(current).padStart(7)}/Unknown`;
    const count = `${String(current).padStart(String(target).length)}/${target}`;
    const done = Math.min(WIDTH, Math.floor((WIDTH * current) / target));
    return `\x1b[1m${count}\x1b[0m \x1b[32m${"━".repeat(done)}\x1b[0m\x1b[37m${"━".repeat(WIDTH - done)}\x1b[0m`;
  }

  #time(current: number, now: number): string {
    const each = this.#each(current, now);
    const left = this.#target === undefined ? (now - this.#start) / 1000 : (each * (this.#target - current)) / 1000;
    return ` \x1b[1m${clock(left)}\x1b[0m ${duration(each, this.#unit)}`;
  }

  /** The time of a step in milliseconds, without that of the first step, which includes preparations, once there are others. */
  #each(current: number, now: number): number {
    if (this.#afterFirst !== undefined && current > 1) return (now - this.#afterFirst) / (current - 1);
    return current === 0 ? 0 : (now - this.#start) / current;
  }
}

function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  if (whole > 3600) return `${Math.floor(whole / 3600)}:${two((whole % 3600) / 60)}:${two(whole % 60)}`;
  return whole > 60 ? `${Math.floor(whole / 60)}:${two(whole % 60)}` : `${whole}s`;
}

function duration(milliseconds: number, unit: string): string {
  if (milliseconds >= 1000 || milliseconds === 0) return `${(milliseconds / 1000).toFixed(0)}s/${unit}`;
  return milliseconds >= 1 ? `${milliseconds.toFixed(0)}ms/${unit}` : `${(milliseconds * 1000).toFixed(0)}us/${unit}`;
}

function texts(logs: Logs): string {
  return Object.entries(logs)
    .map(([name, value]) => ` - ${name}: ${Math.abs(value) > 0.001 ? value.toFixed(4) : value.toExponential(4)}`)
    .join("");
}
