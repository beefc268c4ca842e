/**
 * Times the command line from a cold start to its answer, the ImageNet weights cached: the sources and what is built of them, on
 * this Node and the system's, with Node's cache of compiled code and without: node bench/startup.ts [--runs N] [picture]
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  options: { runs: { type: "string", default: "10" } },
  allowPositionals: true,
});

const path = (place: string): string => fileURLToPath(new URL(place, import.meta.url));
const built = path("../dist/cli.js");
const system = ["/usr/bin/node", "/usr/local/bin/node"].find((node) => existsSync(node));
const programs: readonly (readonly [string, readonly string[]])[] = [
  ["sources", [process.execPath, "--conditions=@mobilenet-v2/source", path("../src/cli/main.ts")]],
  ...(existsSync(built) ? [["built", [process.execPath, built]] as const] : []),
  ...(existsSync(built) && system !== undefined ? [["built", [system, built]] as const] : []),
];

const commands: readonly (readonly string[])[] = [["--version"], ["models"], ["classify", ...positionals]];

function timeOf(argv: readonly string[], env: NodeJS.ProcessEnv): number {
  const [program = "", ...args] = argv;
  const started = performance.now();
  const { status, stderr } = spawnSync(program, args, { env: { ...process.env, ...env }, encoding: "utf8" });
  if (status !== 0 || stderr !== "") throw new Error(`${argv.join(" ")} ended with ${status}: ${stderr}`);
  return performance.now() - started;
}

console.log("milliseconds                                        median      least");
for (const [name, program] of programs) {
  const version = spawnSync(program[0] ?? "", ["--version"], { encoding: "utf8" }).stdout.trim();
  for (const [cache, env] of [
    ["", {}],
    [", no code cache", { NODE_DISABLE_COMPILE_CACHE: "1" }],
  ] as const) {
    for (const command of commands) {
      const times = Array.from({ length: Number(values.runs) }, () => timeOf([...program, ...command], env)).toSorted(
        (a, b) => a - b,
      );
      const label = `${name}, Node ${version}${cache}: ${command[0]}`;
      const median = times[Math.floor(times.length / 2)] ?? Number.NaN;
      console.log(label.padEnd(48) + median.toFixed(0).padStart(10) + (times[0] ?? Number.NaN).toFixed(0).padStart(11));
    }
  }
}
