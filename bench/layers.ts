/** Times every step of our plans for 1.0_224, f32 and int8, and holds them against the peak of the bare kernels. */
import { MobileNetV2, Tensor } from "mobilenet-v2";
import { uniform } from "../src/core/random.ts";
import { compile } from "../src/engine/emit/compile.ts";
import { fold } from "../src/lowering/fold.ts";
import { lower } from "../src/lowering/lower.ts";
import { EngineMemory } from "../src/engine/memory/memory.ts";
import type { EngineOperation, MixedOperation } from "../src/engine/operations.ts";
import type { Convolution, Operations } from "../src/lowering/operations.ts";
import { plan } from "../src/engine/plan/plan.ts";
import { toIntegers } from "../src/engine/integers/integers.ts";
import type { IntegerConvolution } from "../src/engine/integers/operations.ts";
import { blankNetwork } from "../src/quantization/quantize.ts";
import { joinsIntegers } from "../src/engine/integers/wide.ts";
import { PackedWeights } from "../src/engine/memory/weights.ts";
import { machineFeatures } from "../src/engine/wide-simd.ts";
import { programOf } from "../src/graph/program.ts";
import { bestMode } from "../src/engine/integers/modes.ts";
import { type Tiling, tilingOf } from "../src/kernels/f32/tilings.ts";
import { type Peaks, f32Peaks, int8Peaks } from "./peaks.ts";
import { median } from "./rounds.ts";
import type { Table } from "./tables.ts";

const SIZE = 224;
const SHAPES = [[SIZE, SIZE, 3]];
const ROUND_MS = 400;

export async function layerTables(rounds: number, progress: (text: string) => void): Promise<readonly Table[]> {
  const model = await MobileNetV2({ weights: null });
  const picture = new Tensor([1, SIZE, SIZE, 3], uniform("layers/input", SIZE * SIZE * 3, -1, 1));
  const tiling = tilingOf(machineFeatures());
  const mode = bestMode();
  const program = programOf(model.graph);
  const floats = fold(lower(program, SHAPES));
  const plans = [
    {
      title: "f32",
      operations: floats,
      peaks: await f32Peaks(tiling),
    },
    {
      title: `int8 (${mode})`,
      operations: toIntegers(floats, blankNetwork(program, SHAPES), mode),
      peaks: await int8Peaks(mode, joinsIntegers(mode)),
    },
  ];
  const tables: Table[] = [];
  for (const { title, operations, peaks } of plans) {
    progress(`the steps in ${title}`);
    // oxlint-disable-next-line no-await-in-loop -- they would slow each other
    tables.push(layerTable(title, await timeSteps(operations, picture, tiling, rounds), peaks));
  }
  return tables;
}

function layerTable(title: string, steps: readonly Step[], peaks: Peaks): Table {
  const total = sum(steps.map(({ ms }) => ms));
  const macs = sum(steps.map((step) => step.macs));
  return [
    [`${title}, step`, "kernel", "µs", "of all %", "MMAC", "GMAC/s", "of peak %"],
    ...steps.map(({ what, kind, macs: own, ms }) => {
      const rate = own / ms / 1e6;
      const peak = kind === "depthwise" ? peaks.depthwise : peaks.matrix;
      const rates = own === 0 ? ["", "", ""] : [millions(own), rate.toFixed(1), ((rate / peak) * 100).toFixed(0)];
      return [what, kind, (ms * 1000).toFixed(0), ((ms / total) * 100).toFixed(1), ...rates];
    }),
    ["all steps", "", (total * 1000).toFixed(0), "100", millions(macs), (macs / total / 1e6).toFixed(1), ""],
    ["peak", "matrix", "", "", "", peaks.matrix.toFixed(1), ""],
    ["peak", "depthwise", "", "", "", peaks.depthwise.toFixed(1), ""],
  ];
}

interface Step {
  readonly what: string;
  readonly kind: string;
  readonly macs: number;
  readonly ms: number;
}

/** In a plan as the engine makes it, but with every operation a function of its own. */
async function timeSteps(
  operations: Operations<MixedOperation>,
  picture: Tensor<Float32Array>,
  tiling: Tiling,
  rounds: number,
): Promise<Step[]> {
  const planned = plan(operations, { tiling });
  const memory = new EngineMemory();
  const weights = new PackedWeights(memory);
  weights.reserve(planned.operations);
  const arena = memory.reserveArena(planned.bytes);
  const { bytes, stages } = compile(planned, { arena, weights, shared: false, separate: true });
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory: memory.memory } });
  weights.refresh({ address: arena, bytes: planned.bytes });
  const runs = stages.map((stage) => {
    const run = stage.kind === "run" ? instance.exports[stage.name] : undefined;
    if (typeof run !== "function") throw new Error("A step of the plan is not in the module.");
    return run;
  });
  const [input] = planned.inputs;
  const times = runs.map((): number[] => []);
  for (const end = performance.now() + rounds * ROUND_MS; performance.now() < end;) {
    // As the engine does it: the arena holds something else by now.
    for (let row = 0; row < (input?.rows ?? 0); row++) {
      const { address = 0, length = 0, stride = 0 } = input ?? {};
      memory.floats.set(picture.data.subarray(row * length, (row + 1) * length), (arena + address) / 4 + row * stride);
    }
    for (const [i, run] of runs.entries()) {
      const start = performance.now();
      run();
      times[i]?.push(performance.now() - start);
    }
  }
  const first = planned.zeros.bytes > 0 ? [{ what: "rows of zeros", kind: "", macs: 0 }] : [];
  const steps = [...first, ...planned.operations.filter(({ kind }) => kind !== "alias").map(described)];
  if (steps.length !== runs.length) throw new Error("The plan's steps are not those of the module.");
  return steps.map((step, i) => ({ ...step, ms: median(times[i] ?? []) }));
}

function described(operation: EngineOperation): Omit<Step, "ms"> {
  switch (operation.kind) {
    case "convolution":
    case "integer convolution":
      return {
        what: nameOf(operation),
        kind: isGrouped(operation) ? "depthwise" : "matrix",
        macs: macsOf(operation),
      };
    case "chain": {
      const { links } = operation;
      const [first, ...rest] = links.map(({ name }) => name);
      const names = [first, ...rest.map((name) => name.replace(/^(block_\d+|expanded_conv)_/, ""))];
      return { what: names.join(" → "), kind: "chain", macs: sum(links.map(macsOf)) };
    }
    default:
      return { what: operation.kind, kind: "", macs: 0 };
  }
}

function nameOf(operation: Convolution | IntegerConvolution): string {
  if (operation.kind === "convolution") return operation.name;
  const { from, to, window } = operation;
  const [input, output] = [from, to].map(({ rows, cols, channels }) => `${rows}×${cols}×${channels}`);
  return `${window.rows}×${window.cols} of ${input} to ${output}`;
}

function isGrouped(operation: Convolution | IntegerConvolution): boolean {
  return operation.kind === "convolution" ? operation.groups > 1 : operation.by === "depthwise";
}

function macsOf(operation: Convolution | IntegerConvolution): number {
  const { from, to, window } = operation;
  return to.rows * to.cols * to.channels * window.rows * window.cols * (isGrouped(operation) ? 1 : from.channels);
}

function millions(count: number): string {
  return (count / 1e6).toFixed(2);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
