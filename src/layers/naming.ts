/** Automatic names as Keras gives them: `conv2d`, `conv2d_1`, …, numbered throughout the session (keras.src.utils.naming). */

const counters = new Map<string, number>();

/** The class name in snake case: `DepthwiseConv2D` becomes `depthwise_conv2d`. */
export function toSnakeCase(className: string): string {
  return className
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** The prefix itself at the first call, then `prefix_1`, `prefix_2`, … */
export function uniqueName(prefix: string): string {
  const count = counters.get(prefix) ?? 0;
  counters.set(prefix, count + 1);
  return count === 0 ? prefix : `${prefix}_${count}`;
}

/** Restarts the numbering of automatic layer names, as `keras.utils.clear_session()` does. */
export function clearSession(): void {
  counters.clear();
}
