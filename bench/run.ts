/**
 * Times MobileNetV2 1.0_224, batch 1, here and in the peers of bench/thirdparty, with the same weights on the same picture:
 * npm run bench -- [--node] [--chromium] [--only NAME] [--rounds N] [--json FILE]
 */
import { existsSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { withoutChromium } from "../scripts/chromium.ts";
import { ENGINES, type Engine, type Running } from "./engines.ts";
import { Browsers } from "./in-chromium.ts";
import { startInNode, startInPython, withoutPython } from "./in-node.ts";
import { machine } from "./machine.ts";
import { type Result, measure } from "./rounds.ts";

/** f32 engines that differ by more, as a share of the scores' span, do not compute the same thing. */
const TOLERANCE = 1e-3;

const { values } = parseArgs({
  options: {
    node: { type: "boolean", default: false },
    chromium: { type: "boolean", default: false },
    only: { type: "string" },
    rounds: { type: "string", default: "5" },
    json: { type: "string" },
  },
});
const missing = [
  existsSync(new URL("thirdparty/node_modules", import.meta.url))
    ? []
    : ["The peers are not installed: npm ci --prefix bench/thirdparty"],
  existsSync(new URL("../../shared/peers", import.meta.url))
    ? []
    : ["The peers' model files are missing: ../shared/peers beside the project."],
].flat();
if (missing.length > 0) {
  console.error(missing.join("\n"));
  process.exit(1);
}

const everywhere = values.node === values.chromium;
await using browsers = new Browsers();
const places = {
  node: { wanted: everywhere || values.node, without: false },
  chromium: { wanted: everywhere || values.chromium, without: withoutChromium },
} as const;

const running: Running[] = [];
for (const engine of ENGINES.filter(isWanted)) {
  progress(`starting ${label(engine)}`);
  try {
    // oxlint-disable-next-line no-await-in-loop -- they would slow each other
    running.push(await start(engine));
  } catch (error) {
    note(`${label(engine)} does not start: ${String(error).split("\n")[0]}`);
  }
}
const rounds = Number(values.rounds);
const results = await measure(running, rounds, (round) => progress(`round ${round + 1} of ${rounds}`));
const facts = machine(places.chromium.wanted && withoutChromium === false ? await browsers.version() : undefined);
await Promise.all(running.map((engine) => engine.stop()));
progress("");

console.log(facts.text);
print(results);
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify({ machine: facts, engines: results }, null, 1)}\n`);
}
for (const result of results) {
  if (result.precision !== "f32" || result.difference <= TOLERANCE) continue;
  console.error(`${label(result)} answers otherwise: ${result.difference} of the scores' span`);
  process.exitCode = 1;
}

function isWanted(engine: Engine): boolean {
  const { name, place, module } = engine;
  if (!places[place].wanted || (values.only !== undefined && !name.includes(values.only))) return false;
  const lacks = module.endsWith(".py") ? withoutPython() : places[place].without;
  if (lacks !== false) note(`${label(engine)} is left out: ${lacks}`);
  return lacks === false;
}

function start(engine: Engine): Promise<Running> {
  if (engine.place === "chromium") return browsers.start(engine);
  return engine.module.endsWith(".py") ? startInPython(engine) : startInNode(engine);
}

function label({ name, place, precision, threads }: Engine): string {
  return `${name} in ${place}, ${precision}, ${threads} thread${threads > 1 ? "s" : ""}`;
}

/** A line that the next one overwrites, where someone looks on. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

function note(text: string): void {
  progress("");
  console.error(text);
}

function print(rows: readonly Result[]): void {
  for (const place of ["node", "chromium"] as const) {
    const here = rows.filter((row) => row.place === place);
    if (here.length === 0) continue;
    console.log(
      `\n${`in ${place}`.padEnd(36)}precision threads   median ms      min ms    first ms   × ours  differs by`,
    );
    for (const { name, precision, threads, medianMs, minimumMs, firstMs, ratio, difference } of here) {
      const times = [medianMs, minimumMs].map((ms) => ms.toFixed(2).padStart(12)).join("");
      console.log(
        `${name.padEnd(36)}${precision.padEnd(9)}${String(threads).padStart(8)}${times}${firstMs.toFixed(0).padStart(12)}` +
          `${(ratio?.toFixed(2) ?? "-").padStart(9)}${difference.toExponential(0).padStart(12)}`,
      );
    }
  }
}
