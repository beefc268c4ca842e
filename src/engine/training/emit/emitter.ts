/** What the emitters of training's operations work with. */
import type { Tiling } from "../../../kernels/f32/tilings.ts";
import type { Expr } from "../../../wasm/expression.ts";
import type { RunEmitter } from "../../run-writer.ts";
import type { Coefficient } from "../coefficients.ts";
import type { Matrix, Scaling } from "../matrices.ts";
import type { TrainingWeights } from "../weights.ts";

/** Addresses are in bytes. */
export interface Emitter extends RunEmitter {
  readonly tiling: Tiling;
  readonly weights: TrainingWeights;
  /** The shape of a value or a gradient. */
  matrix(number: number): Matrix;
  /** The address of a matrix. */
  address(number: number): number;
  /** The address of a coefficient: a number for each channel. */
  coefficient(scaling: Scaling, name: Coefficient): number;
  /** The address of zeros. */
  readonly zeros: number;
  /** The address of the working thread's own memory. */
  readonly scratch: Expr<"i32">;
  /** The address of memory for the operation as a whole. */
  readonly workspace: number;
}
