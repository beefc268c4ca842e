/** Mutants of small files of every format: opened or refused, each with little work, in bounded memory, by errors of ours. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { collect, peak, peakOfFilling } from "../support/memory.ts";
import { allSeeds, tryMutant } from "./fuzzing.ts";

/** In bytes. */
const MUCH_GARBAGE = 2 ** 26;
/** Mutants say that they hold gigabytes; whoever believes one takes more than this. */
const much = peakOfFilling(2 ** 28);
const MUTANTS = 22_000;
/** Mutants that once were received wrongly: the seed and the number. */
const FAILED_ONCE: readonly (readonly [seed: string, number: number])[] = [];

const seeds = await allSeeds();
const all = seeds.flatMap(({ files }) => files.map(({ bytes }) => bytes));
const each = Math.ceil(MUTANTS / seeds.length);

for (const seed of seeds) {
  test(`${seed.name}: ${each} mutants, in less memory than an array of 256 MiB takes`, async () => {
    collect();
    const before = process.memoryUsage.rss();
    const most = peak();
    for (let number = 0; number < each; number++) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
      await tryMutant(seed, number, all);
      // So that what the process takes at most is what one mutant takes, and not the garbage of many.
      if (process.memoryUsage.rss() - before > MUCH_GARBAGE) collect();
    }
    const share = (peak() - most) / much;
    assert.ok(share < 1, `the process has grown by ${share} of what 256 MiB take`);
  });
}

test("mutants that once were received wrongly", async () => {
  for (const [name, number] of FAILED_ONCE) {
    const seed = seeds.find((one) => one.name === name);
    assert.ok(seed !== undefined, name);
    // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
    await tryMutant(seed, number, all);
  }
});
