/** Losses by their names (keras.losses.get), and the mean squared error. */
import { snakeCaseNames, unknownIdentifier } from "../../core/identifiers.ts";
import { TEXT } from "../../core/kinds.ts";
import { checkOptions } from "../../core/options.ts";
import type { Tensor } from "../../core/tensor.ts";
import { BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy } from "./crossentropy.ts";
import { Loss, type LossOptions, type Predicted, type Scored, positionsOf, sameShape } from "./loss.ts";

/** The mean squared difference along the last axis. Targets have the output's shape. Default name: `mean_squared_error`. */
export class MeanSquaredError extends Loss {
  readonly className = "MeanSquaredError";

  constructor(options: LossOptions = {}) {
    checkOptions("MeanSquaredError", options, { name: TEXT, reduction: true });
    super(options, "mean_squared_error");
  }

  protected override score(yTrue: Tensor, { output }: Predicted): Scored {
    const { positions, classes } = positionsOf(output);
    const target = sameShape(yTrue, output).data;
    const values = new Float64Array(positions);
    const difference = (at: number): number => (output.data[at] ?? 0) - (target[at] ?? 0);
    for (let at = 0; at < output.size; at++) {
      const i = Math.floor(at / classes);
      values[i] = (values[i] ?? 0) + difference(at) ** 2 / classes;
    }
    const gradient = (weights: Float64Array) => {
      const result = new Float32Array(output.size);
      for (let at = 0; at < result.length; at++) {
        result[at] = ((weights[Math.floor(at / classes)] ?? 0) * 2 * difference(at)) / classes;
      }
      return { of: "output", values: result } as const;
    };
    return { values, gradient };
  }
}

/**
 * A loss, or the name of one: `sparse_categorical_crossentropy`, `categorical_crossentropy`, `binary_crossentropy` or `mean_squared_error`.
 * `crossentropy` means the one of the first three that fits the shapes of the labels and the output.
 */
export type LossIdentifier =
  | Loss
  | "crossentropy"
  | "sparse_categorical_crossentropy"
  | "categorical_crossentropy"
  | "binary_crossentropy"
  | "mean_squared_error"
  | "mse"
  | (string & {});

const BY_NAME: Readonly<Record<string, () => Loss>> = {
  sparse_categorical_crossentropy: () => new SparseCategoricalCrossentropy(),
  SparseCategoricalCrossentropy: () => new SparseCategoricalCrossentropy(),
  categorical_crossentropy: () => new CategoricalCrossentropy(),
  CategoricalCrossentropy: () => new CategoricalCrossentropy(),
  binary_crossentropy: () => new BinaryCrossentropy(),
  BinaryCrossentropy: () => new BinaryCrossentropy(),
  bce: () => new BinaryCrossentropy(),
  BCE: () => new BinaryCrossentropy(),
  mean_squared_error: () => new MeanSquaredError(),
  MeanSquaredError: () => new MeanSquaredError(),
  mse: () => new MeanSquaredError(),
  MSE: () => new MeanSquaredError(),
};

/** The names of losses, each once. */
export function lossNames(): readonly string[] {
  return ["crossentropy", ...snakeCaseNames(BY_NAME)];
}

/** Whether a name is that of a loss, other than `crossentropy`. */
export function isLossName(name: string): boolean {
  return Object.hasOwn(BY_NAME, name);
}

/** The loss of an identifier; `crossentropy` and `ce` become the loss that fits the shapes. @throws ValueError for an unknown name. */
export function lossOf(identifier: LossIdentifier, yTrue: Tensor, yPred: Tensor): Loss {
  if (identifier instanceof Loss) return identifier;
  if (typeof identifier === "string") {
    if (["crossentropy", "ce"].includes(identifier.toLowerCase())) {
      const { isBinary, isSparse } = kindOf(yTrue, yPred);
      if (isBinary) return new BinaryCrossentropy();
      return isSparse ? new SparseCategoricalCrossentropy() : new CategoricalCrossentropy();
    }
    const make = isLossName(identifier) ? BY_NAME[identifier] : undefined;
    if (make !== undefined) return make();
  }
  throw unknownIdentifier("loss", identifier, lossNames());
}

/** Whether labels are binary or class indices, inferred from the shapes of labels and output (keras.src.trainers.compile_utils). */
export function kindOf(yTrue: Tensor, yPred: Tensor): { readonly isBinary: boolean; readonly isSparse: boolean } {
  const classes = yPred.shape.at(-1) ?? 0;
  return {
    isBinary: classes === 1,
    isSparse: yTrue.shape.length < yPred.shape.length || (yTrue.shape.at(-1) === 1 && classes > 1),
  };
}
