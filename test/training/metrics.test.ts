/** Metrics against Keras's (test/fixtures/training). */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Tensor } from "../../src/core/tensor.ts";
import * as accuracies from "../../src/training/metrics/accuracy.ts";
import { AUC } from "../../src/training/metrics/auc.ts";
import { Precision, Recall, confusionMatrix } from "../../src/training/metrics/confusion.ts";
import { F1Score, FBetaScore } from "../../src/training/metrics/f-score.ts";
import { Mean, type Metric } from "../../src/training/metrics/metric.ts";
import { metricOf } from "../../src/training/metrics/metrics.ts";
import { assertWithin } from "../support/compare.ts";
import { dataOf, keras, listOf } from "./keras.ts";

const classes = { ...accuracies, AUC, F1Score, FBetaScore, Precision, Recall } as unknown as Readonly<
  Record<string, new (config?: object) => Metric>
>;

describe("metrics", () => {
  for (const [k, example] of keras.metrics.entries()) {
    const { className, config, shape, weighted, results } = example;
    it(`${className} ${JSON.stringify(config)} of ${shape.join("×")}${weighted ? ", weighted" : ""}: as Keras's within 1e-6`, () => {
      const MetricClass = classes[className];
      assert.ok(MetricClass);
      let metric = new MetricClass(config);
      for (const [batch, result] of results.entries()) {
        const { yTrue, predicted, sampleWeight } = dataOf(`metric/${Math.floor(k / 2)}/${batch}`, {
          ...example,
          weighted: false,
        });
        const weight = weighted
          ? dataOf(`metric/${Math.floor(k / 2)}/${batch}`, { ...example, shape: [shape[0] ?? 0, 1], weighted })
              .sampleWeight
          : sampleWeight;
        metric.updateState(yTrue, predicted.output, weight);
        assertWithin(listOf(metric.result()), listOf(result), 1e-6, `after ${batch + 1} batches`);
        // What was gathered can be taken over by another.
        const other = new MetricClass(config);
        other.setState(metric.getState());
        metric = other;
      }
      metric.resetState();
      assert.ok(listOf(metric.result()).every((value) => value === 0));
    });
  }

  it("accuracy is what the shapes say, under the name that was given", () => {
    const binary = new Tensor([2, 1], new Float32Array(2));
    const scores = new Tensor([2, 3], new Float32Array(6));
    const labels = new Tensor([2], new Int32Array(2));
    const cases = [
      [binary, binary, accuracies.BinaryAccuracy],
      [labels, scores, accuracies.SparseCategoricalAccuracy],
      [binary, scores, accuracies.SparseCategoricalAccuracy],
      [scores, scores, accuracies.CategoricalAccuracy],
    ] as const;
    for (const [yTrue, yPred, expected] of cases) {
      const metric = metricOf("acc", yTrue, yPred);
      assert.ok(metric instanceof expected);
      assert.equal(metric.name, "acc");
    }
    assert.equal(metricOf("mse", scores, scores).direction, "down");
    assert.throws(() => metricOf("accurracy", labels, scores), {
      message:
        /^Could not interpret metric identifier: accurracy\. Did you mean "accuracy"\? There are: accuracy, binary_accuracy, /,
    });
  });

  it("Mean is the mean, weighted or not", () => {
    const mean = new Mean();
    assert.equal(mean.result(), 0);
    mean.add(1, 3);
    mean.add(5);
    assert.equal(mean.result(), 2);
    mean.updateState(new Tensor([2], Float32Array.of(2, 2)));
    assert.equal(mean.result(), 2);
  });

  it("confusionMatrix counts rows of labels and columns of predictions", () => {
    const matrix = confusionMatrix([1, 2, 2, 0], [1, 2, 1, 0], 3);
    assert.deepEqual([...matrix.data], [1, 0, 0, 0, 1, 0, 0, 1, 1]);
    assert.deepEqual(matrix.shape, [3, 3]);
    assert.throws(() => confusionMatrix([3], [0], 3), { message: /label value of 3 .* \[0, 3\)/ });
    assert.throws(() => confusionMatrix([1], [], 3), { code: "ValueError" });
  });

  it("top-k counts values that are equal, and none that is no number", () => {
    const metric = new accuracies.SparseTopKCategoricalAccuracy({ k: 1 });
    metric.updateState(
      new Tensor([3], Int32Array.of(1, 2, 0)),
      new Tensor([3, 3], Float32Array.of(0.4, 0.4, 0.2, 0.4, 0.4, 0.2, NaN, 0, 0)),
    );
    assert.equal(metric.result(), 1 / 3);
  });

  it("refuse what Keras refuses", () => {
    assert.throws(() => new Precision({ thresholds: [0.5, 2] }), { message: /Threshold values must be in \[0, 1\]/ });
    assert.throws(() => new AUC({ numThresholds: 1 }), { message: /must be an integer > 1/ });
    assert.throws(() => new F1Score({ threshold: 0 }), { message: /0 < threshold <= 1/ });
  });
});
