/** The errors of tasks: those about an option say which, and those about a file name it. */
import { MobileNetV2Error, show } from "../core/errors.ts";
import { FUNCTION, check, listOf } from "../core/kinds.ts";
import type { FilesSource } from "../platform/contract.ts";

/** An option in an error message, alone or with its value, as TypeScript writes it: `` `size` `` or `` `size: 96` ``. */
export class NamedOption {
  readonly name: string;
  /** The value; undefined if the message names only the option. */
  readonly value: string | number | boolean | null | undefined;

  constructor(name: string, value?: string | number | boolean | null) {
    this.name = name;
    this.value = value;
  }

  toString(): string {
    return this.value === undefined
      ? `\`${this.name}\``
      : `\`${this.name}: ${typeof this.value === "string" ? JSON.stringify(this.value) : show(this.value)}\``;
  }
}

const PARTS = listOf("a list of strings and options", [
  "",
  (part) => typeof part === "string" || part instanceof NamedOption,
]);

/**
 * A `ValueError` about options. Its message names them as TypeScript writes them, `` `size: 96` ``; a command line or
 * a form, where people write options otherwise, can have the same message with other names.
 */
export class OptionError extends MobileNetV2Error {
  readonly #parts: readonly (string | NamedOption)[];

  constructor(parts: readonly (string | NamedOption)[], options?: ErrorOptions) {
    check("OptionError", "parts", parts, PARTS);
    super("ValueError", parts.join(""), options);
    this.#parts = parts;
  }

  /** The message, with each option written by the function `write`. */
  messageWith(write: (option: NamedOption) => string): string {
    check("messageWith()", "write", write, FUNCTION);
    return this.#parts.map((part) => (typeof part === "string" ? part : write(part))).join("");
  }

  /** The same error with a text before its message. */
  after(text: string): OptionError {
    return new OptionError([text, ...this.#parts], { cause: this });
  }
}

/** An option for `optionError`, with its value unless that is undefined. */
export function option(name: string, value?: string | number | boolean | null): NamedOption {
  return new NamedOption(name, value);
}

/** The tag of a template that makes an error: `` optionError`It is too large. Received: ${option("size", size)}` ``. */
export function optionError(
  texts: TemplateStringsArray,
  ...values: readonly (string | number | NamedOption)[]
): OptionError {
  return new OptionError(
    texts.flatMap((text, i) => {
      const value = values[i];
      return value === undefined ? [text] : [text, typeof value === "number" ? String(value) : value];
    }),
  );
}

/** What a source is called: a path, an address, the name of a `File`; undefined for bytes. */
export function nameOf(source: FilesSource): string | undefined {
  if (typeof source === "string") return source;
  if (source instanceof URL) return source.href;
  return source instanceof Blob && "name" in source ? String(source.name) : undefined;
}

/** The error, or one that names what it is about if the package had only its bytes and could not. */
export function namedError(error: unknown, source: string | undefined): unknown {
  if (!(error instanceof MobileNetV2Error) || source === undefined || error.message.includes(source)) return error;
  if (error instanceof OptionError) return error.after(`${source}: `);
  return new MobileNetV2Error(error.code, `${source}: ${error.message}`, { cause: error });
}
