/** Plan → one WebAssembly module: the kernels it needs, and functions that call them in order with every address and length in the code. */
import type { Callable } from "../../wasm/function.ts";
import type { AnyExpr, Expr } from "../../wasm/expression.ts";
import { i32 } from "../../wasm/instructions.ts";
import { add, affine, clamp, map, mapKernelName } from "../../kernels/f32/elementwise.ts";
import { VECTOR } from "../../kernels/parts.ts";
import { softmax } from "../../kernels/f32/reduce.ts";
import { sizeOf } from "../../core/shape.ts";
import { emitChain } from "./chain.ts";
import { emitConvolution } from "./convolution.ts";
import { emitBorder, emitPad } from "./pad.ts";
import { emitPool } from "./pool.ts";
import { type Emitter, addressAt, boundArguments } from "./emitter.ts";
import type { Host } from "../../lowering/operations.ts";
import type { EngineOperation } from "../operations.ts";
import type { Plan } from "../plan/plan.ts";
import type { IntegerOperation } from "../integers/operations.ts";
import { type Run, RunWriter, type Stage } from "../run-writer.ts";
import type { PackedWeights } from "../memory/weights.ts";

export interface Compiled {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly stages: readonly Stage<Host>[];
  /** The runs among the stages. */
  readonly runs: readonly Run[];
}

export interface CompileOptions {
  readonly arena: number;
  readonly weights: PackedWeights;
  /** Whether the code is for several threads in a shared memory. */
  readonly shared: boolean;
  /** Whether every operation becomes a run of its own, for those who time them. Default: false. */
  readonly separate?: boolean;
  /** What emits the operations of integers, for plans that have some. */
  readonly emitIntegers?: EmitIntegers | undefined;
}

export type EmitIntegers = (emitter: Emitter, operation: IntegerOperation) => void;

export function compile(
  plan: Plan,
  { arena, weights, shared, separate = false, emitIntegers }: CompileOptions,
): Compiled {
  const writer = new RunWriter({ shared, separate }, (run): Emitter => ({
    ...run,
    arithmetic: plan.arithmetic,
    weights,
    address: (value) => arena + (plan.offsets[value] ?? 0),
    zeros: arena + plan.zeros.offset,
    scratch: arena + plan.scratch,
  }));
  const sequence = writer.sequence<Host>();
  if (plan.zeros.bytes > 0) {
    sequence.add((e) => e.share(1, 1, () => e.f.fill(i32.const(e.zeros), i32.const(plan.zeros.bytes))));
  }
  for (const operation of plan.operations) {
    if (operation.kind === "host") sequence.addHostStep(operation);
    else if (operation.kind !== "alias") sequence.add((emitter) => emit(emitter, operation, plan, emitIntegers));
  }
  const stages = sequence.end();
  return { bytes: writer.toBytes(), stages, runs: writer.runs };
}

/** About the number of bytes that one call of an elementwise kernel writes. */
const BYTES_PER_CALL = 2 ** 16;

function emit(
  emitter: Emitter,
  operation: Exclude<EngineOperation, { kind: "host" | "alias" }>,
  plan: Plan,
  emitIntegers: EmitIntegers | undefined,
): void {
  const floats = sizeOf(plan.shapes[operation.output] ?? []);
  if (floats === 0) return;
  const { f, weights, arithmetic } = emitter;
  const output = emitter.address(operation.output);
  /** Calls a kernel for `pieces` pieces of `bytes` bytes each, with the addresses of the first one. */
  const shared = (
    kernel: Callable,
    pieces: number,
    bytes: number,
    args: (count: Expr<"i32">, at: (address: number) => Expr<"i32">) => readonly AnyExpr[],
  ): void => {
    const most = Math.max(1, Math.floor(BYTES_PER_CALL / bytes));
    emitter.share(pieces, most, (from, count) =>
      f.call(
        kernel,
        args(count, (address) => addressAt(address, from, bytes)),
      ),
    );
  };
  const vectors = Math.ceil(floats / 4);
  switch (operation.kind) {
    case "convolution":
      emitConvolution(emitter, operation);
      return;
    case "chain":
      emitChain(emitter, operation);
      return;
    case "pad":
      if (operation.input === operation.output) emitBorder(emitter, operation);
      else emitPad(emitter, operation);
      return;
    case "sum": {
      const { bounds } = operation;
      const minmax = bounds !== undefined;
      const kernel = emitter.kernel(minmax ? "add minmax" : "add", (module) => add(module, { minmax }));
      const inputs = operation.inputs.map((input) => emitter.address(input));
      shared(kernel, vectors, VECTOR, (count, at) => [count, ...inputs.map(at), at(output), ...boundArguments(bounds)]);
      return;
    }
    case "clamp": {
      const from = emitter.address(operation.input);
      shared(emitter.kernel("clamp", clamp), vectors, VECTOR, (count, at) => [
        count,
        at(from),
        at(output),
        ...boundArguments(operation.bounds),
      ]);
      return;
    }
    case "map": {
      const kernel = emitter.kernel(mapKernelName(operation.map), (module) => map(module, operation.map));
      const from = emitter.address(operation.input);
      shared(kernel, vectors, VECTOR, (count, at) => [count, at(from), at(output)]);
      return;
    }
    case "affine": {
      const { channels } = operation;
      const kernel = emitter.kernel("affine", (module) => affine(module, { arithmetic }));
      const [from, packed] = [emitter.address(operation.input), i32.const(weights.ofAffine(operation))];
      shared(kernel, floats / channels, channels * 4, (count, at) => [
        count,
        i32.const(channels),
        at(from),
        at(output),
        packed,
      ]);
      return;
    }
    case "softmax": {
      const { lines, length } = operation;
      const from = emitter.address(operation.input);
      shared(emitter.kernel("softmax", softmax), lines, length * 4, (count, at) => [
        count,
        i32.const(length),
        at(from),
        at(output),
      ]);
      return;
    }
    case "pool":
      emitPool(emitter, operation);
      return;
    default:
      if (emitIntegers === undefined) throw new Error(`Integers were not expected: ${operation.kind}`);
      emitIntegers(emitter, operation);
  }
}
