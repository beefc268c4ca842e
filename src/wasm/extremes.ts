/** The smaller and the larger of two signed integers. */
import type { Expr } from "./expression.ts";
import { i32 } from "./instructions.ts";

export function min(a: Expr<"i32">, b: Expr<"i32">): Expr<"i32"> {
  return i32.select(a, b, i32.lt_s(a, b));
}

export function max(a: Expr<"i32">, b: Expr<"i32">): Expr<"i32"> {
  return i32.select(a, b, i32.gt_s(a, b));
}
