/** Checks of constructor arguments that several layers share, in Keras's words (keras.src.utils.argument_validation). */
import { MobileNetV2Error, show, valueError } from "../core/errors.ts";
import { frozen } from "../core/frozen.ts";
import { fromFile } from "../core/options.ts";
import type { Padding } from "../core/padding.ts";

/** The order of axes that layers support: batch, rows, columns, channels. */
export type DataFormat = "channels_last";

/**
 * A regularizer or a constraint as it is in a Keras config. It has no effect on inference. Training adds the penalties of L1, L2 and L1L2
 * regularizers of trained weights to the loss; it refuses other regularizers and constraints with an UnsupportedError.
 */
export type Serialized = string | Readonly<Record<string, unknown>>;

/**
 * The given boolean, or the default if none is given.
 * @throws ValueError if it is not a boolean.
 */
export function booleanArgument(value: unknown, argument: string, fallback: boolean): boolean {
  const given = value ?? fallback;
  if (typeof given === "boolean") return given;
  throw valueError(`Argument \`${argument}\` must be a boolean. Received: ${argument}=${show(value)}`);
}

/**
 * The given finite number, or the default if none is given.
 * @throws ValueError if it is not a finite number.
 */
export function numberArgument(value: unknown, argument: string, fallback: number): number {
  const given = value ?? fallback;
  if (typeof given === "number" && Number.isFinite(given)) return given;
  throw valueError(`Argument \`${argument}\` must be a finite number. Received: ${argument}=${show(value)}`);
}

/**
 * The given whole number.
 * @throws ValueError if it is not a whole number.
 */
export function integerArgument(value: unknown, argument: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw valueError(`Argument \`${argument}\` must be an integer. Received: ${argument}=${show(value)}`);
}

/**
 * The given axis, or the default if none is given; negative axes count from the end. A list of one axis, as older Keras configs have it,
 * stands for that axis.
 * @throws UnsupportedError for a list of several axes, ValueError if it is not a whole number.
 */
export function axisArgument(value: unknown, fallback: number): number {
  const [axis, ...rest]: readonly unknown[] = Array.isArray(value) ? value : [value ?? fallback];
  if (rest.length === 0) return integerArgument(axis, "axis");
  throw new MobileNetV2Error("UnsupportedError", `Only one axis is supported. Received: axis=${show(value)}`);
}

/**
 * The given seed, or null if the values are to differ from run to run.
 * @throws ValueError if it is neither a whole number nor null.
 */
export function seedArgument(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw valueError(`\`seed\` argument should be an integer. Received: seed=${show(value)}`);
}

/**
 * The given padding mode in lower case, or the default if none is given.
 * @throws ValueError if it is neither `valid` nor `same`.
 */
export function paddingArgument(value: unknown, fallback: Padding = "valid"): Padding {
  const given = value ?? fallback;
  const mode = typeof given === "string" ? given.toLowerCase() : given;
  if (mode === "valid" || mode === "same") return mode;
  throw valueError(
    `The \`padding\` argument must be a list/tuple or one of {'valid', 'same'}. Received: ${show(value)}`,
  );
}

/**
 * Checks that the order of axes is `channels_last`, which is also the default.
 * @throws UnsupportedError for `channels_first`, ValueError for anything else.
 */
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

/**
 * Those of the named regularizers and constraints that were given, unchanged.
 * @throws ValueError if one is neither a name nor an object.
 */
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
    kept[name] = frozen(value);
  }
  return kept;
}

function isSerialized(value: unknown): value is Serialized {
  return typeof value === "string" || Object.prototype.toString.call(value) === "[object Object]";
}

/** Whether the value is an object but not a list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Makes a function that constructs a class from a config of which only one thing is known: it is an object. Every constructor checks the
 * values of its arguments itself; names that it does not know are left to whoever reads the config.
 */
export function fromConfig<Made>(make: new (options: never) => Made): (config: object) => Made {
  return (config) => {
    const made: unknown = Reflect.construct(make, [fromFile(config)]);
    if (made instanceof make) return made;
    throw valueError(`No ${make.name} was made of the config ${show(config)}.`);
  };
}

/** @throws ValueError for `training: true` of a call. */
export function refuseTraining(layer: string, { training }: { readonly training?: boolean | undefined }): void {
  if (training !== true) return;
  throw valueError(
    `Layer '${layer}' cannot be applied with training: true: what a model computes in inference is never random. ` +
      "Leave it out: fit() trains.",
  );
}
