/** Options are objects with known names; any other name is refused, as Python refuses unknown keyword arguments. */
import { show, valueError } from "./errors.ts";
import { type Kind, check } from "./kinds.ts";
import { nearNames } from "./nearest.ts";

/** The names of all options of an interface, each with its kind, or true if it is checked elsewhere. The compiler refuses a list that lacks one. */
export type Names<Options> = { readonly [Name in keyof Options]-?: Kind | true };

/** Marks a config that was read from a file. Names in it that are unknown are left to whoever reads the file. */
const FROM_FILE = Symbol("from a file");

/** Copies a config that was read from a file, marked so that `checkOptions` accepts names it does not know. */
export function fromFile(config: object): object {
  return { ...config, [FROM_FILE]: true };
}

/**
 * Checks that an object has all of some values, each of its kind.
 * @throws ValueError for a value that is missing or of another kind, or if it is no object
 */
export function checkAll<Values extends object>(of: string, values: Values, kinds: Names<NoInfer<Values>>): void {
  checkOptions(of, values, kinds);
  for (const [name, kind] of Object.entries<Kind | true>(kinds)) {
    if (kind !== true) check(of, name, Reflect.get(values, name), kind);
  }
}

/**
 * Checks that the options of a call have known names only, and values of their kinds. Options whose value is undefined count as not given.
 *
 * @param of the function or class whose options they are, as callers write it: `fit()`, `Adam`
 * @param options the options that the caller gave
 * @param known the names that exist, with their kinds
 * @throws ValueError for an unknown name (the message suggests the nearest one), a value of another kind, or if the options are no object.
 */
export function checkOptions<Options extends object>(
  of: string,
  options: Options,
  known: Names<NoInfer<Options>>,
): void {
  const given: object = options;
  const names = Object.keys(known);
  // An array, a date, a map or a promise has a tag of its own.
  if (Object.prototype.toString.call(given) !== "[object Object]") {
    throw valueError(`${of} takes its options as an object, { ${names.join(", ")} }. Received: ${show(given)}`);
  }
  const kinds: Readonly<Record<string, Kind | true>> = known;
  for (const [name, value] of Object.entries(given)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (value === undefined || kind === true || (value === null && FROM_FILE in given)) continue;
    if (kind !== undefined) {
      check(of, name, value, kind);
      continue;
    }
    if (FROM_FILE in given) continue;
    const [meant] = nearNames(name, names);
    const all = names.length === 0 ? "There are none." : `There are: ${names.join(", ")}.`;
    const hint = meant === undefined ? all : `Did you mean \`${meant}\`?`;
    throw valueError(`Unknown option \`${show(name)}\` of ${of}. ${hint}`);
  }
}
