/** Layout → one WebAssembly module: functions that run the operations forwards and backwards, with what the host does between them. */
import type { Tiling } from "../../kernels/f32/tilings.ts";
import type { Weight } from "../../layers/weight.ts";
import type { Expr } from "../../wasm/expression.ts";
import { i32 } from "../../wasm/instructions.ts";
import { type Run, RunWriter, type Sequence, type Stage } from "../run-writer.ts";
import { COEFFICIENTS, coefficientBytes } from "./coefficients.ts";
import type { Emitter } from "./emit/emitter.ts";
import { type Layout, matrixOf } from "./layout.ts";
import type { HostWork } from "./operations/kind.ts";
import { type Operation, kindOf } from "./operations/table.ts";
import type { Packing, TrainingWeights } from "./weights.ts";

/** What the host computes between two runs. */
export interface HostStep {
  readonly kind: "host step";
  readonly work: HostWork;
}

export interface Compiled {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly forward: readonly Stage<HostStep>[];
  readonly backward: readonly Stage<HostStep>[];
  /** Packing of the weights that training changes, and of the others. */
  readonly packs: readonly Pack[];
  /** All runs among these stages. */
  readonly runs: readonly Run[];
}

/** Packs weights; it is run if any of them has changed. */
export interface Pack {
  readonly packings: readonly Packing[];
  readonly stages: readonly Stage<HostStep>[];
}

export interface CompileOptions {
  /** The address of the plan's working memory. */
  readonly arena: number;
  readonly weights: TrainingWeights;
  /** The weights that change from run to run. */
  readonly wanted: readonly Weight[];
  readonly tiling: Tiling;
  /** Whether several threads do the work, in a shared memory. */
  readonly shared: boolean;
  /** Whether every operation becomes a run of its own, for those who time them. Default: false. */
  readonly separate?: boolean;
}

export function compile(
  layout: Layout,
  { arena, weights, wanted, tiling, shared, separate = false }: CompileOptions,
): Compiled {
  const { lowered, backwards } = layout;
  const writer = new RunWriter({ shared, separate }, (run, thread): Emitter => {
    const scratch = run.f.local("i32", scratchOf(thread, arena, layout));
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
  const add = (sequence: Sequence<Emitter, HostStep>, list: readonly Operation[]): void => {
    for (const operation of list) {
      const kind = kindOf(operation);
      const work = kind.onHost?.(operation);
      if (work !== undefined) sequence.addHostStep({ kind: "host step", work });
      else if (kind.emit === undefined) throw new Error(`nothing does '${operation.kind}'`);
      else sequence.add((e) => kind.emit?.(e, operation));
    }
  };

  const forwards = writer.sequence<HostStep>();
  const { bytes } = layout.zeros;
  if (bytes > 0) {
    forwards.add((e) => e.share(1, 1, () => e.f.fill(i32.const(e.zeros), i32.const(bytes))));
  }
  add(forwards, lowered.list);
  const forward = forwards.end();
  const backs = writer.sequence<HostStep>();
  add(backs, backwards.list);
  const backward = backs.end();
  const isWanted = ({ made }: Packing): boolean => made.weights.some((weight) => wanted.includes(weight));
  const packs = [weights.packings.filter(isWanted), weights.packings.filter((packing) => !isWanted(packing))]
    .filter((packings) => packings.length > 0)
    .map((packings): Pack => {
      const sequence = writer.sequence<HostStep>();
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
