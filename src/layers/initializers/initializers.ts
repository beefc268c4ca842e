/** Finds initializers by name or config (keras.src.initializers). */
import { unknownIdentifier } from "../../core/identifiers.ts";
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

/** An initializer as it is in a config. */
export interface InitializerConfig {
  /** The name of its class, such as `HeNormal`. */
  readonly className: string;
  /** The arguments of its constructor. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** What layers accept as an initializer: a name such as `he_normal`, an initializer, or its config. */
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

/** The class names, their snake-case forms, and the other names that Keras takes. */
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

/**
 * The initializer with this name or config, or the initializer itself.
 * @throws ValueError for an unknown one.
 */
export function initializerOf(value: InitializerIdentifier): Initializer {
  const given: unknown = value;
  if (isInitializer(given)) return given;
  const name = typeof given === "string" ? given : isRecord(given) ? given.className : undefined;
  const make = typeof name === "string" ? NAMES.get(name) : undefined;
  const config = isRecord(given) ? (given.config ?? {}) : {};
  if (make === undefined || !isRecord(config)) {
    throw unknownIdentifier(
      "initializer",
      given,
      CLASSES.map(([known]) => toSnakeCase(known)),
    );
  }
  return make(config);
}

/** The config of an initializer, which `initializerOf` turns back into it. */
export function initializerConfig(initializer: Initializer): InitializerConfig {
  return { className: initializer.className, config: initializer.getConfig() };
}

function isInitializer(value: unknown): value is Initializer {
  return isRecord(value) && typeof value.initialize === "function" && typeof value.getConfig === "function";
}
