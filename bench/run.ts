/**
 * Times MobileNetV2 1.0_224, batch 1, here and in the peers of bench/thirdparty, each in a process of its own, in interleaved
 * rounds so that a machine that slows down slows all of them: node bench/run.ts [--rounds N] [--json FILE]
 */
import { type ChildProcess, fork } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Precision } from "./peer.ts";

interface Engine {
  readonly name: string;
  readonly module: string;
  readonly precision: Precision;
  readonly threads: number;
  readonly flags?: readonly string[];
}

interface Result extends Engine {
  readonly firstMs: number;
  readonly medianMs: number;
  readonly minimumMs: number;
}

const ENGINES: readonly Engine[] = [
  { name: "mobilenet-v2", module: "./ours.ts", precision: "f32", threads: 1 },
  { name: "LiteRT.js 2.5 (wasm)", module: "./thirdparty/litert.ts", precision: "f32", threads: 1 },
  { name: "onnxruntime-web 1.30 (wasm)", module: "./thirdparty/ort-web.ts", precision: "f32", threads: 1 },
  { name: "onnxruntime-node 1.30 (native)", module: "./thirdparty/ort-node.ts", precision: "f32", threads: 1 },
  { name: "onnxruntime-node 1.30 (native)", module: "./thirdparty/ort-node.ts", precision: "f32", threads: 2 },
  { name: "LiteRT.js 2.5 (wasm)", module: "./thirdparty/litert.ts", precision: "int8", threads: 1 },
];

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, json: { type: "string" }, only: { type: "string" } },
});
if (!existsSync(new URL("./thirdparty/node_modules", import.meta.url))) {
  console.error("The peers are not installed: npm ci --prefix bench/thirdparty");
  process.exit(1);
}

const only = values.only;
const engines = ENGINES.filter(({ name }) => only === undefined || name.includes(only));
const running = await Promise.all(engines.map(start));
const times = running.map((): number[] => []);
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [i, { process }] of running.entries()) {
    const answer = await ask(process, 800);
    times[i]?.push(...answer);
  }
}
for (const { process } of running) process.kill();

const results: Result[] = running.map(({ engine, firstMs }, i) => {
  const sorted = (times[i] ?? []).toSorted((a, b) => a - b);
  return {
    ...engine,
    firstMs,
    medianMs: sorted[sorted.length >> 1] ?? NaN,
    minimumMs: sorted[0] ?? NaN,
  };
});
print(results);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 1)}\n`);

interface Running {
  readonly engine: Engine;
  readonly process: ChildProcess;
  readonly firstMs: number;
}

async function start(engine: Engine): Promise<Running> {
  const { module, precision, threads, flags = [] } = engine;
  const child = fork(new URL("./peer-process.ts", import.meta.url), [module, precision, String(threads)], {
    execArgv: ["--conditions=@mobilenet-v2/source", ...flags],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const { ready } = await message<{ ready: number }>(child, engine);
  return { engine, process: child, firstMs: ready };
}

async function ask(process: ChildProcess, milliseconds: number): Promise<readonly number[]> {
  process.send(milliseconds);
  return (await message<{ times: readonly number[] }>(process)).times;
}

function message<T>(child: ChildProcess, engine?: Engine): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`${engine?.name ?? "an engine"} ended with ${code}`));
    child.once("exit", ended);
    child.once("message", (value) => {
      child.off("exit", ended);
      resolve(value as T);
    });
  });
}

/** A line an engine, and how often our time it takes at the same precision and threads. */
function print(rows: readonly Result[]): void {
  console.log("engine                          precision threads   median ms      min ms   × ours");
  for (const row of rows) {
    const ours = rows.find(
      ({ name, precision, threads }) =>
        name === "mobilenet-v2" && precision === row.precision && threads === row.threads,
    );
    const ratio = ours === undefined ? "-" : (row.medianMs / ours.medianMs).toFixed(2);
    console.log(
      `${row.name.padEnd(32)}${row.precision.padEnd(10)}${String(row.threads).padStart(7)}` +
        `${row.medianMs.toFixed(2).padStart(12)}${row.minimumMs.toFixed(2).padStart(12)}${ratio.padStart(9)}`,
    );
  }
}
