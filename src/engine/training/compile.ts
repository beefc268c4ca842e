/** Layout → one WebAssembly module: functions that run the operations forwards and backwards, with what the host does between them. */
import type { Tiling } from "../../kernels/f32/tilings.ts";
import type { Weight } from "../../layers/weight.ts";
import type { Expr, Local } from "../../wasm/expression.ts";
import { i32 } from "../../wasm/instructions.ts";
import { type Run, RunWriter, type Sequence, type Stage } from "../run-writer.ts";
import { convolutionNeeds, emitConvolution, zeroBytes } from "./emit/convolution.ts";
import {
  emitActivation,
  emitActivationGradient,
  emitAddition,
  emitMask,
  emitMaskGradient,
  emitPad,
  emitPadGradient,
  emitReduction,
  emitStatisticsOf,
  emitSum,
  emitThroughAll,
  statisticsNeeds,
} from "./emit/others.ts";
import {
  emitAverage,
  emitAverageGradient,
  emitLargest,
  emitLargestGradient,
  emitMean,
  emitMeanGradient,
  largestNeeds,
  meanNeeds,
} from "./emit/pools.ts";
import { emitPixelsGradient, pixelsGradientNeeds } from "./emit/pixels-gradient.ts";
import { emitRowsGradient, rowsGradientNeeds } from "./emit/rows-gradient.ts";
import type { Emitter } from "./emit/emitter.ts";
import type { ActivationGradient, Backward, Backwards, HostGradient } from "./gradients.ts";
import type { Activation, Forward, Host, Lowered, Matrix } from "./operations.ts";
import { COEFFICIENTS, type Layout, type Needs, coefficientBytes, layOut } from "./plan.ts";
import type { Packing, TrainingWeights } from "./weights.ts";

/** What the host computes between two calls. */
export type HostOperation = Host | Activation | HostGradient | ActivationGradient;

export interface Compiled {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly forward: readonly Stage<HostOperation>[];
  readonly backward: readonly Stage<HostOperation>[];
  /** What packs weights: those that training changes, and the others. */
  readonly packs: readonly Pack[];
  /** All runs of these. */
  readonly runs: readonly Run[];
}

export interface Pack {
  readonly packings: readonly Packing[];
  readonly stages: readonly Stage<HostOperation>[];
}

export interface CompileOptions {
  readonly arena: number;
  readonly weights: TrainingWeights;
  /** Those that change from run to run. */
  readonly wanted: readonly Weight[];
  readonly tiling: Tiling;
  /** For several threads in a shared memory. */
  readonly shared: boolean;
  /** Every operation a run of its own, for those who time them. */
  readonly separate?: boolean;
}

const NOTHING: Needs = { scratchBytes: 0, workspaceBytes: 0 };

/** @throws LimitError where WebAssembly cannot address so much memory. */
export function plan(lowered: Lowered, backwards: Backwards, threads: number): Layout {
  const { matrices, list } = lowered;
  const matrix = (number: number): Matrix => matrixOf(number, lowered, backwards);
  const needs = (operation: Forward | Backward): Needs => {
    switch (operation.kind) {
      case "convolution":
        return convolutionNeeds(operation);
      case "statistics":
        return statisticsNeeds(matrix(operation.of));
      case "mean":
        return meanNeeds(operation, matrix(operation.input.of));
      case "largest":
        return largestNeeds(operation, matrix(operation.input.of));
      case "largest gradient":
        return largestNeeds(operation.forward, matrix(operation.forward.input.of));
      case "convolution gradient":
        return operation.forward.by === "pixels" ? pixelsGradientNeeds(operation) : rowsGradientNeeds(operation);
      case "reduction":
        return statisticsNeeds(matrix(operation.from.view.of));
      default:
        return NOTHING;
    }
  };
  const zeros = list.map((operation) => (operation.kind === "convolution" ? zeroBytes(operation) : 0));
  return layOut(lowered, backwards, { threads, needs, zeroBytes: matrices.length === 0 ? 0 : Math.max(0, ...zeros) });
}

function matrixOf(number: number, { matrices }: Lowered, { gradients }: Backwards): Matrix {
  const matrix = matrices[number] ?? gradients[number - matrices.length];
  if (matrix === undefined) throw new Error(`no matrix ${number}`);
  return matrix;
}

export function compile(
  layout: Layout,
  { arena, weights, wanted, tiling, shared, separate = false }: CompileOptions,
): Compiled {
  const { lowered, backwards } = layout;
  const writer = new RunWriter({ shared, separate }, (run, thread): Emitter => {
    const scratch: Local<"i32"> = run.f.local("i32", scratchOf(thread, arena, layout));
    return {
      ...run,
      tiling,
      weights,
      matrix: (number) => matrixOf(number, lowered, backwards),
      address: (number) => arena + (layout.offsets[number] ?? 0),
      coefficient: (scaling, coefficient) =>
        arena + (layout.scalings[scaling.index] ?? 0) + COEFFICIENTS.indexOf(coefficient) * coefficientBytes(scaling),
      zeros: arena + layout.zeros.offset,
      scratch,
      workspace: arena + layout.workspace,
    };
  });
  const add = (sequence: Sequence<Emitter, HostOperation>, list: readonly (Forward | Backward)[]): void => {
    for (const operation of list) {
      if (isOfHost(operation)) sequence.addHostStep(operation);
      else sequence.add((e) => emit(e, operation));
    }
  };

  const forwards = writer.sequence<HostOperation>();
  const { bytes } = layout.zeros;
  if (bytes > 0) {
    forwards.add((e) => e.share(1, 1, () => e.f.fill(i32.const(e.zeros), i32.const(bytes))));
  }
  add(forwards, lowered.list);
  const forward = forwards.end();
  const backs = writer.sequence<HostOperation>();
  add(backs, backwards.list);
  const backward = backs.end();
  const isWanted = ({ made }: Packing): boolean => made.weights.some((weight) => wanted.includes(weight));
  const packs = [weights.packings.filter(isWanted), weights.packings.filter((packing) => !isWanted(packing))]
    .filter((packings) => packings.length > 0)
    .map((packings): Pack => {
      const sequence = writer.sequence<HostOperation>();
      sequence.add((e) => {
        for (const packing of packings) e.share(1, 1, () => packing.emit(e));
      });
      return { packings, stages: sequence.end() };
    });
  return { bytes: writer.toBytes(), forward, backward, packs, runs: writer.runs };
}

function scratchOf(thread: Expr<"i32">, arena: number, { scratch }: Layout): Expr<"i32"> {
  return i32.add(i32.mul(thread, i32.const(scratch.bytes)), i32.const(arena + scratch.offset));
}

/** Whether the host does it; that of some kinds depends on what there is a kernel for. */
function isOfHost(operation: Forward | Backward): operation is HostOperation {
  switch (operation.kind) {
    case "host":
    case "host gradient":
      return true;
    case "activation":
      return operation.by === undefined;
    case "activation gradient":
      return operation.forward.by === undefined;
    default:
      return false;
  }
}

function emit(e: Emitter, operation: Exclude<Forward | Backward, Host | HostGradient>): void {
  switch (operation.kind) {
    case "convolution":
      emitConvolution(e, operation);
      return;
    case "statistics":
      emitStatisticsOf(e, operation);
      return;
    case "sum":
      emitSum(e, operation);
      return;
    case "pad":
      emitPad(e, operation);
      return;
    case "mean":
      emitMean(e, operation);
      return;
    case "largest":
      emitLargest(e, operation);
      return;
    case "average":
      emitAverage(e, operation);
      return;
    case "activation":
      emitActivation(e, operation);
      return;
    case "mask":
      emitMask(e, operation);
      return;
    case "convolution gradient":
      if (operation.forward.by === "pixels") emitPixelsGradient(e, operation);
      else emitRowsGradient(e, operation);
      return;
    case "reduction":
      emitReduction(e, operation);
      return;
    case "through":
      emitThroughAll(e, operation);
      return;
    case "addition":
      emitAddition(e, operation);
      return;
    case "pad gradient":
      emitPadGradient(e, operation);
      return;
    case "mean gradient":
      emitMeanGradient(e, operation);
      return;
    case "largest gradient":
      emitLargestGradient(e, operation);
      return;
    case "average gradient":
      emitAverageGradient(e, operation);
      return;
    case "activation gradient":
      emitActivationGradient(e, operation);
      return;
    case "mask gradient":
      emitMaskGradient(e, operation);
  }
}
