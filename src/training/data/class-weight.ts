/** Class weights that balance classes of different sizes (scikit-learn's `class_weight="balanced"`). */
import { NUMBERS, check } from "../../core/kinds.ts";

/**
 * Weights for the option `classWeight` of `fit` that make every class count the same: the number of samples / (the number of classes · the
 * number of samples of the class). Their mean over all samples is 1. Classes without samples have no entry.
 *
 * @param labels the class index of each sample, from 0
 * @throws ValueError if they are no list of numbers
 */
export function balancedClassWeight(labels: ArrayLike<number>): Record<number, number> {
  check("balancedClassWeight()", "labels", labels, NUMBERS);
  const counts = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] ?? 0;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return Object.fromEntries(
    [...counts].toSorted(([a], [b]) => a - b).map(([label, count]) => [label, labels.length / (counts.size * count)]),
  );
}
