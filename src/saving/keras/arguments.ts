/** Makes the arguments that our layers take of a layer's config as Keras writes it: names in camelCase, old spellings made new. */
import { show } from "../../core/errors.ts";
import type { LayerConfig } from "../../layers/layer.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { type Json, member } from "../bytes/json.ts";

/** Arguments that Keras 2 wrote into the configs of a class for which they mean nothing. */
const WITHOUT_MEANING: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  // They are inherited from Conv2D. The groups are always the channels.
  ["DepthwiseConv2D", new Set(["groups", "filters", "kernel_initializer", "kernel_regularizer", "kernel_constraint"])],
]);

/** Computation in other types than float32 is taken for float32; only integers mean something else. */
const FLOAT_POLICY = /^(?:mixed_)?b?float(?:16|32|64)$/;

/** @throws FormatError, UnsupportedError */
export function argumentsOf(className: string, config: Json | undefined, what: string): LayerConfig {
  if (!(config instanceof Map)) throw formatError(`The \`config\` of ${what} should be an object.`);
  const meaningless = WITHOUT_MEANING.get(className);
  const entries: [string, unknown][] = [];
  for (const [key, value] of config) {
    if (key === "dtype") checkPolicy(className, value, what);
    else if (key === "batch_input_shape" || key === "input_shape") {
      // In any other layer it is the shape of the model's input, which the model has already.
      if (className === "InputLayer") entries.push(["batchShape", plain(value, what)]);
    } else if (key !== "shared_object_id" && meaningless?.has(key) !== true) {
      entries.push([camelCase(key), plain(value, what)]);
    }
  }
  return Object.fromEntries(entries);
}

/** @throws UnsupportedError if an object is not one of Keras itself: what it does is code that the file does not have. */
export function refuseForeign(item: Json | undefined, what: string): void {
  const module = member(item, "module") ?? null;
  const registered = member(item, "registered_name") ?? null;
  const className = member(item, "class_name");
  const ours =
    module === null || (typeof module === "string" && /^(?:tf_)?keras(?:\.|$)|^tensorflow\.keras\./.test(module));
  if (ours && (registered === null || registered === className)) return;
  const name = ours ? registered : `${show(module)}.${show(className)}`;
  throw unsupportedError(
    `${what} is a custom object, '${show(name)}': its code is not in the file. Read are the layers of Keras itself.`,
  );
}

function checkPolicy(className: string, value: Json, what: string): void {
  if (className === "InputLayer" || value === null) return;
  const name = typeof value === "string" ? value : member(member(value, "config"), "name");
  if (typeof name === "string" && FLOAT_POLICY.test(name)) return;
  throw unsupportedError(
    `${what} has the dtype policy ${typeof name === "string" ? show(name) : "of an unknown kind"}, which is not read. ` +
      "Read are models whose layers compute in floats.",
  );
}

/** A value of a config as plain lists, texts and numbers; objects keep their classes. */
export function plain(value: Json, what: string): unknown {
  if (Array.isArray(value)) return value.map((item) => plain(item, what));
  if (!(value instanceof Map)) return value;
  const className = value.get("class_name");
  if (typeof className !== "string") {
    return Object.fromEntries([...value].map(([key, item]) => [camelCase(key), plain(item, what)]));
  }
  const config = value.get("config") ?? null;
  // Later versions of Keras 2 wrote activations so.
  if (className === "function" && typeof config === "string" && value.get("module") === "builtins") return config;
  refuseForeign(value, `An argument of ${what}`);
  return { className, config: plain(wholeSeed(config) ?? new Map(), what) };
}

/** TF.js takes any number as an initializer's seed, and Teachable Machine gives 3.14. */
function wholeSeed(config: Json): Json {
  if (!(config instanceof Map)) return config;
  const seed = config.get("seed");
  return typeof seed === "number" && !Number.isInteger(seed) ? new Map(config).set("seed", Math.trunc(seed)) : config;
}

/** `use_bias` → `useBias`. */
export function camelCase(key: string): string {
  return key.replaceAll(/_([a-z\d])/g, (_, letter: string) => letter.toUpperCase());
}
