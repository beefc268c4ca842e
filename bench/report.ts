/**
 * Writes the figures of a benchmark into docs/performance.md, and draws its plot: npm run bench:report [-- FILE]. The file, by default
 * docs/performance.json, is what `npm run bench -- --json FILE` wrote.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";
import { checkpoints } from "../src/applications/checkpoints.ts";
import { expectedTop1 } from "../src/applications/measure.ts";
import { OURS } from "./engines.ts";
import type { Precision } from "./peer.ts";
import { type Dot, type Series, plot } from "./plot.ts";
import type { Figures } from "./report-file.ts";
import { engineTable, goalTable, markdownOf, modelTable } from "./tables.ts";

/** The model that the peers run. */
const COMPARED = "mobilenetv2_1.00_224";

const docs = new URL("../docs/", import.meta.url);
const file = process.argv[2] ?? new URL("performance.json", docs);
const figures = JSON.parse(readFileSync(file, "utf8")) as Figures;

const document = new URL("performance.md", docs);
const parts: Readonly<Record<string, string>> = {
  machine: `Measured on ${figures.machine.date}: ${figures.machine.text}; ${figures.rounds} rounds.`,
  node: markdownOf(engineTable(figures, "node")),
  chromium: markdownOf(engineTable(figures, "chromium")),
  models: `${markdownOf(modelTable(figures))}\n\n${batchText()}`,
  goals: markdownOf(goalTable(figures)),
};
let text = readFileSync(document, "utf8");
for (const [name, content] of Object.entries(parts)) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no place for ${name}.`);
  text = `${text.slice(0, from)}${start}\n\n${content}\n\n${text.slice(to)}`;
}
const options = { ...(await resolveConfig(document)), parser: "markdown" };
writeFileSync(document, await format(text, options));
writeFileSync(new URL("performance.svg", docs), plot("MobileNetV2: time against accuracy", series()));

function batchText(): string {
  const { batch } = figures;
  if (batch === undefined) return "";
  const { singleMs, batchedMs, addedBytes } = batch;
  return (
    `1.0_224 in f32: ${singleMs.toFixed(2)} ms for a picture alone, ${batchedMs.toFixed(2)} ms for each of a batch of 32, ` +
    `whose run takes ${(addedBytes / 1e6).toFixed(1)} MB more memory.`
  );
}

function series(): Series[] {
  const [blue, orange] = ["#2f6fd0", "#d0662f"];
  return [
    ours("f32", blue),
    ours("int8", orange),
    wide("f32", blue),
    wide("int8", orange),
    peers("f32", "#6f8fbf"),
    peers("int8", "#c08a6a"),
  ].filter(({ lines }) => lines.length > 0);
}

function ours(precision: Precision, color: string): Series {
  const alphas = [...new Set(checkpoints.map(({ alpha }) => alpha))];
  // The ends of the range, and what the peers are compared with; where there is room.
  const named = ["1.0_224", "0.35_96", ...(precision === "f32" ? ["1.4_224"] : [])];
  const lines = alphas.map((alpha) =>
    checkpoints
      .filter((checkpoint) => checkpoint.alpha === alpha)
      .flatMap(({ name: full, top1 }): Dot[] => {
        const found = figures.models.find((one) => one.name === full && one.precision === precision);
        const name = full.replace("mobilenetv2_", "").replace("0_", "_");
        return found === undefined
          ? []
          : [{ ms: found.medianMs, top1: expected(top1, precision), name, named: named.includes(name) }];
      }),
  );
  return { name: `${OURS} ${precision}`, mark: "dot", color, lines: lines.filter((line) => line.length > 0) };
}

function wide(precision: Precision, color: string): Series {
  const lines = compared(precision)
    .filter((one) => one.wide === true)
    .map(({ medianMs }): Dot[] => [dotOf(medianMs, precision, "256-bit", false)]);
  return { name: `1.0_224, 256-bit, ${precision}`, mark: "ring", color, lines };
}

function peers(precision: Precision, color: string): Series {
  const lines = compared(precision)
    .filter(({ name }) => !name.startsWith(OURS))
    .map(({ name, medianMs }): Dot[] => [
      dotOf(medianMs, precision, name.replace(/ \d+\.\d+\.\d+| \(.*\)/g, ""), true),
    ]);
  return { name: `1.0_224 elsewhere, ${precision}`, mark: "diamond", color, lines };
}

/** What runs 1.0_224 in Node on one thread. */
function compared(precision: Precision): Figures["engines"] {
  return figures.engines.filter((one) => one.place === "node" && one.precision === precision && one.threads === 1);
}

function dotOf(ms: number, precision: Precision, name: string, named: boolean): Dot {
  return { ms, top1: expected(top1Of(COMPARED), precision), name, named };
}

function top1Of(model: string): number {
  return checkpoints.find(({ name }) => name === model)?.top1 ?? NaN;
}

function expected(top1: number, precision: Precision): number {
  return expectedTop1({ top1 }, precision === "int8" ? "int8" : "float32");
}
