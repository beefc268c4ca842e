/** Times every step of our plan for 1.0_224, and what the bare kernels reach at best on data that is at hand: the peak to hold it against. */
import { MobileNetV2 } from "mobilenet-v2";
import { uniform } from "../src/core/random.ts";
import { compile } from "../src/engine/compile.ts";
import { tilingOf } from "../src/engine/engine.ts";
import { fold } from "../src/engine/fold.ts";
import { lower } from "../src/engine/lower.ts";
import { EngineMemory } from "../src/engine/memory.ts";
import type { Convolution, Operation, Operations } from "../src/engine/operations.ts";
import { plan } from "../src/engine/plan.ts";
import type { IntegerConvolution } from "../src/engine/quantize/operations.ts";
import { PackedWeights } from "../src/engine/weights.ts";
import { machineFeatures } from "../src/engine/wide-simd.ts";
import { programOf } from "../src/graph/program.ts";
import { dwconv } from "../src/kernels/dwconv.ts";
import { gemm } from "../src/kernels/gemm.ts";
import type { Tiling } from "../src/kernels/table.ts";
import type { AnyExpr } from "../src/wasm/expression.ts";
import type { Callable } from "../src/wasm/function.ts";
import { f32, i32 } from "../src/wasm/instructions.ts";
import { ModuleBuilder } from "../src/wasm/module.ts";
import { median } from "./rounds.ts";
import type { Table } from "./tables.ts";

const SIZE = 224;
const ROUND_MS = 400;
const PEAK_MS = 100;

/** GMAC/s. */
interface Peaks {
  readonly matrix: number;
  readonly depthwise: number;
}

export async function layerTable(rounds: number, progress: (text: string) => void): Promise<Table> {
  const model = await MobileNetV2({ weights: null });
  const tiling = tilingOf(machineFeatures());
  const operations = fold(lower(programOf(model.graph), [[SIZE, SIZE, 3]]));
  const steps = await timeSteps(operations, tiling, rounds, progress);
  progress("the kernels' peaks");
  const peaks = await f32Peaks(tiling);
  const total = sum(steps.map(({ ms }) => ms));
  const row = ({ what, kind, macs, ms }: Step): string[] => [
    what,
    kind,
    (ms * 1000).toFixed(0),
    `${((ms / total) * 100).toFixed(1)} %`,
    ...(macs === 0
      ? ["", "", ""]
      : [(macs / 1e6).toFixed(2), (macs / ms / 1e6).toFixed(1), ofPeak(macs / ms / 1e6, kind, peaks)]),
  ];
  const macs = sum(steps.map((step) => step.macs));
  return [
    ["f32, step", "kernel", "µs", "of all", "MMAC", "GMAC/s", "of peak"],
    ...steps.map(row),
    ["all steps", "", (total * 1000).toFixed(0), "", (macs / 1e6).toFixed(2), (macs / total / 1e6).toFixed(1), ""],
    ["peak", "matrix", "", "", "", peaks.matrix.toFixed(1), ""],
    ["peak", "depthwise", "", "", "", peaks.depthwise.toFixed(1), ""],
  ];
}

function ofPeak(rate: number, kind: string, { matrix, depthwise }: Peaks): string {
  return `${((rate / (kind.startsWith("depthwise") ? depthwise : matrix)) * 100).toFixed(0)} %`;
}

interface Step {
  readonly what: string;
  readonly kind: string;
  readonly macs: number;
  readonly ms: number;
}

/** In a plan as the engine makes it, with every operation a function of its own. */
async function timeSteps(
  operations: Operations,
  tiling: Tiling,
  rounds: number,
  progress: (text: string) => void,
): Promise<Step[]> {
  const planned = plan(operations, { pieces: 1 });
  const memory = new EngineMemory();
  const weights = new PackedWeights(memory, tiling);
  weights.reserve(planned.operations);
  const arena = memory.reserveArena(planned.bytes);
  const { bytes, stages } = compile(planned, { arena, weights, tiling, shared: false, separate: true });
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory: memory.memory } });
  weights.refresh({ address: arena, bytes: planned.bytes });
  memory.floats.set(uniform("layers/input", planned.bytes / 4, -1, 1), arena / 4);

  const runs = stages.map((stage) => {
    const run = stage.kind === "run" ? instance.exports[stage.name] : undefined;
    if (typeof run !== "function") throw new Error("A step of the plan is not in the module.");
    return run as () => void;
  });
  const times = runs.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    progress(`steps, round ${round + 1} of ${rounds}`);
    for (const end = performance.now() + ROUND_MS; performance.now() < end;) {
      for (const [i, run] of runs.entries()) {
        const start = performance.now();
        run();
        times[i]?.push(performance.now() - start);
      }
    }
  }
  const named = planned.operations.filter(({ kind }) => kind !== "alias").map(described);
  const first = planned.zeros.bytes > 0 ? [{ what: "row of zeros", kind: "fill", macs: 0 }] : [];
  return [...first, ...named].map((step, i) => ({ ...step, ms: median(times[i]?.slice(1) ?? []) }));
}

function described(operation: Operation): Omit<Step, "ms"> {
  switch (operation.kind) {
    case "convolution":
      return { what: operation.name, kind: kindOf(operation), macs: macsOf(operation) };
    case "chain": {
      const { links } = operation;
      const [first, ...rest] = links.map(({ name }) => name);
      const names = [first, ...rest.map((name) => name.replace(/^(block_\d+|expanded_conv)_/, ""))];
      return { what: names.join(" → "), kind: "chain", macs: sum(links.map(macsOf)) };
    }
    case "integer convolution":
      return { what: shapeOf(operation), kind: operation.depthwise ? "depthwise" : "matrix", macs: macsOf(operation) };
    default:
      return { what: operation.kind, kind: "", macs: 0 };
  }
}

function kindOf({ groups, window }: Convolution): string {
  if (groups > 1) return `depthwise ${window.rows}×${window.cols}`;
  return window.rows * window.cols > 1 ? `matrix, ${window.rows}×${window.cols}` : "matrix";
}

function shapeOf({ from, to }: IntegerConvolution): string {
  return `${from.rows}×${from.cols}×${from.channels} → ${to.rows}×${to.cols}×${to.channels}`;
}

function macsOf(operation: Convolution | IntegerConvolution): number {
  const { from, to, window } = operation;
  const depthwise = operation.kind === "convolution" ? operation.groups > 1 : operation.depthwise;
  return to.rows * to.cols * to.channels * window.rows * window.cols * (depthwise ? 1 : from.channels);
}

const [A, B, C] = [1 << 10, 1 << 16, 1 << 17];
const CALLS = 1000;

/** With everything in the nearest cache. */
async function f32Peaks(tiling: Tiling): Promise<Peaks> {
  const { arithmetic, tile, depthwiseVectors: vectors } = tiling;
  const { rows, columns } = tile;
  const k = 256;
  const common = { arithmetic, minmax: true } as const;
  const bounds = [f32.const(0), f32.const(6)];
  const matrix = await fastest(
    (module) => gemm(module, { ...common, rows, columns, add: false, window: false, ragged: false }),
    [...[1, k, columns, A, k * 4, B, C, columns * 4].map(i32.const), ...bounds],
  );
  const [cols, channels] = [14, 16];
  const shape = { kernelRows: 3, kernelCols: 3, stride: 1, dilation: 1, inputCols: cols, outputCols: cols, padLeft: 1 };
  const depthwise = await fastest(
    (module) => dwconv(module, { ...common, ...shape, channels, vectors }),
    [i32.const(C), i32.const(B), ...bounds, i32.const(A), i32.const(A), i32.const(A)],
  );
  return { matrix: (rows * columns * k) / matrix / 1e6, depthwise: (cols * channels * 9) / depthwise / 1e6 };
}

/** Milliseconds of one call, at best. */
async function fastest(kernel: (module: ModuleBuilder) => Callable, args: readonly AnyExpr[]): Promise<number> {
  const module = new ModuleBuilder();
  const called = kernel(module);
  const f = module.export(module.function("run"));
  const left = f.local("i32", i32.const(CALLS));
  f.times(left, () => f.call(called, [...args]));
  const memory = new WebAssembly.Memory({ initial: 8, maximum: 65536 });
  const { instance } = await WebAssembly.instantiate(module.toBytes(), { env: { memory } });
  const run = instance.exports["run"] as () => void;
  let best = Infinity;
  for (const end = performance.now() + PEAK_MS; performance.now() < end;) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return best / CALLS;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
