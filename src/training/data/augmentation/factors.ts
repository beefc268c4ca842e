/** The ranges that random changes are drawn from, given as one number or two (Keras's image preprocessing layers). */
import { show, valueError } from "../../../core/errors.ts";

/** The range that a random change is drawn from: a pair of its ends, or one number f for the range from -f to f. */
export type Factor = number | readonly [number, number];

/** The rules that a factor's numbers must follow. */
export interface FactorRules {
  /** The beginning of the error message, before "Received". */
  readonly problem: string;
  readonly isAllowed: (value: number) => boolean;
}

/** The range of a factor, lower end first. @throws ValueError, in Keras's words, if it is not one or two allowed numbers. */
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

/** The number at a position in [0, 1) within a range. */
export function between([least, most]: readonly [number, number], draw: number): number {
  return least + (most - least) * draw;
}
