/** Options are objects of known names: others are refused, as Python refuses keyword arguments that a function has not. */
import { show, valueError } from "./errors.ts";
import { nearNames } from "./nearest.ts";

/** Every name of an interface. The compiler refuses a list that has one too few. */
export type Names<Options> = { readonly [Name in keyof Options]-?: true };

/** Marks options that a file has written: what is unknown in them is for its reader to judge. */
const FROM_FILE = Symbol("from a file");

/** A copy of a config that was read from a file; `checkOptions` lets it pass. */
export function fromFile(config: object): object {
  return { ...config, [FROM_FILE]: true };
}

/**
 * Holds what a caller gave against the names that there are; a name without a value was not given.
 *
 * @param of whose options they are, as callers write it: `fit()`, `Adam`
 * @throws ValueError for a name that there is not, with the nearest one, and for what is no object.
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
