/** Sums, differences, products and quotients of a computed value and a constant, whatever framework they come from. */
import type { Factor } from "./factors.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import type { Value } from "./value.ts";

export type Arithmetic = "add" | "subtract" | "multiply" | "divide";

export const OPERATIONS: Readonly<Record<Arithmetic, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
};

/** `x operator factor`, or `factor operator x` if `reversed`; undefined for a quotient by a computed value. */
export function withConstant(
  builder: GraphBuilder,
  x: Value,
  operator: Arithmetic,
  factor: Factor,
  { reversed, hint }: { readonly reversed: boolean; readonly hint: string },
): Value | undefined {
  if (operator === "add") return builder.affine(x, 1, factor, hint);
  if (operator === "multiply") return builder.affine(x, factor, 0, hint);
  if (operator === "subtract") {
    return reversed
      ? builder.affine(x, -1, factor, hint)
      : builder.affine(
          x,
          1,
          mapped(factor, (n) => -n),
          hint,
        );
  }
  return reversed
    ? undefined
    : builder.affine(
        x,
        mapped(factor, (n) => 1 / n),
        0,
        hint,
      );
}

function mapped(factor: Factor, change: (value: number) => number): Factor {
  if (typeof factor === "number") return change(factor);
  return { ...factor, read: () => factor.read().map(change) };
}
