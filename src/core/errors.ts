/** The one error class of the package; messages follow Keras's wording where Keras has one. */

export type ErrorCode =
  /** An argument has a value that does not fit: what Keras raises as `ValueError`. */
  | "ValueError"
  /** Shapes that do not fit one another. */
  | "ShapeError"
  /** A file that is broken, hostile, or not what it should be. */
  | "FormatError"
  /** A file that is well formed but uses something we do not read. */
  | "UnsupportedError"
  /** A file, folder or address that cannot be read or written. */
  | "IOError"
  /** A download that failed: no network, a bad status, a wrong length. */
  | "NetworkError"
  /** A limit of size, memory or count that would be exceeded. */
  | "LimitError"
  /** A part of the platform that is missing: WebAssembly SIMD, the image decoder. */
  | "MissingError"
  /** A model that was disposed of, or used before it was built. */
  | "StateError";

/**
 * Every error that the package throws on purpose. The message says what was given, what was expected and what to do;
 * `code` is for programs.
 */
export class MobileNetV2Error extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MobileNetV2Error";
    this.code = code;
  }
}

/** A `ValueError` in Keras's sense. */
export function valueError(message: string): MobileNetV2Error {
  return new MobileNetV2Error("ValueError", message);
}

/** A message for any thrown thing. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A value as error messages show it: lists as Python's tuples, `(3, -1)`; whatever is long or deep is cut. */
export function show(value: unknown, depth = 0): string {
  if (typeof value === "string") return value.length > 200 ? `${value.slice(0, 200)}…` : value;
  if (typeof value !== "object" || value === null) return String(value);
  if (depth === 3) return "…";
  if (Array.isArray(value)) {
    const items = value.slice(0, 20).map((item) => show(item, depth + 1));
    if (items.length === 1) return `(${items[0]},)`;
    return `(${items.join(", ")}${value.length > 20 ? ", …" : ""})`;
  }
  const entries = Object.entries(value)
    .slice(0, 20)
    .map(([key, item]) => `${show(key)}: ${show(item, depth + 1)}`);
  return `{${entries.join(", ")}}`;
}
