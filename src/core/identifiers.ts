/** The error of a name that `keras.losses.get` and its like cannot interpret: in Keras's words, then with the names that there are. */
import { type MobileNetV2Error, show, valueError } from "./errors.ts";
import { nearNames } from "./nearest.ts";

/** @param what what the name was to be of, as Keras says it: `loss`, `activation function` */
export function unknownIdentifier(what: string, given: unknown, names: readonly string[]): MobileNetV2Error {
  const [meant] = typeof given === "string" ? nearNames(given, names) : [];
  const hint = meant === undefined ? "" : ` Did you mean ${JSON.stringify(meant)}?`;
  return valueError(`Could not interpret ${what} identifier: ${show(given)}.${hint} There are: ${names.join(", ")}.`);
}

/** The names of a table that are in snake case: each thing is to be named once. */
export function snakeCaseNames(table: object): readonly string[] {
  return Object.keys(table).filter((name) => /^[a-z\d]+(?:_[a-z\d]+)*$/.test(name));
}
