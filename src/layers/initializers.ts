/** Initializers by name or config (keras.src.initializers). */
import { valueError } from "../core/errors.ts";
import { isRecord, show } from "./arguments.ts";
import { Constant, Identity, Ones, Zeros } from "./constant-initializers.ts";
import { toSnakeCase } from "./naming.ts";
import {
  GlorotNormal,
  GlorotUniform,
  HeNormal,
  HeUniform,
  LecunNormal,
  LecunUniform,
  Orthogonal,
  RandomNormal,
  RandomUniform,
  TruncatedNormal,
  VarianceScaling,
} from "./random-initializers.ts";
import type { Initializer } from "./weight.ts";

/** An initializer as a config has it. */
export interface InitializerConfig {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** What layers take: a name such as `he_normal`, an initializer, or its config. */
export type InitializerIdentifier = string | Initializer | InitializerConfig;

type Make = (config: Readonly<Record<string, unknown>>) => Initializer;

/** A constructor as a function of a config from outside: every constructor checks the values of its arguments itself. */
function from<Options>(make: new (options: Options) => Initializer): Make {
  const isOptions = (config: unknown): config is Options => typeof config === "object" && config !== null;
  return (config) => {
    if (!isOptions(config)) throw valueError(`Could not interpret initializer identifier: ${show(config)}`);
    return new make(config);
  };
}

const CLASSES: readonly (readonly [string, Make])[] = [
  ["Zeros", from(Zeros)],
  ["Ones", from(Ones)],
  ["Constant", from(Constant)],
  ["Identity", from(Identity)],
  ["RandomUniform", from(RandomUniform)],
  ["RandomNormal", from(RandomNormal)],
  ["TruncatedNormal", from(TruncatedNormal)],
  ["VarianceScaling", from(VarianceScaling)],
  ["GlorotUniform", from(GlorotUniform)],
  ["GlorotNormal", from(GlorotNormal)],
  ["HeUniform", from(HeUniform)],
  ["HeNormal", from(HeNormal)],
  ["LecunUniform", from(LecunUniform)],
  ["LecunNormal", from(LecunNormal)],
  ["Orthogonal", from(Orthogonal)],
];

/** Class names, their snake-case forms, and the further names that Keras takes. */
const NAMES: ReadonlyMap<string, Make> = new Map([
  ...CLASSES,
  ...CLASSES.map(([name, make]) => [toSnakeCase(name), make] as const),
  ["zero", from(Zeros)],
  ["one", from(Ones)],
  ["uniform", from(RandomUniform)],
  ["normal", from(RandomNormal)],
  ["IdentityInitializer", from(Identity)],
  ["OrthogonalInitializer", from(Orthogonal)],
]);

/** The initializer of that name, of that config, or the one given. @throws ValueError for an unknown one. */
export function initializerOf(value: InitializerIdentifier): Initializer {
  const given: unknown = value;
  if (isInitializer(given)) return given;
  const name = typeof given === "string" ? given : isRecord(given) ? given.className : undefined;
  const make = typeof name === "string" ? NAMES.get(name) : undefined;
  const config = isRecord(given) ? (given.config ?? {}) : {};
  if (make === undefined || !isRecord(config)) {
    throw valueError(`Could not interpret initializer identifier: ${show(given)}`);
  }
  return make(config);
}

/** The config of an initializer, as `initializerOf` takes it. */
export function initializerConfig(initializer: Initializer): InitializerConfig {
  return { className: initializer.className, config: initializer.getConfig() };
}

function isInitializer(value: unknown): value is Initializer {
  return isRecord(value) && typeof value.initialize === "function" && typeof value.getConfig === "function";
}
