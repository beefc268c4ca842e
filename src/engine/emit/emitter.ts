/** What the emitters of single operations work with. */
import type { Arithmetic } from "../../kernels/parts.ts";
import type { AnyExpr, Expr, Local } from "../../wasm/expression.ts";
import type { FunctionBuilder } from "../../wasm/function.ts";
import { f32, i32 } from "../../wasm/instructions.ts";
import type { Bounds } from "../../lowering/bounds.ts";
import type { RunEmitter } from "../run-writer.ts";
import type { PackedWeights } from "../memory/weights.ts";

export interface Emitter extends RunEmitter {
  /** How the kernels multiply and add. */
  readonly arithmetic: Arithmetic;
  readonly weights: PackedWeights;
  /** The address of a value. */
  address(value: number): number;
  /** The address of the row of zeros. */
  readonly zeros: number;
  /** The address of memory that an operation may use while it runs. */
  readonly scratch: number;
}

/** The last arguments of `minmax` kernels. */
export function boundArguments(bounds: Bounds | undefined): readonly AnyExpr[] {
  return bounds === undefined ? [] : [f32.const(bounds.low), f32.const(bounds.high)];
}

/** The address that lies `index` strides behind a constant one. */
export function addressAt(start: number, index: Expr<"i32">, stride: number): Expr<"i32"> {
  return i32.add(i32.mul(index, i32.const(stride)), i32.const(start));
}

/** Runs `body` for each of `count` (at least 1) numbers from `from` on. */
export function forEach(
  f: FunctionBuilder,
  from: Expr<"i32">,
  count: Expr<"i32">,
  body: (index: Local<"i32">) => void,
): void {
  const index = f.local("i32", from);
  const end = f.local("i32", i32.add(index, count));
  f.repeat(
    () => {
      body(index);
      f.increase(index, 1);
    },
    i32.lt_s(index, end),
  );
}
