/** What an argument may be, checked once at the door of a public function: every such error reads alike. */
import { show, valueError } from "./errors.ts";

/** What an argument may be: the words for it in an error, and the test. */
export type Kind = readonly [words: string, test: (value: unknown) => boolean];

/**
 * Checks an argument of a call.
 *
 * @param of the function or class, as callers write it: `fit()`, `Adam`
 * @throws ValueError if the value is not of the kind
 */
export function check(of: string, name: string, value: unknown, [words, test]: Kind): void {
  if (!test(value)) throw valueError(`\`${name}\` of ${of} must be ${words}. Received: ${name}=${show(value)}`);
}

export const TEXT: Kind = ["a string", (value) => typeof value === "string"];
/** What files are read from. */
export const SOURCE: Kind = [
  "a path, a URL, bytes, a Blob, or a list of files",
  (value) =>
    PLACE[1](value) ||
    value instanceof Blob ||
    (value instanceof Uint8Array && NUMBERS[1](value)) ||
    Object.prototype.toString.call(value) === "[object ArrayBuffer]" ||
    (Array.isArray(value) && Array.from(value).every((one) => one instanceof Blob)),
];
/** The bytes of a file. */
export const BYTES: Kind = ["a Uint8Array", (value) => value instanceof Uint8Array];
/** How much a callback says: true and false count as 1 and 0. */
export const VERBOSE: Kind = [
  "0, 1 or 2",
  (value) => typeof value === "boolean" || value === 0 || value === 1 || value === 2,
];
/** The place of a file: a path or an address. */
export const PLACE: Kind = ["a path or a URL", (value) => typeof value === "string" || value instanceof URL];
export const FLAG: Kind = ["true or false", (value) => typeof value === "boolean"];
export const NUMBER: Kind = ["a finite number", Number.isFinite];
export const ITERABLE: Kind = [
  "a list, or another iterable",
  (value) =>
    value instanceof Object &&
    typeof Reflect.get(value, Symbol.iterator) === "function" &&
    (!ArrayBuffer.isView(value) || value.byteLength > 0),
];
export const LIST: Kind = ["a list", Array.isArray];
export const FUNCTION: Kind = ["a function", (value) => typeof value === "function"];
export const OBJECT: Kind = [
  "an object",
  (value) => typeof value === "object" && value !== null && !ArrayBuffer.isView(value),
];
/** It may come from another realm, as in a test that has a page's globals. */
export const SIGNAL: Kind = [
  "an AbortSignal",
  (value) => OBJECT[1](value) && typeof Reflect.get(Object(value), "throwIfAborted") === "function",
];
/** A limit of bytes or of a count; it need not be whole. */
export const LIMIT: Kind = ["a number of 0 or more", (value) => typeof value === "number" && value >= 0];
/** A list of numbers: an array, or a typed array of anything but BigInt. */
export const NUMBERS: Kind = [
  "a list of numbers",
  (value) =>
    Array.isArray(value)
      ? value.every((one) => typeof one === "number")
      : ArrayBuffer.isView(value) &&
        !(value instanceof DataView) &&
        !Object.prototype.toString.call(value).startsWith("[object Big") &&
        !("detached" in value.buffer && value.buffer.detached),
];

/** A whole number from `least` to `most`. */
export function whole(least: number, most: number = Number.MAX_SAFE_INTEGER): Kind {
  const range = most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `of ${least} to ${most}`;
  return [
    `a whole number ${range}`,
    (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most,
  ];
}

/** The length of a side of pictures; the limit is that of `checkTargetSize`. */
export const PIXELS: Kind = /* @__PURE__ */ whole(1, 2 ** 13);

/** A number from `least` to `most`. */
export function between(least: number, most: number): Kind {
  return [`a number of ${least} to ${most}`, (value) => typeof value === "number" && value >= least && value <= most];
}

/** An array whose items are all of a kind; `words` names it, as in `a list of strings`. */
export function listOf(words: string, [, test]: Kind): Kind {
  // Array.from visits holes too.
  return [words, (value) => Array.isArray(value) && Array.from(value).every(test)];
}

/** One of some values. */
export function oneOf(values: readonly unknown[]): Kind {
  return [`one of ${values.map((value) => JSON.stringify(value)).join(", ")}`, (value) => values.includes(value)];
}

/** An object that is no list. */
export function plainObject(words: string): Kind {
  return [words, (value) => Object.prototype.toString.call(value) === "[object Object]"];
}

/** An instance of a class. */
export function instanceOf(words: string, type: abstract new (...args: never) => unknown): Kind {
  return [words, (value) => value instanceof type];
}

export function orNull([words, test]: Kind): Kind {
  return [`${words}, or null`, (value) => value === null || test(value)];
}

/** A list of names, or of regular expressions, which compile. */
export const PATTERNS: Kind = /* @__PURE__ */ listOf("a list of names or regular expressions", [
  "",
  (value) => {
    try {
      return typeof value === "string" && new RegExp(value) instanceof RegExp;
    } catch {
      return false;
    }
  },
]);

export const TEXTS: Kind = /* @__PURE__ */ listOf("a list of strings", TEXT);

/** The scaling of pixels, of all channels or of each. */
export const PREPROCESSING: Kind = [
  "{ scale, offset } with a finite number or a list of such for each, and no scale of 0",
  (value) =>
    OBJECT[1](value) &&
    ["scale", "offset"].every((name) => {
      const factors: unknown = Reflect.get(Object(value), name);
      const all: unknown = NUMBER[1](factors) ? [factors] : factors;
      return NUMBERS[1](all) && Array.from(all as ArrayLike<number>).every((one) => isFactor(one, name));
    }),
];

/** Pixels are scaled in float32, where the smallest numbers are 0 and the largest are infinite. */
function isFactor(value: number, name: string): boolean {
  const factor = Math.fround(value);
  return Number.isFinite(factor) && (name !== "scale" || factor !== 0);
}

/** A scaling, or its name. */
export const SCALING: Kind = [
  "the name of a scaling, or { scale, offset }",
  (value) => TEXT[1](value) || PREPROCESSING[1](value),
];
