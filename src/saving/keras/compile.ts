/**
 * Reads how a model was compiled: `compile_config` of `.keras`, `training_config` of `.h5`. Only the form is checked here, and
 * whether we have the classes; objects are made when the model is trained.
 */
import { MobileNetV2Error, show } from "../../core/errors.ts";
import type { Checkpoint, CompileConfig, Described, ObjectDescription, StoredTraining } from "../checkpoint.ts";
import { toSnakeCase } from "../../layers/naming.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { type Json, member, numberOf } from "../bytes/json.ts";
import { camelCase, plain, refuseForeign } from "./arguments.ts";

export const OPTIMIZERS = ["SGD", "RMSprop", "Adam", "AdamW"] as const;
export const SCHEDULES = [
  "CosineDecay",
  "CosineDecayRestarts",
  "ExponentialDecay",
  "InverseTimeDecay",
  "PiecewiseConstantDecay",
  "PolynomialDecay",
] as const;
export const LOSSES = [
  "SparseCategoricalCrossentropy",
  "CategoricalCrossentropy",
  "BinaryCrossentropy",
  "MeanSquaredError",
] as const;
export const METRICS = [
  "BinaryAccuracy",
  "CategoricalAccuracy",
  "SparseCategoricalAccuracy",
  "TopKCategoricalAccuracy",
  "SparseTopKCategoricalAccuracy",
  "Precision",
  "Recall",
  "F1Score",
  "FBetaScore",
  "AUC",
] as const;

/** Names that stand for a loss or a metric in place of an object: `mean_squared_error`, `MeanSquaredError`, `mse`. */
export const LOSS_NAMES: readonly string[] = [...named(LOSSES), "crossentropy", "ce", "mse", "MSE", "bce", "BCE"];
export const METRIC_NAMES: readonly string[] = [...named(METRICS), ...LOSS_NAMES, "accuracy", "acc"].filter(
  (name) => name !== "crossentropy" && name !== "ce",
);

function named(classes: readonly string[]): readonly string[] {
  return classes.flatMap((name) => [name, toSnakeCase(name)]);
}

/** What a checkpoint says of its training: nothing if `read` gives nothing; the reason if we cannot take it up. */
export function trainingOf(
  read: () => Json | undefined,
  variables: StoredTraining["variables"],
): Pick<Checkpoint, "training"> {
  try {
    const json = read();
    // Keras writes an empty object for a model that was not compiled.
    if (!(json instanceof Map) || json.size === 0) return {};
    return { training: { config: configOf(json), variables } };
  } catch (error) {
    if (error instanceof MobileNetV2Error) {
      return {
        training: { refused: `${error.message} Call \`compile()\` to train it; { compile: false } loads it silently.` },
      };
    }
    throw error;
  }
}

function configOf(json: Json): CompileConfig {
  const lossClasses: ReadonlySet<string> = new Set(LOSSES);
  const metricClasses = new Set<string>([...METRICS, ...LOSSES]);
  const metrics = (key: string): Described =>
    described(member(json, key), { kind: "metric", classes: metricClasses, names: METRIC_NAMES });
  return {
    optimizer: optimizerOf(member(json, "optimizer") ?? member(json, "optimizer_config")),
    loss: described(member(json, "loss"), { kind: "loss", classes: lossClasses, names: LOSS_NAMES }),
    lossWeights: weightsOf(member(json, "loss_weights") ?? null),
    metrics: metrics("metrics"),
    weightedMetrics: metrics("weighted_metrics"),
  };
}

function optimizerOf(json: Json | undefined): ObjectDescription {
  const known = { kind: "optimizer", classes: new Set<string>(OPTIMIZERS) };
  // A name alone means an optimizer with its defaults.
  const name = OPTIMIZERS.find((one) => typeof json === "string" && one.toLowerCase() === json.toLowerCase());
  const optimizer = name === undefined ? objectOf(json, known) : { className: name, config: {} };
  const rate = member(member(json, "config"), "learning_rate");
  if (rate instanceof Map) objectOf(rate, { kind: "learning rate schedule", classes: new Set<string>(SCHEDULES) });
  return optimizer;
}

interface Known {
  readonly kind: string;
  readonly classes: ReadonlySet<string>;
}

/** An object whose class we have. */
function objectOf(json: Json | undefined, { kind, classes }: Known): ObjectDescription {
  const given = member(json, "class_name");
  if (typeof given !== "string") throw formatError(`The ${kind} in the file has no \`class_name\`.`);
  // Keras 2 counted its own newer optimizers among custom objects.
  const className = metricOf(json, kind) ?? given.replace(/^Custom>/, "");
  if (!classes.has(className)) throw unknownError(kind, given);
  if (!given.startsWith("Custom>")) refuseForeign(json, `The ${kind}`);
  const config = member(json, "config") ?? new Map<string, Json>();
  if (!(config instanceof Map)) throw formatError(`The \`config\` of the ${kind} should be an object.`);
  const entries = [...config].map(([key, value]): [string, unknown] => [
    // The first versions of Keras called it so.
    key === "lr" ? "learningRate" : camelCase(key),
    plain(value, `the ${kind}`),
  ]);
  return { className, config: Object.fromEntries(entries) };
}

/** The class of a metric that Keras 2 wrote as a wrapper of a function. */
function metricOf(json: Json | undefined, kind: string): string | undefined {
  if (kind !== "metric" || member(json, "class_name") !== "MeanMetricWrapper") return undefined;
  const name = member(member(json, "config"), "fn");
  return METRICS.find((one) => one === name || toSnakeCase(one) === name);
}

function described(json: Json | undefined, known: Known & { readonly names: readonly string[] }): Described {
  if (json === undefined || json === null) return null;
  if (Array.isArray(json)) return json.map((item: Json) => described(item, known));
  if (json instanceof Map) {
    const className = json.get("class_name");
    if (className === undefined) return new Map([...json].map(([name, item]) => [name, described(item, known)]));
    // A function of Keras, by its name.
    const name = className === "function" ? json.get("config") : undefined;
    return name === undefined ? objectOf(json, known) : described(name, known);
  }
  if (typeof json === "string" && known.names.includes(json)) return json;
  throw unknownError(known.kind, json);
}

function weightsOf(json: Json): CompileConfig["lossWeights"] {
  const what = "A weight of a loss";
  if (json === null) return null;
  if (json instanceof Map) return new Map([...json].map(([name, weight]) => [name, numberOf(weight, what)]));
  return (Array.isArray(json) ? json : [json]).map((weight: Json) => numberOf(weight, what));
}

function unknownError(kind: string, name: unknown): MobileNetV2Error {
  return unsupportedError(`There is no ${kind} '${typeof name === "string" ? show(name) : "of that form"}' here.`);
}
