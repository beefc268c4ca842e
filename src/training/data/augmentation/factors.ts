/** The ranges that random changes are drawn from, as Keras's layers take them: one number, or two. */
import { show, valueError } from "../../../core/errors.ts";

export type Factor = number | readonly [number, number];

export interface FactorRules {
  /** What the error says before "Received". */
  readonly problem: string;
  readonly isAllowed: (value: number) => boolean;
}

/** From the least to the most: of one number f, from -f to f. @throws ValueError in Keras's words. */
export function rangeOf(factor: unknown, name: string, { problem, isAllowed }: FactorRules): readonly [number, number] {
  const given: readonly unknown[] = Array.isArray(factor) ? factor : [factor];
  const values = given.filter((value) => typeof value === "number");
  if (values.length !== given.length || given.length !== (Array.isArray(factor) ? 2 : 1)) {
    throw valueError(`${problem}Received: ${name}=${show(factor)}`);
  }
  const wrong = values.find((value) => !isAllowed(value));
  if (wrong !== undefined) throw valueError(`${problem}Received: ${name}=${show(factor)}`);
  const [first = 0, second = first] = values;
  return Array.isArray(factor)
    ? [Math.min(first, second), Math.max(first, second)]
    : [-Math.abs(first), Math.abs(first)];
}

/** A number from a range, by a draw in [0, 1). */
export function between([least, most]: readonly [number, number], draw: number): number {
  return least + (most - least) * draw;
}
