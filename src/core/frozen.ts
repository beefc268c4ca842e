/** Lists and plain objects that nobody can change: what a program gets of an object's inside is frozen, as Python's tuples are, or a copy. */

/** A frozen deep copy of lists and plain objects. What is frozen already, or an instance of a class, is returned itself. */
export function frozen<Value>(value: Value): Value;
export function frozen(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) return Object.freeze(Array.from(value, frozenItem));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([name, item]) => [name, frozenItem(item)])));
}

function frozenItem(item: unknown): unknown {
  return frozen(item);
}
