/** Cuts a program in two: a first part that needs to be run only forwards, and the rest. */
import type { Shape } from "../core/shape.ts";
import type { Program, Step } from "./program.ts";

export interface SplitProgram {
  /** Gives what the tail needs: its outputs are the tail's inputs, in the same order. */
  readonly base: Program;
  /** Gives what the whole program gives. */
  readonly tail: Program;
}

/**
 * The base has every step that `isBase` accepts and that needs no other: with frozen layers, all that stays the same whatever is
 * learned. Both programs have numbers of their own for their values. Values that pass from one to the other are as few as the graph
 * allows; an input that the tail needs too is among them.
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
