/** Weights for classes of different sizes. */

/**
 * For `fit`'s `classWeight`: each class counts as much as any other, samples count 1 in the mean (scikit-learn's `balanced`):
 * samples / (classes · samples of the class). Classes without samples are left out.
 *
 * @param labels the class of each sample, from 0
 */
export function balancedClassWeight(labels: ArrayLike<number>): Record<number, number> {
  const counts = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] ?? 0;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return Object.fromEntries(
    [...counts].toSorted(([a], [b]) => a - b).map(([label, count]) => [label, labels.length / (counts.size * count)]),
  );
}
