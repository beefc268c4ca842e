/** Options are objects with known names; any other name is refused, as Python refuses unknown keyword arguments. */
import { show, valueError } from "./errors.ts";
import { nearNames } from "./nearest.ts";

/** The names of all options of an interface. The compiler refuses a list that lacks one. */
export type Names<Options> = { readonly [Name in keyof Options]-?: true };

/** Marks a config that was read from a file. Names in it that are unknown are left to whoever reads the file. */
const FROM_FILE = Symbol("from a file");

/** Copies a config that was read from a file, marked so that `checkOptions` accepts names it does not know. */
export function fromFile(config: object): object {
  return { ...config, [FROM_FILE]: true };
}

/**
 * Checks that the options of a call have known names only. Options whose value is undefined count as not given.
 *
 * @param of the function or class whose options they are, as callers write it: `fit()`, `Adam`
 * @param options the options that the caller gave
 * @param known the names that exist
 * @throws ValueError for an unknown name (the message suggests the nearest one), or if the options are no object.
 */
export function checkOptions<Options extends object>(
  of: string,
  options: Options,
  known: Names<NoInfer<Options>>,
): void {
  const given: unknown = options;
  const names = Object.keys(known);
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw valueError(`${of} takes its options as an object, { ${names.join(", ")} }. Received: ${show(given)}`);
  }
  if (FROM_FILE in given) return;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || Object.hasOwn(known, name)) continue;
    const [meant] = nearNames(name, names);
    const hint = meant === undefined ? `There are: ${names.join(", ")}.` : `Did you mean \`${meant}\`?`;
    throw valueError(`Unknown option \`${show(name)}\` of ${of}. ${hint}`);
  }
}
