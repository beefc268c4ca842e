/** The one error class of the package; messages are worded as Keras's if Keras has such an error. */

/** The kind of an error; a comment before each kind describes it. */
export type ErrorCode =
  /** An argument whose value does not fit: what Keras raises as `ValueError`. */
  | "ValueError"
  /** Tensors whose shapes do not fit each other or the data. */
  | "ShapeError"
  /** A file that is broken, hostile, or of another kind than expected. */
  | "FormatError"
  /** A file that is well formed, or a request that makes sense, but that needs something this package does not support. */
  | "UnsupportedError"
  /** A file, folder or address that cannot be read or written. */
  | "IOError"
  /** A download that failed: no network, an error status, or a wrong length. */
  | "NetworkError"
  /** Something that exceeds a limit on size, memory or count. */
  | "LimitError"
  /** A part of the platform that is missing, such as WebAssembly SIMD or the image decoder. */
  | "MissingError"
  /** An object that was disposed of, or used before it was ready. */
  | "StateError";

/**
 * Every error that the package throws on purpose. The message says what was given, what was expected and what to do; programs tell errors
 * apart by `code`.
 */
export class MobileNetV2Error extends Error {
  /** The kind of the error. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MobileNetV2Error";
    this.code = code;
  }
}

/** Makes an error with the code `ValueError`. */
export function valueError(message: string): MobileNetV2Error {
  return new MobileNetV2Error("ValueError", message);
}

/** The message of a thrown value, whether or not it is an `Error`. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Writes a value for an error message. Lists look like Python's tuples, such as `(3, -1)`; long texts, long lists and deep objects are cut
 * short; functions and classes are only named.
 */
export function show(value: unknown, depth = 0): string {
  if (typeof value === "string") return value.length > 200 ? `${value.slice(0, 200)}…` : value;
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value !== "object" || value === null) return String(value);
  if (depth === 3) return "…";
  const inner = (item: unknown): string => show(item, depth + 1);
  if (Array.isArray(value)) {
    const items = Array.from(value.slice(0, 20), inner);
    if (items.length === 1) return `(${items[0]},)`;
    return `(${items.join(", ")}${value.length > 20 ? ", …" : ""})`;
  }
  const name = kindOf(value);
  if (ArrayBuffer.isView(value)) return `${name} of ${value.byteLength} bytes`;
  const entries = Object.entries(value)
    .slice(0, 20)
    .map(([key, item]) => `${show(key)}: ${inner(item)}`);
  return `${name === "Object" ? "" : `${name} `}{${entries.join(", ")}}`;
}

/** The name of an object's class. */
function kindOf(value: object): string {
  const { constructor }: { readonly constructor?: unknown } = value;
  return typeof constructor === "function" && Object.getPrototypeOf(value) !== null ? constructor.name : "Object";
}
