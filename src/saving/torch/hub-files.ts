/**
 * The files that a model hub has beside `model.safetensors`, so that `from_pretrained(folder)` of transformers and
 * `timm.create_model("local-dir:folder")` find a whole model.
 */
import type { Tensor } from "../../core/tensor.ts";
import type { Preprocessing, WrittenFile } from "../checkpoint.ts";
import type { BlockPlace, Naming } from "./names.ts";
import { type MobileNet, STAGES } from "./parts.ts";
import type { Surroundings } from "./traits.ts";

type Net = MobileNet<Tensor<Float32Array>>;

/** The files beside the weights; none if the package has no name for a network of these widths. */
export function hubFiles(
  origin: Naming["id"],
  net: Net,
  places: readonly BlockPlace[],
  surroundings: Surroundings,
): readonly WrittenFile[] {
  if (origin === "torchvision") return [];
  if (origin === "timm") {
    const variant = TIMM.find(({ widths }) => sameNumbers(widths, widthsOf(net)));
    return variant === undefined ? [] : [jsonFile("config.json", timmConfig(variant.name, net, surroundings))];
  }
  const multiplier = MULTIPLIERS.find((candidate) => sameNumbers(huggingfaceWidths(candidate), widthsOf(net)));
  if (multiplier === undefined || places.length !== 17) return [];
  return [
    jsonFile("config.json", huggingfaceConfig(multiplier, net, surroundings)),
    jsonFile("preprocessor_config.json", huggingfaceProcessor(surroundings)),
  ];
}

function jsonFile(name: string, value: unknown): WrittenFile {
  return { name, bytes: new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`) };
}

/** The number of channels after the stem and after every block. */
function widthsOf({ stem, blocks }: Net): readonly number[] {
  return [stem, ...blocks.map(({ project }) => project)].map(({ kernel }) => kernel.shape[3] ?? 0);
}

const STEM = 32;
const CHANNELS = [16, 24, 32, 64, 96, 160, 320];
const FEATURES = 1280;

function huggingfaceWidths(multiplier: number): readonly number[] {
  const width = (channels: number): number => divisible(Math.round(channels * multiplier));
  return [width(STEM), ...STAGES.flatMap(({ repeats }, i) => Array<number>(repeats).fill(width(CHANNELS[i] ?? 0)))];
}

/** The nearest multiple of 8 that is not more than a tenth below. */
function divisible(value: number): number {
  const rounded = Math.max(8, Math.floor((value + 4) / 8) * 8);
  return rounded < 0.9 * value ? rounded + 8 : rounded;
}

/** Width multipliers, the published ones first. */
const MULTIPLIERS = [1, 0.35, 0.5, 0.75, 1.3, 1.4].concat(Array.from({ length: 40 }, (_, i) => (i + 1) / 20));

/** timm's variants. In those with more layers all stages but the first and the last repeat more often, and the stem keeps its width. */
const TIMM: readonly { readonly name: string; readonly widths: readonly number[] }[] = (
  [
    ["mobilenetv2_035", 0.35, 1],
    ["mobilenetv2_050", 0.5, 1],
    ["mobilenetv2_075", 0.75, 1],
    ["mobilenetv2_100", 1, 1],
    ["mobilenetv2_110d", 1.1, 1.2],
    ["mobilenetv2_120d", 1.2, 1.4],
    ["mobilenetv2_140", 1.4, 1],
  ] as const
).map(([name, multiplier, depth]) => ({
  name,
  widths: [
    depth === 1 ? divisible(STEM * multiplier) : STEM,
    ...STAGES.flatMap(({ repeats }, i) => {
      const isEnd = i === 0 || i === STAGES.length - 1;
      const channels = divisible((CHANNELS[i] ?? 0) * multiplier);
      return Array<number>(isEnd ? repeats : Math.ceil(repeats * depth)).fill(channels);
    }),
  ],
}));

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

const DEFAULT_SIZE = 224;

function sizeOf({ traits }: Surroundings): readonly [number, number] {
  const [rows, cols] = traits.size;
  return [rows ?? DEFAULT_SIZE, cols ?? DEFAULT_SIZE];
}

/** A config as transformers.MobileNetV2Config has it. */
function huggingfaceConfig(multiplier: number, net: Net, surroundings: Surroundings): unknown {
  const { traits, outputStride, classNames } = surroundings;
  const [rows, cols] = sizeOf(surroundings);
  const classes = net.classifier?.bias.size ?? 0;
  const labels = classNames ?? Array.from({ length: classes }, (_, i) => `LABEL_${i}`);
  return {
    architectures: [net.classifier === undefined ? "MobileNetV2Model" : "MobileNetV2ForImageClassification"],
    model_type: "mobilenet_v2",
    torch_dtype: "float32",
    num_channels: net.stem.kernel.shape[2],
    image_size: rows === cols ? rows : [rows, cols],
    depth_multiplier: multiplier,
    depth_divisible_by: 8,
    min_depth: 8,
    expand_ratio: 6,
    output_stride: outputStride,
    first_layer_is_expansion: net.blocks[0]?.expand === undefined,
    finegrained_output: multiplier >= 1 || net.head.kernel.shape[3] === FEATURES,
    hidden_act: traits.maxValue === null ? "relu" : "relu6",
    tf_padding: traits.padding === "same",
    ...(net.classifier !== undefined && { classifier_dropout_prob: traits.dropout }),
    layer_norm_eps: traits.epsilon,
    id2label: Object.fromEntries(labels.map((label, i) => [i, label])),
    label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
  };
}

const PIXEL = 1 / 255;

/** The mean and the deviation of pixels in [0, 1] that scale as `preprocessing` does, or by default as Keras does. */
function meanAndDeviation({ scale, offset }: Preprocessing = { scale: 1 / 127.5, offset: -1 }): {
  readonly mean: readonly number[];
  readonly std: readonly number[];
} {
  const at = (value: number | readonly number[], i: number): number =>
    typeof value === "number" ? value : (value[i] ?? value[0] ?? 0);
  const std = [0, 1, 2].map((i) => PIXEL / at(scale, i));
  // A mean of -0 would be written as it is.
  return { std, mean: std.map((deviation, i) => 0 - at(offset, i) * deviation) };
}

/** A config of transformers.MobileNetV2ImageProcessor: the shorter side becomes 8 / 7 of the size, and the middle is cut out. */
function huggingfaceProcessor(surroundings: Surroundings): unknown {
  const [height, width] = sizeOf(surroundings);
  const { mean, std } = meanAndDeviation(surroundings.preprocessing);
  return {
    image_processor_type: "MobileNetV2ImageProcessor",
    do_resize: true,
    size: { shortest_edge: Math.round((Math.max(height, width) * 8) / 7) },
    resample: 2,
    do_center_crop: true,
    crop_size: { height, width },
    do_rescale: true,
    rescale_factor: PIXEL,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
  };
}

/** A config as timm.models.push_to_hf_hub writes it; `model_args` are given to the model's function. */
function timmConfig(architecture: string, net: Net, surroundings: Surroundings): unknown {
  const { traits, classNames, preprocessing } = surroundings;
  const classes = net.classifier?.bias.size ?? 0;
  const { mean, std } = meanAndDeviation(preprocessing);
  return {
    architecture,
    num_classes: classes,
    num_features: net.head.kernel.shape[3],
    global_pool: "avg",
    model_args: {
      ...(traits.padding === "same" && { pad_type: "same" }),
      bn_eps: traits.epsilon,
      ...(traits.dropout > 0 && { drop_rate: traits.dropout }),
    },
    ...(classNames !== undefined && { label_names: classNames }),
    pretrained_cfg: {
      custom_load: false,
      input_size: [net.stem.kernel.shape[2], ...sizeOf(surroundings)],
      fixed_input_size: false,
      interpolation: "bilinear",
      crop_pct: 0.875,
      crop_mode: "center",
      mean,
      std,
      num_classes: classes,
      pool_size: [7, 7],
      first_conv: "conv_stem",
      classifier: "classifier",
    },
  };
}
