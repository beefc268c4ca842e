/**
 * JSON (RFC 8259) from files that nobody vouches for: depth, size and count are bounded, objects are Maps (so that `__proto__`
 * is a key like any other), and a key that stands twice is an error. Also the object literals that minifiers make of JSON;
 * they are read, never run.
 */
import { MobileNetV2Error } from "../../core/errors.ts";
import { formatError } from "../file-errors.ts";

export type Json = null | boolean | number | string | readonly Json[] | ReadonlyMap<string, Json>;

const MAX_BYTES = 32 * 2 ** 20;
const MAX_DEPTH = 100;
const MAX_VALUES = 500_000;

/** Parses a whole file; a byte-order mark is skipped. @throws FormatError, LimitError */
export function parseJson(bytes: Uint8Array): Json {
  const parser = new Parser(textOf(bytes), 0, false);
  const value = parser.value(0);
  parser.end();
  return value;
}

/**
 * Parses the literal that begins at `start` of a JavaScript text, up to its end: JSON with names as keys, single quotes,
 * `!0` and `!1` for true and false, and numbers such as `.5`.
 */
export function parseLiteral(text: string, start: number): Json {
  return new Parser(text, start, true).value(0);
}

/** UTF-8 text of a bounded size. */
export function textOf(bytes: Uint8Array): string {
  if (bytes.length > MAX_BYTES) {
    throw new MobileNetV2Error(
      "LimitError",
      `A description of ${bytes.length} bytes is too large; at most ${MAX_BYTES} are read.`,
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw formatError("The text is not UTF-8.", { cause: error });
  }
}

/** The value under a key; undefined if there is none, or if `object` is no object. */
export function member(object: Json | undefined, key: string): Json | undefined {
  return object instanceof Map ? object.get(key) : undefined;
}

/** The values of an array. @throws FormatError, naming `what`, if it is none. */
export function arrayOf(value: Json | undefined, what: string): readonly Json[] {
  if (Array.isArray(value)) return value;
  throw formatError(`${what} should be a list.`);
}

/** A text. @throws FormatError, naming `what`, if it is none. */
export function stringOf(value: Json | undefined, what: string): string {
  if (typeof value === "string") return value;
  throw formatError(`${what} should be a text.`);
}

/** A finite number. @throws FormatError, naming `what`, if it is none. */
export function numberOf(value: Json | undefined, what: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw formatError(`${what} should be a finite number.`);
}

/** Characters that stand in a text as they are. */
// oxlint-disable-next-line no-control-regex -- they are what JSON has no text of
const PLAIN = /[^"'\\\0-\x1f]*/y;
/** Characters that do not: escapes, and control characters, which JSON forbids. */
// oxlint-disable-next-line no-control-regex -- as above
const SPECIAL = /[\\\0-\x1f]/;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERAL_NUMBER = /-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z_$][\w$]*/y;
const LITERAL_WORD = /![01]|[A-Za-z_$][\w$]*/y;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["/", "/"],
  ["\\", "\\"],
  ['"', '"'],
  ["'", "'"],
]);

class Parser {
  readonly #text: string;
  readonly #javascript: boolean;
  #at: number;
  #values = 0;

  constructor(text: string, start: number, javascript: boolean) {
    this.#text = text;
    this.#at = start;
    this.#javascript = javascript;
  }

  value(depth: number): Json {
    if (depth > MAX_DEPTH) throw formatError(`The JSON is nested more than ${MAX_DEPTH} levels deep.`);
    if (++this.#values > MAX_VALUES) {
      throw new MobileNetV2Error("LimitError", `The JSON has more than ${MAX_VALUES} values.`);
    }
    this.#skipSpace();
    const next = this.#text[this.#at];
    if (next === "{") return this.#object(depth);
    if (next === "[") return this.#array(depth);
    if (this.#isQuote(next)) return this.#string();
    const word = this.#match(this.#javascript ? LITERAL_WORD : WORD);
    if (word === "true" || word === "!0") return true;
    if (word === "false" || word === "!1") return false;
    if (word === "null") return null;
    const number = word === "" ? this.#match(this.#javascript ? LITERAL_NUMBER : NUMBER) : "";
    if (number === "") throw this.#unexpected();
    return Number(number);
  }

  /** @throws FormatError if more than space follows. */
  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#unexpected();
  }

  #object(depth: number): Json {
    const members = new Map<string, Json>();
    this.#at++;
    if (this.#take("}")) return members;
    do {
      this.#skipSpace();
      const key = this.#key();
      if (members.has(key)) throw formatError(`The JSON has the key ${JSON.stringify(key.slice(0, 80))} twice.`);
      if (!this.#take(":")) throw this.#unexpected();
      members.set(key, this.value(depth + 1));
    } while (this.#take(","));
    if (!this.#take("}")) throw this.#unexpected();
    return members;
  }

  #array(depth: number): Json {
    const items: Json[] = [];
    this.#at++;
    if (this.#take("]")) return items;
    do items.push(this.value(depth + 1));
    while (this.#take(","));
    if (!this.#take("]")) throw this.#unexpected();
    return items;
  }

  #key(): string {
    if (this.#isQuote(this.#text[this.#at])) return this.#string();
    const word = this.#javascript ? this.#match(WORD) : "";
    if (word === "") throw this.#unexpected();
    return word;
  }

  #isQuote(character: string | undefined): boolean {
    return character === '"' || (this.#javascript && character === "'");
  }

  #string(): string {
    const quote = this.#text[this.#at++] ?? "";
    // Most texts have nothing special in them: their ends are found natively, in a fraction of the time.
    const plain = this.#text.slice(this.#at, this.#text.indexOf(quote, this.#at));
    if (this.#text[this.#at + plain.length] === quote && !SPECIAL.test(plain)) {
      this.#at += plain.length + 1;
      return plain;
    }
    let value = "";
    for (;;) {
      value += this.#match(PLAIN);
      const character = this.#text[this.#at];
      if (character === undefined || character < " ") throw this.#unexpected();
      this.#at++;
      if (character === quote) return value;
      value += character === "\\" ? this.#escape() : character;
    }
  }

  #escape(): string {
    const character = this.#text[this.#at] ?? "";
    if (character === "u" && /^[0-9a-fA-F]{4}$/.test(this.#text.slice(this.#at + 1, this.#at + 5))) {
      this.#at += 5;
      return String.fromCharCode(Number.parseInt(this.#text.slice(this.#at - 4, this.#at), 16));
    }
    const value = ESCAPES.get(character);
    if (value === undefined || (character === "'" && !this.#javascript)) throw this.#unexpected();
    this.#at++;
    return value;
  }

  /** Steps over space and then over `character`; false if another comes. */
  #take(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [match = ""] = pattern.exec(this.#text) ?? [];
    this.#at += match.length;
    return match;
  }

  #unexpected(): MobileNetV2Error {
    const found = this.#text[this.#at];
    return formatError(
      found === undefined
        ? "The JSON ends early."
        : `The JSON is broken at character ${this.#at}: ${JSON.stringify(found)} does not belong there.`,
    );
  }
}
