/** What two models answer to the same pictures: how far apart, and how often with the same best class. */
import { PIXELS, check, listOf } from "../core/kinds.ts";
import { TENSORS, Tensor } from "../core/tensor.ts";
import { OPENED_MODEL, type OpenedModel, inputShapesOf } from "./opened-model.ts";
import { DEFAULT_SIZE } from "./picture-format.ts";

/** The comparison of two models' predictions. */
export interface Comparison {
  /** The number of pictures that were compared. */
  readonly pictures: number;
  /** The largest absolute difference between two outputs at the same position; Infinity if shapes differ. */
  readonly largestDifference: number;
  /** The number of pictures for which both models have the largest output at the same position. */
  readonly sameBest: number;
}

/** A model's predictions: for each picture, a list with one tensor for each output. */
export type Answers = readonly (readonly Tensor<Float32Array>[])[];

/** A model's predictions for pictures. Each picture is a list of the model's inputs, [rows, cols, channels] or [1, rows, cols, channels]. */
export async function answersOf(model: OpenedModel, pictures: readonly (readonly Tensor[])[]): Promise<Answers> {
  check("answersOf()", "model", model, OPENED_MODEL);
  check("answersOf()", "pictures", pictures, listOf("a list of lists of tensors", TENSORS));
  const answers: (readonly Tensor<Float32Array>[])[] = [];
  for (const inputs of pictures) {
    // oxlint-disable-next-line no-await-in-loop -- one at a time in memory
    answers.push(await model.predictAll(inputs));
  }
  return answers;
}

const ANSWERS = listOf("a list of answers, each a list of tensors", TENSORS);

/** Compares the predictions of two models for the same pictures. */
export function compareAnswers(expected: Answers, actual: Answers): Comparison {
  check("compareAnswers()", "expected", expected, ANSWERS);
  check("compareAnswers()", "actual", actual, ANSWERS);
  let largestDifference = 0;
  let sameBest = 0;
  for (const [i, outputs] of expected.entries()) {
    const others = actual[i] ?? [];
    if (others.length !== outputs.length) largestDifference = Infinity;
    for (const [k, { data }] of outputs.entries()) {
      const other = others[k]?.data ?? new Float32Array();
      if (other.length !== data.length) largestDifference = Infinity;
      for (const [at, value] of data.entries()) {
        largestDifference = Math.max(largestDifference, Math.abs(value - (other[at] ?? NaN)));
      }
    }
    if (bestOf(outputs) === bestOf(others)) sameBest++;
  }
  return { pictures: expected.length, largestDifference, sameBest };
}

function bestOf([first]: readonly Tensor<Float32Array>[]): number {
  return first === undefined ? -1 : first.data.indexOf(first.data.reduce((a, b) => Math.max(a, b), -Infinity));
}

/** Random inputs for a model, [1, …] for each input, the same every time. @param size the length of axes of any size */
export function seededInputs(model: OpenedModel, size: number = DEFAULT_SIZE): readonly Tensor[] {
  check("seededInputs()", "size", size, PIXELS);
  return inputShapesOf(model).map((shape) => {
    const dims = [1, ...shape.map((axis) => axis ?? size)];
    return new Tensor(dims, noise(dims.reduce((a, b) => a * b, 1)));
  });
}

/** Numbers in [−1, 1) (xorshift32). */
function noise(count: number): Float32Array {
  let state = 0x9e3779b9;
  return Float32Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 31 - 1;
  });
}
