/** What the emitters of single operations work with. */
import type { Arithmetic } from "../kernels/parts.ts";
import type { AnyExpr } from "../wasm/expression.ts";
import type { Callable, FunctionBuilder } from "../wasm/function.ts";
import { f32 } from "../wasm/instructions.ts";
import type { ModuleBuilder } from "../wasm/module.ts";
import type { Bounds } from "./operations.ts";
import type { PackedWeights } from "./weights.ts";

export interface Emitter {
  /** The function that calls the kernels. */
  readonly f: FunctionBuilder;
  readonly arithmetic: Arithmetic;
  readonly weights: PackedWeights;
  /** The address of a value. */
  address(value: number): number;
  /** The address of the row of zeros. */
  readonly zeros: number;
  /** The kernel of that name in this module, made when first asked for. */
  kernel(name: string, make: (module: ModuleBuilder) => Callable): Callable;
}

/** The last arguments of `minmax` kernels. */
export function boundArguments(bounds: Bounds | undefined): readonly AnyExpr[] {
  return bounds === undefined ? [] : [f32.const(bounds.low), f32.const(bounds.high)];
}
