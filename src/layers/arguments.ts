/** Checks of constructor arguments that several layers share; the wording is Keras's (keras.src.utils.argument_validation). */
import { MobileNetV2Error, show, valueError } from "../core/errors.ts";
import { fromFile } from "../core/options.ts";
import type { Padding } from "../core/padding.ts";

/** The only order of axes here: batch, rows, columns, channels. */
export type DataFormat = "channels_last";

/** A regularizer or constraint as Keras writes it. It is kept for the config and has no effect on inference. */
export type Serialized = string | Readonly<Record<string, unknown>>;

/** A boolean, or the default where nothing is given. */
export function booleanArgument(value: unknown, argument: string, fallback: boolean): boolean {
  const given = value ?? fallback;
  if (typeof given === "boolean") return given;
  throw valueError(`Argument \`${argument}\` must be a boolean. Received: ${argument}=${show(value)}`);
}

/** A finite number, or the default where nothing is given. */
export function numberArgument(value: unknown, argument: string, fallback: number): number {
  const given = value ?? fallback;
  if (typeof given === "number" && Number.isFinite(given)) return given;
  throw valueError(`Argument \`${argument}\` must be a finite number. Received: ${argument}=${show(value)}`);
}

/** A whole number. */
export function integerArgument(value: unknown, argument: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw valueError(`Argument \`${argument}\` must be an integer. Received: ${argument}=${show(value)}`);
}

/** An axis, negative ones from the end; a list of one axis, as older Keras configs have it, is that axis. */
export function axisArgument(value: unknown, fallback: number): number {
  const [axis, ...rest]: readonly unknown[] = Array.isArray(value) ? value : [value ?? fallback];
  if (rest.length === 0) return integerArgument(axis, "axis");
  throw new MobileNetV2Error("UnsupportedError", `Only one axis is supported. Received: axis=${show(value)}`);
}

/** A seed: a whole number, or null for another one each time. */
export function seedArgument(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw valueError(`\`seed\` argument should be an integer. Received: seed=${show(value)}`);
}

/** `valid` or `same`, in any case. */
export function paddingArgument(value: unknown, fallback: Padding = "valid"): Padding {
  const given = value ?? fallback;
  const mode = typeof given === "string" ? given.toLowerCase() : given;
  if (mode === "valid" || mode === "same") return mode;
  throw valueError(
    `The \`padding\` argument must be a list/tuple or one of {'valid', 'same'}. Received: ${show(value)}`,
  );
}

/** Refuses every order of axes but `channels_last`. */
export function dataFormatArgument(value: unknown): DataFormat {
  const given = value ?? "channels_last";
  const format = typeof given === "string" ? given.toLowerCase() : given;
  if (format === "channels_last") return format;
  if (format === "channels_first") {
    throw new MobileNetV2Error(
      "UnsupportedError",
      "dataFormat='channels_first' is not supported: tensors are (batch, rows, cols, channels) here. " +
        "Use dataFormat='channels_last' and transpose the data.",
    );
  }
  throw valueError(
    `The \`dataFormat\` argument must be one of {'channels_first', 'channels_last'}. Received: dataFormat=${show(value)}`,
  );
}

/** Those of the named arguments that were given, unchanged. */
export function keptArguments<Name extends string>(
  options: { readonly [name in Name]?: Serialized | null | undefined },
  names: readonly Name[],
): { readonly [name in Name]?: Serialized } {
  const kept: { [name in Name]?: Serialized } = {};
  for (const name of names) {
    const value: unknown = options[name] ?? null;
    if (value === null) continue;
    if (!isSerialized(value)) {
      throw valueError(
        `Argument \`${name}\` must be a name or a serialized object. Received: ${name}=${show(options[name])}`,
      );
    }
    kept[name] = value;
  }
  return kept;
}

function isSerialized(value: unknown): value is Serialized {
  return typeof value === "string" || isRecord(value);
}

/** True for objects that are no lists. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A constructor as a function of a config from outside, of which nothing is known but that it is an object: every constructor
 * checks the values of its arguments itself, and leaves names that it does not know to the reader.
 */
export function fromConfig<Made>(make: new (options: never) => Made): (config: object) => Made {
  return (config) => {
    const made: unknown = Reflect.construct(make, [fromFile(config)]);
    if (made instanceof make) return made;
    throw valueError(`No ${make.name} was made of the config ${show(config)}.`);
  };
}
