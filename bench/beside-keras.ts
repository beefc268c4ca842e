/**
 * Times training steps of MobileNetV2 1.0_224 beside Keras on TensorFlow, in interleaved rounds on the same threads:
 * [PYTHON=…] npm run bench:training -- [--threads N] [--rounds N] [--only all|head]. Milliseconds are those of a picture.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Messages } from "./in-node.ts";
import { machine } from "./machine.ts";
import { median } from "./rounds.ts";
import { textOf } from "./tables.ts";

const PYTHON = process.env["PYTHON"] ?? "python3";
const ROUND_MS = 3000;
const SETUPS = { all: "all layers, a step on 16 pictures", head: "a head on the frozen base, later epochs" } as const;

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: String(availableParallelism()) },
    rounds: { type: "string", default: "5" },
    only: { type: "string" },
  },
});

interface Trainer {
  readonly name: string;
  readonly messages: Messages;
  readonly ask: () => void;
  /** The median of each round. */
  readonly rounds: number[];
  peakBytes: number;
}

function path(place: string): string {
  return fileURLToPath(new URL(place, import.meta.url));
}

function start(name: string, command: string, args: readonly string[]): Trainer {
  const child: ChildProcess = spawn(command, args, {
    stdio: "pipe",
    env: { ...process.env, CUDA_VISIBLE_DEVICES: "" },
  });
  const messages = new Messages(child);
  if (child.stdout !== null) {
    createInterface(child.stdout).on("line", (line) => {
      if (line.startsWith("{")) messages.add(JSON.parse(line));
    });
  }
  return { name, messages, ask: () => child.stdin?.write(`${ROUND_MS}\n`), rounds: [], peakBytes: 0 };
}

function trainers(setup: string): readonly Trainer[] {
  const ours = ["--conditions=@mobilenet-v2/source", path("training-child.ts"), setup, values.threads];
  return [
    start("mobilenet-v2", process.execPath, ours),
    start("mobilenet-v2, 256-bit vectors", process.execPath, [...ours, "wide"]),
    start("Keras on TensorFlow", PYTHON, [path("thirdparty/keras_training.py"), setup, values.threads]),
  ];
}

/* oxlint-disable no-await-in-loop -- one at a time is what is timed */
for (const [setup, description] of Object.entries(SETUPS)) {
  if (values.only !== undefined && values.only !== setup) continue;
  const running = trainers(setup);
  for (const { messages } of running) await messages.next();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const trainer of running) {
      trainer.ask();
      const { times, peakBytes } = await trainer.messages.next<{ times: number[]; peakBytes: number }>();
      trainer.rounds.push(median(times));
      trainer.peakBytes = peakBytes;
    }
  }
  for (const { messages } of running) await messages.stop();
  const keras = running.at(-1)?.rounds ?? [];
  console.log(`${description}, ${values.threads} threads; ${machine(undefined).text}`);
  console.log(
    textOf([
      ["", "ms a picture", "fastest round", "of Keras's time", "peak memory, MB"],
      ...running.map(({ name, rounds, peakBytes }) => [
        name,
        median(rounds).toFixed(3),
        Math.min(...rounds).toFixed(3),
        median(rounds.map((ms, i) => ms / (keras[i] ?? NaN))).toFixed(3),
        String(Math.round(peakBytes / 1e6)),
      ]),
    ]),
  );
  console.log();
}
