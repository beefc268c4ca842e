/** How options are called on the command line, in messages of the tasks, which name them as TypeScript writes them. */
import { messageOf } from "../../core/errors.ts";
import { type NamedOption, OptionError } from "../../tasks/errors.ts";

/** Options that have another name here. */
const OTHERWISE: Readonly<Record<string, string>> = { cropAs: "recipe" };

/** A message with options as they are typed: `--size 96` for `size: 96`. */
export function messageAsTyped(error: unknown): string {
  return error instanceof OptionError ? error.messageWith(typedOption) : messageOf(error);
}

/** `--crop 96`, `--fine-tune-from`, `--no-top` for false, `--weights none` for null. */
function typedOption({ name, value }: NamedOption): string {
  const option = optionName(OTHERWISE[name] ?? name);
  if (value === undefined || value === true) return option;
  return value === false ? option.replace("--", "--no-") : `${option} ${value ?? "none"}`;
}

/** `--fine-tune-from` for `fineTuneFrom`. */
export function optionName(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
