/** Initializers by name or config (keras.src.initializers). */
import { show, valueError } from "../../core/errors.ts";
import { fromConfig, isRecord } from "../arguments.ts";
import { Constant, Identity, Ones, Zeros } from "./constant-initializers.ts";
import { toSnakeCase } from "../naming.ts";
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
import type { Initializer } from "../weight.ts";

/** An initializer as a config has it. */
export interface InitializerConfig {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** What layers take: a name such as `he_normal`, an initializer, or its config. */
export type InitializerIdentifier = string | Initializer | InitializerConfig;

type Make = (config: object) => Initializer;

const CLASSES: readonly (readonly [string, Make])[] = [
  ["Zeros", fromConfig(Zeros)],
  ["Ones", fromConfig(Ones)],
  ["Constant", fromConfig(Constant)],
  ["Identity", fromConfig(Identity)],
  ["RandomUniform", fromConfig(RandomUniform)],
  ["RandomNormal", fromConfig(RandomNormal)],
  ["TruncatedNormal", fromConfig(TruncatedNormal)],
  ["VarianceScaling", fromConfig(VarianceScaling)],
  ["GlorotUniform", fromConfig(GlorotUniform)],
  ["GlorotNormal", fromConfig(GlorotNormal)],
  ["HeUniform", fromConfig(HeUniform)],
  ["HeNormal", fromConfig(HeNormal)],
  ["LecunUniform", fromConfig(LecunUniform)],
  ["LecunNormal", fromConfig(LecunNormal)],
  ["Orthogonal", fromConfig(Orthogonal)],
];

/** Class names, their snake-case forms, and the further names that Keras takes. */
const NAMES: ReadonlyMap<string, Make> = new Map([
  ...CLASSES,
  ...CLASSES.map(([name, make]) => [toSnakeCase(name), make] as const),
  ["zero", fromConfig(Zeros)],
  ["one", fromConfig(Ones)],
  ["uniform", fromConfig(RandomUniform)],
  ["normal", fromConfig(RandomNormal)],
  ["IdentityInitializer", fromConfig(Identity)],
  ["OrthogonalInitializer", fromConfig(Orthogonal)],
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
