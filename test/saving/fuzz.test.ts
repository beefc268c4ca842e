/** Mutants of small files of every format: opened or refused, each with little work, in bounded memory, by errors of ours. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { collect } from "../support/memory.ts";
import { allSeeds, tryMutant } from "./fuzzing.ts";

/** In bytes. */
const MUCH_GARBAGE = 2 ** 26;
const MUTANTS = 22_000;
/** Mutants that once were received wrongly: the seed and the number. */
const FAILED_ONCE: readonly (readonly [seed: string, number: number])[] = [];

const seeds = await allSeeds();
const all = seeds.flatMap(({ files }) => files.map(({ bytes }) => bytes));
const each = Math.ceil(MUTANTS / seeds.length);

for (const seed of seeds) {
  test(`${seed.name}: ${each} mutants`, async () => {
    collect();
    const before = process.memoryUsage.rss();
    const most = process.resourceUsage().maxRSS;
    for (let number = 0; number < each; number++) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
      await tryMutant(seed, number, all);
      // So that what the process takes at most is what one mutant takes, and not the garbage of many.
      if (process.memoryUsage.rss() - before > MUCH_GARBAGE) collect();
    }
    const grown = (process.resourceUsage().maxRSS - most) / 1024;
    assert.ok(grown < 256, `the process has grown by ${grown} MiB at times`);
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
