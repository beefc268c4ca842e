/**
 * Times MobileNetV2 1.0_224, batch 1, here and in the peers of bench/thirdparty, with the same weights on the same picture, then our 22
 * models: npm run bench -- [--node] [--chromium] [--models] [--only NAME] [--rounds N] [--json FILE]
 * or every step of 1.0_224: npm run bench -- --layers [--wide]
 */
import { existsSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { enableWideSimd } from "mobilenet-v2";
import { withoutChromium } from "../scripts/chromium.ts";
import { ENGINES, type Engine, type Running } from "./engines.ts";
import { Pages } from "./in-chromium.ts";
import { startInNode, startInPython, withoutPython } from "./in-node.ts";
import { layerTables } from "./layers.ts";
import { machine } from "./machine.ts";
import { measureBatch, measureModels } from "./models.ts";
import type { Figures } from "./report-file.ts";
import { type Result, measure } from "./rounds.ts";
import { engineTable, goalTable, modelTable, textOf } from "./tables.ts";

/** f32 engines that differ by more, as a share of the scores' span, do not compute the same thing. */
const TOLERANCE = 1e-3;

const { values } = parseArgs({
  options: {
    node: { type: "boolean", default: false },
    chromium: { type: "boolean", default: false },
    models: { type: "boolean", default: false },
    layers: { type: "boolean", default: false },
    wide: { type: "boolean", default: false },
    only: { type: "string" },
    rounds: { type: "string", default: "5" },
    json: { type: "string" },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) fail(`--rounds must be a whole number of 1 or more: ${values.rounds}`);

if (values.layers) {
  if (values.wide && !enableWideSimd()) fail("There are no 256-bit vectors here.");
  const tables = await layerTables(rounds, progress);
  progress("");
  console.log(tables.map(textOf).join("\n\n"));
  process.exit();
}

/** Everything, unless parts are named. */
const all = !values.node && !values.chromium && !values.models;
const places = {
  node: { wanted: all || values.node, without: false },
  chromium: { wanted: all || values.chromium, without: withoutChromium },
} as const;
if (places.node.wanted || places.chromium.wanted) {
  if (!exists("thirdparty/node_modules")) fail("The peers are not installed: npm ci --prefix bench/thirdparty");
  if (!exists("../../shared/peers")) fail("The peers' model files are missing: ../shared/peers beside the project.");
}

await using pages = new Pages();
const engines = await measureEngines();
const withModels = (all && values.only === undefined) || values.models;
const figures: Figures = {
  machine: machine(engines.some(({ place }) => place === "chromium") ? await pages.version() : undefined),
  rounds,
  engines,
  models: withModels ? await measureModels(rounds, progress) : [],
  batch: withModels ? await measureBatch(rounds) : undefined,
};
progress("");

const tables = [
  ...(["node", "chromium"] as const).map((place) => engineTable(figures, place)),
  ...(withModels ? [modelTable(figures)] : []),
  ...(all && values.only === undefined ? [goalTable(figures)] : []),
];
console.log([figures.machine.text, ...tables.filter((table) => table.length > 1).map(textOf)].join("\n\n"));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 1)}\n`);
for (const result of engines) {
  if (result.precision !== "f32" || result.difference <= TOLERANCE) continue;
  console.error(`${label(result)} answers otherwise: by ${result.difference} of the scores' span`);
  process.exitCode = 1;
}

async function measureEngines(): Promise<readonly Result[]> {
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
  const results = await measure(running, rounds, (round) => progress(`round ${round + 1} of ${rounds}`));
  await Promise.all(running.map((engine) => engine.stop()));
  return results;
}

function isWanted(engine: Engine): boolean {
  const { name, place, module } = engine;
  if (!places[place].wanted || (values.only !== undefined && !name.includes(values.only))) return false;
  const lacks = module.endsWith(".py") ? withoutPython() : places[place].without;
  if (lacks !== false) note(`${label(engine)} is left out: ${lacks}`);
  return lacks === false;
}

function start(engine: Engine): Promise<Running> {
  if (engine.place === "chromium") return pages.start(engine);
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

function exists(place: string): boolean {
  return existsSync(new URL(place, import.meta.url));
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
