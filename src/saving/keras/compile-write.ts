/** Writes how a model was compiled as Keras does: `compile_config` of `.keras` with the optimizer's variables, and `training_config` of `.h5`. */
import type { CompileConfig, Described, ObjectDescription, SavedTraining } from "../checkpoint.ts";
import type { GroupSpec } from "../hdf5/write.ts";
import { show } from "../../core/errors.ts";
import { isList, isNamed, isObjectDescription } from "../described.ts";
import { unsupportedError } from "../file-errors.ts";
import { LOSSES } from "./compile.ts";
import { type JsonObject, type JsonValue, snakeCase } from "./config-write.ts";

/** In Keras 3's own form, objects name the module of Keras that they are of; in the legacy form they do not. */
type Form = "keras 3" | "legacy";

/** The other arguments of Keras's `compile`, with their defaults. */
const OTHERS: JsonObject = { run_eagerly: false, steps_per_execution: 1, jit_compile: "auto" };

export function kerasCompileConfig(config: CompileConfig): JsonObject {
  return { optimizer: objectOf(config.optimizer, "keras.optimizers", "keras 3"), ...objectives(config, "keras 3") };
}

/** The config in Keras's legacy form, which Keras 2 reads as well. */
export function kerasTrainingConfig(config: CompileConfig): JsonObject {
  return { ...objectives(config, "legacy"), optimizer_config: objectOf(config.optimizer, "", "legacy") };
}

function objectives({ loss, lossWeights, metrics, weightedMetrics }: CompileConfig, form: Form): JsonObject {
  return {
    loss: described(loss, "keras.losses", form),
    loss_weights: isNamed(lossWeights) ? Object.fromEntries(lossWeights) : lossWeights,
    metrics: described(metrics, "keras.metrics", form),
    weighted_metrics: described(weightedMetrics, "keras.metrics", form),
    ...OTHERS,
  };
}

function described(value: Described, module: string, form: Form): JsonValue {
  if (value === null || typeof value === "string") return value;
  if (isList(value)) return value.map((item) => described(item, module, form));
  if (isNamed(value)) {
    return Object.fromEntries([...value].map(([name, item]) => [name, described(item, module, form)]));
  }
  return objectOf(value, module, form);
}

function objectOf({ className, config }: ObjectDescription, module: string, form: Form): JsonObject {
  const entries = Object.entries(config)
    // The metric of a loss is the mean over samples, whatever the loss itself makes of them.
    .filter(([key]) => !(key === "reduction" && module === "keras.metrics" && LOSSES.some((one) => one === className)))
    .map(([key, value]) => [argumentName(key), valueOf(value, key)] as const)
    // Keras 2 refuses arguments that are newer than itself, even if they say nothing.
    .filter(([, value]) => value !== null || form === "keras 3");
  const object = { class_name: className, config: Object.fromEntries(entries) };
  return form === "legacy" ? object : { module, ...object, registered_name: null };
}

/** `beta1` → `beta_1`. */
function argumentName(key: string): string {
  return snakeCase(key).replace(/^(beta)(\d)$/, "$1_$2");
}

function valueOf(value: unknown, key: string): JsonValue {
  if (value === undefined || value === null) return null;
  if (typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => valueOf(item, key));
  // The one argument that is an object; Keras wants its module in the legacy format too.
  if (isObjectDescription(value)) return objectOf(value, "keras.optimizers.schedules", "keras 3");
  throw unsupportedError(`A config cannot hold the argument ${key} of what trains: it is ${show(value)}.`);
}

/** `optimizer/vars/0`, `1`, …, as in `model.weights.h5`. */
export function putOptimizer(root: GroupSpec, { config, variables }: SavedTraining): void {
  const vars = root.groupAt("optimizer/vars");
  const { name } = config.optimizer.config;
  if (typeof name === "string") vars.attributes.set("name", name);
  for (const [i, { value }] of variables.entries()) vars.members.set(String(i), value);
}
