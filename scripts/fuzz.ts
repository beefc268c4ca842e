/**
 * The long run of test/saving/fuzz.test.ts: npm run fuzz [how many mutants, default 1000000] [the first one's number] [a part of the
 * names of the files: hdf5/].
 * What fails is printed as a line for FAILED_ONCE there.
 */
import { allSeeds, tryMutant } from "../test/saving/fuzzing.ts";

const [count = 1_000_000, first = 0] = process.argv.slice(2, 4).map(Number);
const [, , , , part = ""] = process.argv;
const every = await allSeeds();
const seeds = every.filter(({ name }) => name.includes(part));
const all = every.flatMap(({ files }) => files.map(({ bytes }) => bytes));
const results = new Map<string, number>();
let slowest = 0;
let failures = 0;
let largest = 0;
const start = performance.now();
for (let i = 0; i < count; i++) {
  const seed = seeds[i % seeds.length];
  if (seed === undefined) break;
  const number = first + Math.floor(i / seeds.length);
  try {
    // oxlint-disable-next-line no-await-in-loop -- one at a time is what is timed
    const { result, yardsticks } = await tryMutant(seed, number, all);
    results.set(result, (results.get(result) ?? 0) + 1);
    slowest = Math.max(slowest, yardsticks);
  } catch (error) {
    failures++;
    console.log(`["${seed.name}", ${number}],`, error);
  }
  if (i % 1000 === 999) largest = Math.max(largest, process.memoryUsage().rss);
  if (i % 50_000 === 49_999) console.log(`${i + 1} of ${count} in ${Math.round((performance.now() - start) / 1000)} s`);
}
const shown = [...results].toSorted((a, b) => b[1] - a[1]).map(([result, times]) => `${result} ${times}`);
console.log(
  `${count} mutants of ${seeds.length} files: ${shown.join(", ")}; at most ${slowest.toFixed(1)} yardsticks of work, ` +
    `memory ${(largest / 2 ** 20).toFixed(0)} MiB, failures ${failures}`,
);
process.exitCode = failures === 0 ? 0 : 1;
