/** Cuts a program in two: a base that only needs to run forwards, and the rest. */
import type { Shape } from "../core/shape.ts";
import type { Program, Step } from "./program.ts";

/** The two parts of a program. */
export interface SplitProgram {
  /** Computes what the tail needs: its outputs are the inputs of the tail, in the same order. */
  readonly base: Program;
  /** Computes the outputs of the whole program. */
  readonly tail: Program;
}

/**
 * Splits a program. The base has every step that `isBase` accepts and that depends on no other step; if `isBase` accepts frozen layers,
 * this is everything that stays the same whatever is learned. Each part numbers its values anew. As few values as possible pass from the
 * base to the tail; an input that the tail also needs is among them.
 */
export function splitProgram(program: Program, isBase: (step: Step) => boolean): SplitProgram {
  const known = new Set(program.inputs);
  const baseSteps: Step[] = [];
  const tailSteps: Step[] = [];
  for (const step of program.steps) {
    if (isBase(step) && step.inputs.every((value) => known.has(value))) {
      known.add(step.output);
      baseSteps.push(step);
    } else {
      tailSteps.push(step);
    }
  }
  const needed = [...tailSteps.flatMap((step) => step.inputs), ...program.outputs];
  const passed = [...new Set(needed.filter((value) => known.has(value)))];
  return {
    base: part(program.shapes, baseSteps, program.inputs, passed),
    tail: part(program.shapes, tailSteps, passed, program.outputs),
  };
}

function part(
  shapes: readonly Shape[],
  steps: readonly Step[],
  inputs: readonly number[],
  outputs: readonly number[],
): Program {
  const numbers = new Map<number, number>();
  const ownShapes: Shape[] = [];
  const number = (value: number): number => {
    const found = numbers.get(value);
    if (found !== undefined) return found;
    numbers.set(value, ownShapes.push(shapes[value] ?? []) - 1);
    return ownShapes.length - 1;
  };
  const ownInputs = inputs.map(number);
  const ownSteps = steps.map((step) => ({ ...step, inputs: step.inputs.map(number), output: number(step.output) }));
  return { steps: ownSteps, inputs: ownInputs, outputs: outputs.map(number), shapes: ownShapes };
}
