/** The state from which an optimizer continues exactly. */
import { type Kind, NUMBER, OBJECT, instanceOf, listOf, orNull, whole } from "../../core/kinds.ts";

/** The state of an optimizer; its arrays are the optimizer's own, not copies. */
export interface OptimizerState {
  /** The number of steps so far. */
  readonly iterations: number;
  /** The learning rate, or null if it is a schedule or a function. */
  readonly learningRate: number | null;
  /** The variables of all weights, in the order of `variables`. */
  readonly slots: readonly Float32Array[];
}

const ARRAYS = listOf("", instanceOf("", Float32Array));

/** What a program may set as the state. */
export const STATE: Kind = [
  "{ iterations, learningRate, slots }",
  (value) =>
    OBJECT[1](value) &&
    whole(0)[1](Reflect.get(Object(value), "iterations")) &&
    orNull(NUMBER)[1](Reflect.get(Object(value), "learningRate")) &&
    ARRAYS[1](Reflect.get(Object(value), "slots")),
];
