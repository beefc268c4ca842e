/** Names for the layers of another framework's graph: those of keras.applications if it is a MobileNetV2, else the file's own. */
import type { Value } from "./value.ts";

export interface NamingOptions {
  /** Whether the hints are names of layers already. */
  readonly keepNames?: boolean | undefined;
  /** The name of a layer, from what the file calls it; the same unless given. */
  readonly nameOf?: ((hint: string) => string) | undefined;
}

/** A name for every layer, each given once. With `keepNames` the hints are names of layers already. */
export function layerNames(
  values: readonly Value[],
  { keepNames = false, nameOf = (hint) => hint }: NamingOptions,
): ReadonlyMap<Value, string> {
  const published = keepNames ? new Map<Value, string>() : mobileNetNames(values);
  const names = new Map<Value, string>();
  const taken = new Set<string>(published.values());
  /** How often a name was wanted: counting on from there keeps many equal names fast. */
  const wanted = new Map<string, number>();
  for (const value of values) {
    const plain = published.get(value) ?? plainName(value, nameOf);
    let name = plain;
    for (let n = wanted.get(plain) ?? 0; !published.has(value) && taken.has(name); name = `${plain}_${n}`) {
      wanted.set(plain, ++n);
    }
    taken.add(name);
    names.set(value, name);
  }
  return names;
}

/** The longest name: what a file calls its nodes can be longer than any name should be. */
const MAX_NAME = 100;

function plainName({ hint, className }: Value, nameOf: (hint: string) => string): string {
  const [first = ""] = hint.split(";");
  const name = nameOf(first)
    .replaceAll(/[^\w.-]+/g, "_")
    .replaceAll(/^_+|_+$/g, "")
    .slice(0, MAX_NAME);
  return name === "" ? className.toLowerCase() : name;
}

const CONVOLUTIONS: readonly string[] = ["Conv2D", "DepthwiseConv2D"];

/**
 * The names of keras.applications.MobileNetV2 for a graph that begins as one: a convolution, a depthwise and a projection, then
 * blocks of expansion, depthwise and projection, a last convolution, a classifier. Empty if it does not begin so.
 */
function mobileNetNames(values: readonly Value[]): Map<Value, string> {
  const convolutions = values.filter(({ className }) => CONVOLUTIONS.includes(className));
  const [stem, ...others] = convolutions;
  const stages = others.findIndex((value, i) => !isStage(value, i));
  const inStages = stages === -1 ? others.length : stages;
  // Blocks are whole: what follows the last projection is Conv_1, what follows that keeps its own name.
  const blocks = inStages - ((inStages - 2) % 3);
  if (stem?.className !== "Conv2D" || !isLarge(stem) || blocks < 5) return new Map();
  const names = new Map<Value, string>([[stem, "Conv1"]]);
  for (const [i, value] of others.slice(0, blocks).entries()) names.set(value, stageName(i));
  const last = others[blocks];
  if (last?.className === "Conv2D" && !isLarge(last)) {
    // A model that is cut within a block ends with an expansion, to six times the channels.
    const isExpansion = last.config.filters === 6 * (last.inputs[0]?.shape.at(-1) ?? 0);
    names.set(last, isExpansion ? stageName(blocks) : "Conv_1");
  }
  nameNeighbours(values, names);
  return names;
}

function isStage(value: Value, i: number): boolean {
  const isDepthwise = (i < 2 ? i : (i - 2) % 3) === (i < 2 ? 0 : 1);
  return isDepthwise ? value.className === "DepthwiseConv2D" : value.className === "Conv2D" && !isLarge(value);
}

function isLarge({ config }: Value): boolean {
  return !Array.isArray(config.kernelSize) || config.kernelSize.some((length: unknown) => length !== 1);
}

function stageName(i: number): string {
  if (i < 2) return `expanded_conv_${i === 0 ? "depthwise" : "project"}`;
  return `block_${Math.floor((i - 2) / 3) + 1}_${["expand", "depthwise", "project"][(i - 2) % 3]}`;
}

/** Names what stands before and after the convolutions, and the classifier. */
function nameNeighbours(values: readonly Value[], names: Map<Value, string>): void {
  const taken = new Set(names.values());
  const give = (value: Value, name: string): void => {
    if (names.has(value) || taken.has(name)) return;
    names.set(value, name);
    taken.add(name);
  };
  /** The convolution that a normalization or activation follows. */
  const followed = new Map<Value, string>();
  for (const value of values) {
    const own = names.get(value);
    const [before] = value.inputs;
    if (own !== undefined) {
      followed.set(value, own);
      if (before?.className === "ZeroPadding2D") give(before, `${own.replace(/_depthwise$/, "")}_pad`);
    } else if (value.className === "Add") {
      const [project] = value.inputs
        .map((input) => followed.get(input) ?? "")
        .filter((name) => name.endsWith("_project"))
        .toSorted((a, b) => blockOf(b) - blockOf(a));
      if (project !== undefined) give(value, project.replace(/_project$/, "_add"));
    } else if (before !== undefined && followed.has(before)) {
      const of = followed.get(before) ?? "";
      if (value.className === "BatchNormalization") {
        give(value, of === "Conv1" ? "bn_Conv1" : of === "Conv_1" ? "Conv_1_bn" : `${of}_BN`);
        followed.set(value, of);
      } else if (value.className === "ReLU") {
        give(value, of === "Conv_1" ? "out_relu" : `${of}_relu`);
      }
    }
  }
  const inputs = values.filter(({ className }) => className === "InputLayer");
  if (inputs.length === 1 && inputs[0] !== undefined) give(inputs[0], "input_layer");
  const pools = values.filter(({ className }) => className === "GlobalAveragePooling2D");
  if (pools.length === 1 && pools[0] !== undefined) give(pools[0], "global_average_pooling2d");
  const dense = values.filter(({ className }) => className === "Dense");
  if (dense.length === 1 && dense[0] !== undefined) give(dense[0], "predictions");
}

function blockOf(name: string): number {
  return Number(/^block_(\d+)_/.exec(name)?.[1] ?? 0);
}

/** A name for a model: that of the graph or of its file, without what names of models cannot have. */
export function plainModelName(name: string): string {
  const plain = name.replaceAll(/[^\w.-]+/g, "_").slice(0, MAX_NAME);
  return plain === "" ? "model" : plain;
}

/** `flowers.onnx` → `flowers`. */
export function withoutEnding(fileName: string): string {
  return fileName.replace(/\.[^.]*$/, "");
}
