/**
 * Finds what a state dict does not say of its network: the defaults of its package, what the `config.json` and
 * `preprocessor_config.json` of a model hub say beside the weights, and what we write into the metadata of safetensors.
 */
import { show } from "../../core/errors.ts";
import { type ActivationName, activationName } from "../../layers/activations/activations.ts";
import type { FileSource, Preprocessing } from "../checkpoint.ts";
import { numbersOf, preprocessingOf, textsOf } from "../extras.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { type Json, arrayOf, member, numberOf, parseJson, stringOf } from "../bytes/json.ts";
import type { Naming } from "./names.ts";
import type { StridedPadding, Traits } from "./parts.ts";

export interface Surroundings {
  readonly traits: Traits;
  readonly outputStride: number;
  readonly classNames: readonly string[] | undefined;
  readonly preprocessing: Preprocessing | undefined;
}

const MAX_SIZE = 65_536;
const MAX_CLASSES = 1_000_000;

/** torchvision.models.mobilenet_v2: torch's own BatchNorm2d, and a Dropout of 0.2. */
const TORCHVISION: Traits = {
  size: [null, null],
  padding: "symmetric",
  epsilon: 1e-5,
  momentum: 0.9,
  maxValue: 6,
  dropout: 0.2,
  activation: "linear",
};

/** The traits of each package's networks unless something says otherwise. */
export const DEFAULTS: Readonly<Record<Naming["id"], Traits>> = {
  torchvision: TORCHVISION,
  timm: { ...TORCHVISION, dropout: 0 },
  huggingface: { ...TORCHVISION, size: [224, 224], padding: "same", epsilon: 1e-3, momentum: 0.997, dropout: 0.8 },
};

/** ImageNet's mean and deviation, by which torchvision and timm scale. Hugging Face's processor scales to ±1, as Google and Keras do. */
const IMAGENET_MEAN = [0.485, 0.456, 0.406];
const IMAGENET_STD = [0.229, 0.224, 0.225];
const PIXEL = 1 / 255;

/** The key of the metadata of safetensors that says in JSON what their naming leaves open. */
export const TRAITS_KEY = "mobilenet-v2";

/**
 * All that is known of a network beside its state dict: what we wrote ourselves, else what a hub's files say, else the defaults.
 * @throws FormatError if such a file is broken, UnsupportedError if it asks for something that we do not have.
 */
export async function surroundingsOf(
  naming: Naming,
  colors: number,
  source: FileSource,
  metadata: ReadonlyMap<string, string>,
): Promise<Surroundings> {
  const defaults: Surroundings = {
    traits: DEFAULTS[naming.id],
    outputStride: 32,
    classNames: undefined,
    preprocessing:
      naming.id === "huggingface" ? undefined : byMeanAndDeviation(colors, PIXEL, IMAGENET_MEAN, IMAGENET_STD),
  };
  const ours = metadata.get(TRAITS_KEY);
  if (ours !== undefined) return writtenByUs(parseText(ours), defaults);
  const config = await jsonBeside(source, "config.json");
  if (naming.id === "huggingface" && member(config, "model_type") === "mobilenet_v2") {
    return huggingfaceConfig(config, await jsonBeside(source, "preprocessor_config.json"), colors, defaults);
  }
  const architecture = member(config, "architecture");
  if (naming.id === "timm" && typeof architecture === "string" && architecture.startsWith("mobilenetv2_")) {
    return timmConfig(config, colors, defaults);
  }
  return defaults;
}

async function jsonBeside(source: FileSource, name: string): Promise<Json | undefined> {
  const bytes = await source.sibling(name);
  return bytes === undefined ? undefined : parseJson(bytes);
}

/** What the configs of transformers.MobileNetV2Config and MobileNetV2ImageProcessor say. */
function huggingfaceConfig(
  config: Json | undefined,
  processor: Json | undefined,
  colors: number,
  { traits, classNames }: Surroundings,
): Surroundings {
  const hidden = stringOf(member(config, "hidden_act") ?? "relu6", "`hidden_act` of config.json");
  if (hidden !== "relu6" && hidden !== "relu") {
    throw unsupportedError(`config.json asks for the activation '${show(hidden)}'. Known are relu6 and relu.`);
  }
  const outputStride = optionalNumber(config, "output_stride", 32);
  if (![8, 16, 32].includes(outputStride)) {
    throw unsupportedError(`config.json asks for an output_stride of ${outputStride}. Known are 8, 16 and 32.`);
  }
  const size = member(config, "image_size");
  return {
    traits: {
      ...traits,
      size: size === undefined ? traits.size : sizeOf(size, "`image_size` of config.json"),
      padding: member(config, "tf_padding") === false ? "symmetric" : "same",
      epsilon: optionalNumber(config, "layer_norm_eps", traits.epsilon),
      maxValue: hidden === "relu6" ? 6 : null,
      dropout: optionalNumber(config, "classifier_dropout_prob", traits.dropout),
    },
    outputStride,
    classNames: labelsById(member(config, "id2label")) ?? classNames,
    preprocessing: processor === undefined ? undefined : huggingfaceProcessor(processor, colors),
  };
}

function huggingfaceProcessor(processor: Json, colors: number): Preprocessing | undefined {
  const factor = member(processor, "do_rescale") === false ? 1 : optionalNumber(processor, "rescale_factor", PIXEL);
  const normalizes = member(processor, "do_normalize") !== false;
  const numbers = (key: string): readonly number[] => {
    const list = member(processor, key);
    return list === undefined ? [0.5] : numbersOf(list, `\`${key}\` of preprocessor_config.json`);
  };
  return normalizes
    ? byMeanAndDeviation(colors, factor, numbers("image_mean"), numbers("image_std"))
    : byMeanAndDeviation(colors, factor, [0], [1]);
}

const INPUT_SIZE = "`input_size` of config.json";

/** What the config that `timm.models.push_to_hf_hub` writes says. */
function timmConfig(config: Json | undefined, colors: number, { traits, ...others }: Surroundings): Surroundings {
  const pretrained = member(config, "pretrained_cfg");
  const args = member(config, "model_args");
  const size = member(pretrained, "input_size");
  const list = (key: string, fallback: readonly number[]): readonly number[] => {
    const given = member(pretrained, key);
    return given === undefined ? fallback : numbersOf(given, `\`${key}\` of config.json`);
  };
  const names = member(config, "label_names");
  const isTensorflows = member(args, "bn_tf") === true;
  return {
    ...others,
    traits: {
      ...traits,
      size: size === undefined ? traits.size : sizeOf(arrayOf(size, INPUT_SIZE).slice(1), INPUT_SIZE),
      padding: timmPadding(member(args, "pad_type")),
      epsilon: optionalNumber(args, "bn_eps", isTensorflows ? 1e-3 : traits.epsilon),
      dropout: optionalNumber(args, "drop_rate", traits.dropout),
    },
    classNames: names === undefined ? undefined : textsOf(names, "`label_names` of config.json"),
    preprocessing: byMeanAndDeviation(colors, PIXEL, list("mean", IMAGENET_MEAN), list("std", IMAGENET_STD)),
  };
}

function timmPadding(value: Json | undefined): StridedPadding {
  const padding = value ?? "";
  if (padding === "same") return "same";
  if (padding === "") return "symmetric";
  throw unsupportedError(`config.json asks for the pad_type '${show(padding)}'. Known are '' and 'same'.`);
}

/** pixel × factor, minus the mean, by the deviation; undefined if that is what Keras does. */
function byMeanAndDeviation(
  colors: number,
  factor: number,
  mean: readonly number[],
  deviation: readonly number[],
): Preprocessing | undefined {
  const lengths = [1, colors];
  if (!lengths.includes(mean.length) || !lengths.includes(deviation.length)) {
    // Packages have no numbers for pictures of other channels than three.
    return { scale: factor, offset: 0 };
  }
  const channels = mean.length === 1 && deviation.length === 1 ? 1 : colors;
  const at = (list: readonly number[], i: number): number => list[list.length === 1 ? 0 : i] ?? NaN;
  const scale = Array.from({ length: channels }, (_, i) => factor / at(deviation, i));
  const offset = Array.from({ length: channels }, (_, i) => -at(mean, i) / at(deviation, i));
  if (![...scale, ...offset].every((value) => Number.isFinite(value))) {
    throw formatError("The mean and the deviation of the pictures make no finite numbers.");
  }
  const isKeras = scale.every((value) => Math.abs(value * 127.5 - 1) < 1e-6) && offset.every((value) => value === -1);
  return isKeras ? undefined : { scale, offset };
}

/** What the text of `traitsText` says. */
function writtenByUs(json: Json, defaults: Surroundings): Surroundings {
  const padding = member(json, "padding");
  if (padding !== "same" && padding !== "symmetric") {
    throw formatError(`The '${TRAITS_KEY}' metadata has the padding ${show(padding)}: 'same' or 'symmetric'.`);
  }
  const { traits } = defaults;
  const names = member(json, "classNames");
  const preprocessing = member(json, "preprocessing");
  const maxValue = member(json, "maxValue");
  const size = member(json, "size");
  return {
    traits: {
      size: size === undefined ? traits.size : sizeOf(size, "The size of the pictures"),
      padding,
      epsilon: optionalNumber(json, "epsilon", traits.epsilon),
      momentum: optionalNumber(json, "momentum", traits.momentum),
      maxValue: maxValue === null ? null : numberOf(maxValue ?? traits.maxValue ?? 6, "The cap of the activations"),
      dropout: optionalNumber(json, "dropout", traits.dropout),
      activation: activationOf(member(json, "activation")),
    },
    outputStride: optionalNumber(json, "outputStride", 32),
    classNames: names === undefined ? undefined : textsOf(names, "The class names"),
    preprocessing: preprocessing === undefined ? undefined : preprocessingOf(preprocessing),
  };
}

function activationOf(value: Json | undefined): ActivationName {
  return activationName(value === undefined ? "linear" : stringOf(value, "The activation of the classifier"));
}

/** The JSON of what a naming leaves open, for the metadata. */
export function traitsText({ traits, outputStride, classNames, preprocessing }: Surroundings): string {
  const { size, ...others } = traits;
  return JSON.stringify({
    ...(size.includes(null) ? {} : { size }),
    ...others,
    outputStride,
    classNames,
    preprocessing,
  });
}

function optionalNumber(json: Json | undefined, key: string, fallback: number): number {
  const value = member(json, key) ?? null;
  if (value === null) return fallback;
  const number = numberOf(value, `\`${key}\``);
  if (number < 0) throw formatError(`\`${key}\` should be 0 or more; it is ${number}.`);
  return number;
}

/** Rows and columns, from one number or a pair. */
function sizeOf(value: Json, what: string): readonly [number, number] {
  const [rows, cols, ...rest] = typeof value === "number" ? [value, value] : arrayOf(value, what);
  const fits = (axis: Json | undefined): axis is number =>
    typeof axis === "number" && Number.isSafeInteger(axis) && axis > 0 && axis <= MAX_SIZE;
  if (fits(rows) && fits(cols) && rest.length === 0) return [rows, cols];
  throw formatError(`${what} should be rows and columns from 1 to ${MAX_SIZE}; it is ${show(value)}.`);
}

/** Hugging Face's labels, an object with the keys `"0"`, `"1"`, …; undefined if it is none, or has only made-up names. */
function labelsById(value: Json | undefined): readonly string[] | undefined {
  if (!(value instanceof Map) || value.size === 0 || value.size > MAX_CLASSES) return undefined;
  const names: string[] = [];
  for (let i = 0; i < value.size; i++) {
    const name: Json | undefined = value.get(String(i));
    if (typeof name !== "string") return undefined;
    names.push(name);
  }
  return names.every((name, i) => name === `LABEL_${i}`) ? undefined : names;
}

function parseText(text: string): Json {
  return parseJson(new TextEncoder().encode(text));
}
