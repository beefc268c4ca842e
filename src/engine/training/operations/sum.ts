/** Sums of values, and of gradients. */
import type { Expr } from "../../../wasm/expression.ts";
import { i32 } from "../../../wasm/instructions.ts";
import { addressAt } from "../../emit/emitter.ts";
import { eachBlock, eachVector, emitAdd } from "../emit/each.ts";
import type { Emitter } from "../emit/emitter.ts";
import { emitScale } from "../emit/scaling.ts";
import { type View, isRaw } from "../matrices.ts";
import type { BackwardKind, ForwardKind } from "./kind.ts";

/** The sum of some values, or one of them as it is. */
export interface Sum {
  readonly kind: "sum";
  readonly inputs: readonly View[];
  readonly output: number;
}

export const sum: ForwardKind<Sum, never> = {
  reads: ({ inputs }) => inputs,
  writes: ({ output }) => [output],
  emit: emitSum,
  gradient: ({ inputs }, tape) => {
    const gradient = tape.output();
    for (const input of inputs) tape.pass(input, gradient);
  },
};

/** The sum of two gradients. */
export interface Addition {
  readonly kind: "addition";
  readonly inputs: readonly [number, number];
  readonly to: number;
}

export const addition: BackwardKind<Addition> = {
  reads: ({ inputs }) => inputs,
  writes: ({ to }) => [to],
  emit: (e, { inputs: [a, b], to }) => emitAdd(e, a, b, to),
};

export function emitSum(e: Emitter, { inputs, output }: Pick<Sum, "inputs" | "output">): void {
  const scaled = inputs.filter((view) => !isRaw(view));
  const raw = inputs.filter(isRaw);
  const to = e.address(output);
  // Each step adds to what the one before has made.
  let made: number | undefined = raw.shift()?.of;
  const next = (): void => {
    if (made === output) e.barrier();
  };
  for (const view of scaled) {
    next();
    const { channels } = e.matrix(view.of);
    const before = made;
    eachBlock(e, view.of, ({ pixels, first }) => {
      const at = (address: number): Expr<"i32"> => addressAt(address, first, channels * 4);
      const added = before === undefined ? {} : { add: at(e.address(before)) };
      emitScale(e, view, { pixels, from: at(e.address(view.of)), to: at(to), ...added });
    });
    made = output;
  }
  for (const { of } of raw) {
    next();
    emitAdd(e, made ?? of, of, output);
    made = output;
  }
  if (made !== undefined && made !== output) {
    const from = e.address(made);
    eachVector(e, e.matrix(output), (count, at) => e.f.copy(at(to), at(from), i32.shl(count, i32.const(4))));
  }
}
