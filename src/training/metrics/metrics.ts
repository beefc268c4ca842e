/** Metrics by their names (keras.metrics.get); `accuracy` becomes the accuracy that fits the shapes, as in Keras. */
import { snakeCaseNames, unknownIdentifier } from "../../core/identifiers.ts";
import type { Tensor } from "../../core/tensor.ts";
import { Loss } from "../losses/loss.ts";
import { isLossName, lossNames, kindOf, lossOf } from "../losses/losses.ts";
import {
  BinaryAccuracy,
  CategoricalAccuracy,
  SparseCategoricalAccuracy,
  SparseTopKCategoricalAccuracy,
  TopKCategoricalAccuracy,
} from "./accuracy.ts";
import { AUC } from "./auc.ts";
import { Precision, Recall } from "./confusion.ts";
import { F1Score, FBetaScore } from "./f-score.ts";
import { MeanMetric, Metric } from "./metric.ts";

/**
 * A metric, a loss (whose mean is reported), or the name of either. `accuracy` means binary, categorical or sparse categorical accuracy,
 * by the shapes of the labels and the output.
 */
export type MetricIdentifier =
  | Metric
  | Loss
  | "accuracy"
  | "acc"
  | "binary_accuracy"
  | "categorical_accuracy"
  | "sparse_categorical_accuracy"
  | "top_k_categorical_accuracy"
  | "sparse_top_k_categorical_accuracy"
  | "Precision"
  | "Recall"
  | "F1Score"
  | "AUC"
  | (string & {});

const BY_NAME: Readonly<Record<string, (name: string) => Metric>> = {
  binary_accuracy: (name) => new BinaryAccuracy({ name }),
  BinaryAccuracy: (name) => new BinaryAccuracy({ name }),
  categorical_accuracy: (name) => new CategoricalAccuracy({ name }),
  CategoricalAccuracy: (name) => new CategoricalAccuracy({ name }),
  sparse_categorical_accuracy: (name) => new SparseCategoricalAccuracy({ name }),
  SparseCategoricalAccuracy: (name) => new SparseCategoricalAccuracy({ name }),
  top_k_categorical_accuracy: (name) => new TopKCategoricalAccuracy({ name }),
  TopKCategoricalAccuracy: (name) => new TopKCategoricalAccuracy({ name }),
  sparse_top_k_categorical_accuracy: (name) => new SparseTopKCategoricalAccuracy({ name }),
  SparseTopKCategoricalAccuracy: (name) => new SparseTopKCategoricalAccuracy({ name }),
  precision: (name) => new Precision({ name }),
  Precision: (name) => new Precision({ name }),
  recall: (name) => new Recall({ name }),
  Recall: (name) => new Recall({ name }),
  auc: (name) => new AUC({ name }),
  AUC: (name) => new AUC({ name }),
  f_beta_score: (name) => new FBetaScore({ name }),
  FBetaScore: (name) => new FBetaScore({ name }),
  f1_score: (name) => new F1Score({ name }),
  F1Score: (name) => new F1Score({ name }),
};

/** The metric of an identifier, for labels and outputs of these shapes. @throws ValueError for an unknown name. */
export function metricOf(identifier: MetricIdentifier, yTrue: Tensor, yPred: Tensor): Metric {
  if (identifier instanceof Metric) return identifier;
  if (identifier instanceof Loss) return new LossMetric(identifier, identifier.name);
  if (typeof identifier === "string") {
    if (["accuracy", "acc"].includes(identifier.toLowerCase())) {
      const { isBinary, isSparse } = kindOf(yTrue, yPred);
      if (isBinary) return new BinaryAccuracy({ name: identifier });
      return isSparse
        ? new SparseCategoricalAccuracy({ name: identifier })
        : new CategoricalAccuracy({ name: identifier });
    }
    if (Object.hasOwn(BY_NAME, identifier)) {
      const metric = BY_NAME[identifier]?.(identifier);
      if (metric !== undefined) return metric;
    }
    if (isLossName(identifier)) return new LossMetric(lossOf(identifier, yTrue, yPred), identifier);
  }
  throw unknownIdentifier("metric", identifier, ["accuracy", ...snakeCaseNames(BY_NAME), ...lossNames().slice(1)]);
}

/** The mean of a loss over all positions, as a metric. */
class LossMetric extends MeanMetric {
  override readonly direction = "down";
  readonly #loss: Loss;

  constructor(loss: Loss, name: string) {
    super(name);
    this.#loss = loss;
  }

  protected override values(yTrue: Tensor, yPred: Tensor<Float32Array>): ArrayLike<number> {
    return this.#loss.valuesOf(yTrue, yPred);
  }
}
