/**
 * Times training steps of MobileNetV2: `node --conditions=@mobilenet-v2/source bench/training.ts [--alpha 1] [--size 224] [--batch 16]
 * [--threads 2] [--steps 5] [--wide] [--operations]`. The last one times every operation by itself, in one thread's time, others' left out.
 */
import { parseArgs } from "node:util";
import { MobileNetV2, Tensor, enableWideSimd } from "mobilenet-v2";
import { uniform } from "../src/core/random.ts";
import { tilingOf } from "../src/kernels/f32/tilings.ts";
import { EngineMemory } from "../src/engine/memory/memory.ts";
import type { Stage } from "../src/engine/run-writer.ts";
import { backwards } from "../src/engine/training/backward.ts";
import { type HostStep, compile } from "../src/engine/training/compile.ts";
import { layOut } from "../src/engine/training/layout.ts";
import { lower } from "../src/engine/training/lower.ts";
import type { Convolution } from "../src/engine/training/operations/convolution/operation.ts";
import type { Operation } from "../src/engine/training/operations/table.ts";
import { TrainingEngine } from "../src/engine/training/training-engine.ts";
import { TrainingWeights } from "../src/engine/training/weights.ts";
import { machineFeatures } from "../src/engine/wide-simd.ts";
import type { LossGradient } from "../src/graph/differentiator.ts";
import { type Program, programOf } from "../src/graph/program.ts";
import type { Weight } from "../src/layers/weight.ts";

const { values: given } = parseArgs({
  options: {
    alpha: { type: "string", default: "1" },
    size: { type: "string", default: "224" },
    batch: { type: "string", default: "16" },
    threads: { type: "string", default: "2" },
    steps: { type: "string", default: "5" },
    wide: { type: "boolean", default: false },
    operations: { type: "boolean", default: false },
  },
});
const [alpha, size, batch, threads, steps] = [given.alpha, given.size, given.batch, given.threads, given.steps].map(
  Number,
) as [number, number, number, number, number];
if (given.wide && !enableWideSimd()) throw new Error("no 256-bit vectors here");
const model = await MobileNetV2({ alpha, inputShape: [size, size, 3], weights: null, classes: 1000 });
const program = programOf(model.graph);
const weights = model.trainableWeights;
if (given.operations) await timeOperations(program, weights);
else await timeSteps();

/** Cross-entropy of the first class. */
function loss(onCall: () => void): LossGradient {
  return ({ outputs: [output] }) => {
    onCall();
    const values = Float32Array.from(output?.data ?? [], (value, i) => (value - (i % 1000 === 0 ? 1 : 0)) / batch);
    return [{ of: "logits", values }];
  };
}

async function timeSteps(): Promise<void> {
  const input = new Tensor([batch, size, size, 3], uniform("training/input", batch * size * size * 3, -1, 1));
  const engine = await TrainingEngine.create(program, { training: true, weights, threads });
  for (let step = 0; step < steps; step++) {
    // As an optimizer does.
    for (const weight of weights) weight.assign(weight.values);
    const start = performance.now();
    const cpu = process.cpuUsage();
    let between = start;
    // oxlint-disable-next-line no-await-in-loop -- one step after the other
    await engine.run(
      [input],
      loss(() => (between = performance.now())),
      { seed: step },
    );
    const end = performance.now();
    const busy = process.cpuUsage(cpu).user / 1000;
    const each = (ms: number): string => (ms / batch).toFixed(2);
    console.log(
      `step ${step}: ${(end - start).toFixed(0)} ms, a picture ${each(end - start)} ms = forwards ${each(between - start)} + backwards ${each(end - between)}; all threads ${each(busy)}`,
    );
  }
  console.log(`memory: ${(engine.memoryBytes / 2 ** 20).toFixed(0)} MiB`);
  engine.dispose();
}

interface Timed {
  ms: number;
  macs: number;
}

async function timeOperations(of: Program, wanted: readonly Weight[]): Promise<void> {
  const lowered = lower(of, [[batch, size, size, 3]], true);
  const layout = layOut(lowered, backwards(lowered, wanted, []), 1);
  const memory = new EngineMemory();
  const made = new TrainingWeights(memory, tilingOf(machineFeatures()));
  const options = {
    arena: 0,
    weights: made,
    wanted,
    tiling: tilingOf(machineFeatures()),
    shared: false,
    separate: true,
  };
  compile(layout, options);
  const compiled = compile(layout, { ...options, arena: memory.reserveArena(layout.bytes) });
  const { instance } = await WebAssembly.instantiate(compiled.bytes, { env: { memory: memory.memory } });
  made.refresh();
  const run = (stages: readonly Stage<HostStep>[], list: readonly Operation[]): void => {
    const times = new Map<string, Timed>();
    const lines: (readonly [string, Timed])[] = [];
    // The first one clears memory besides.
    let next = 0;
    const offset = stages.length - list.length;
    for (const [i, stage] of stages.entries()) {
      if (stage.kind !== "run") continue;
      const exported = instance.exports[stage.name];
      const operation = list[i - offset];
      if (typeof exported !== "function" || operation === undefined) continue;
      exported();
      const start = process.threadCpuUsage();
      for (let round = 0; round < steps; round++) exported();
      const ms = process.threadCpuUsage(start).user / 1000 / steps;
      const convolution = convolutionOf(operation);
      const kind = `${operation.kind} ${convolution?.by ?? ""}`;
      const macs = convolution === undefined ? 0 : macsOf(convolution) * (operation.kind === "convolution" ? 1 : 2);
      const sum = times.get(kind) ?? { ms: 0, macs: 0 };
      times.set(kind, { ms: sum.ms + ms, macs: sum.macs + macs });
      if (convolution !== undefined) lines.push([`${operation.kind} ${convolution.name}`, { ms, macs }]);
      next++;
    }
    const print = (name: string, { ms, macs }: Timed): void =>
      console.log(
        `${name.padEnd(50)} ${(ms / batch).toFixed(3).padStart(8)} ms a picture ${(macs / ms / 1e6).toFixed(1).padStart(6)} GMAC/s`,
      );
    for (const [name, timed] of lines) print(name, timed);
    for (const [name, timed] of times) print(name, timed);
    console.log(
      `all: ${[...times.values()].reduce((sum, { ms }) => sum + ms / batch, 0).toFixed(2)} ms a picture in ${next} operations`,
    );
  };
  run(compiled.forward, lowered.list);
  run(compiled.backward, layout.backwards.list);
}

function convolutionOf(operation: Operation): Convolution | undefined {
  if (operation.kind === "convolution") return operation;
  return operation.kind === "convolution gradient" ? operation.forward : undefined;
}

function macsOf({ by, batch: pictures, from, to, window }: Convolution): number {
  const channels = by === "depthwise" ? 1 : from.channels;
  return pictures * to.rows * to.cols * to.channels * window.rows * window.cols * channels;
}
