/** Random permutations that are determined by a name (Fisher and Yates's shuffle). */
import { fnv1a32, unitAt } from "../../core/random.ts";

/** A shuffle of the numbers from 0 to `count` - 1, the same for the same name. */
export function permutation(count: number, name: string): Uint32Array {
  const stream = fnv1a32(name);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(unitAt(stream, i) * (i + 1));
    const moved = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = moved;
  }
  return order;
}
