/** A state dict of PyTorch, from whatever file, as a checkpoint. */
import { warn } from "#platform";
import type { Checkpoint, FileSource } from "../checkpoint.ts";
import { unsupportedError } from "../file-errors.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { assembleFeatures } from "./assemble.ts";
import { type Backbone, backbonesOf } from "./backbone.ts";
import { describeMobileNet } from "./describe.ts";
import { type FoundHead, headOf } from "./head.ts";
import { isQuantised, quantisedError } from "./quantised.ts";
import { surroundingsOf } from "./traits.ts";

export interface StateDict {
  /** What messages call the format. */
  readonly format: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** As many names as a warning lists. */
const MAX_LISTED = 4;

/** True if the names are those of a MobileNetV2 in one of the namings that are read. */
export function isNamedByTorch(names: Iterable<string>): boolean {
  return backbonesOf(names).length > 0;
}

/** @throws UnsupportedError, naming what does not fit, if it is no MobileNetV2; FormatError. */
export async function openStateDict(source: FileSource, dict: StateDict): Promise<Checkpoint> {
  const [backbone, ...others] = backbonesOf(dict.tensors.keys());
  if (backbone === undefined) {
    const [first] = dict.tensors.keys();
    throw unsupportedError(
      first === undefined
        ? "The state dict has no tensors."
        : `The state dict begins with '${first.slice(0, 200)}': it is not named as the MobileNetV2 of torchvision, timm or Hugging Face.`,
    );
  }
  const quantised = [...dict.tensors.keys()].find(isQuantised);
  if (quantised !== undefined) throw quantisedError(quantised);
  const { naming, prefix } = backbone;
  if (others.length > 0) {
    const prefixes = [prefix, ...others.map((other) => other.prefix)].map((text) => `'${text.slice(0, 100)}'`);
    warn(`The state dict has ${prefixes.length} networks, with the prefixes ${listed(prefixes)}: the first is opened.`);
  }
  const { own, beside } = parted(dict.tensors, backbone, others);
  const colors = own.get(`${naming.stem.convolution}.weight`)?.shape[1] ?? 0;
  const { traits, outputStride, classNames, preprocessing } = await surroundingsOf(
    naming,
    colors,
    source,
    dict.metadata,
  );
  const { net, features, left } = assembleFeatures(own, naming, outputStride);
  // By the file's names, in the file's order.
  const fileNames = new Set(left.map((name) => own.get(name)?.name));
  const rest = [...dict.tensors].filter(([name]) => fileNames.has(name) || beside.has(name));
  const head = headOf(new Map(rest), features);
  warnOf(head, features);
  const [layer, ...more] = head.layers;
  // The one classifier of the package, before which its own Dropout stands.
  const isOwn =
    more.length === 0 && [naming.classifier, "classifier"].some((name) => `.${head.modules[0]}`.endsWith(`.${name}`));
  const classifier =
    isOwn && layer?.kind === "dense" && layer.bias !== undefined
      ? { kernel: layer.kernel, bias: layer.bias }
      : undefined;
  const last = head.layers.at(-1);
  const classes = last?.kind === "dense" ? last.kernel.shape[1] : undefined;
  return {
    format: dict.format,
    origin: naming.id,
    ...describeMobileNet({ ...net, classifier }, traits, classifier === undefined ? head.layers : []),
    tensors: [...dict.tensors.values()],
    classNames: classNames?.length === classes ? classNames : undefined,
    preprocessing,
  };
}

/** The tensors of the network by their own names, and the names of those that are of no network. Single numbers count something, and are no layer's. */
function parted(
  tensors: ReadonlyMap<string, StoredTensor>,
  backbone: Backbone,
  others: readonly Backbone[],
): { readonly own: ReadonlyMap<string, StoredTensor>; readonly beside: ReadonlySet<string> } {
  const own = new Map<string, StoredTensor>();
  const beside = new Set<string>();
  const isOthers = ofOthers(backbone, others);
  for (const [name, tensor] of tensors) {
    if (isOthers(name)) continue;
    const ownName = backbone.ownName(name);
    if (ownName !== undefined) own.set(ownName, tensor);
    else if (tensor.shape.length > 0) beside.add(name);
  }
  return { own, beside };
}

/** Whether a tensor is another network's: networks differ in the first part of their prefixes that is not the same in all. */
function ofOthers(backbone: Backbone, others: readonly Backbone[]): (name: string) => boolean {
  const paths = others.map(({ prefix }) => prefix.split("."));
  const path = backbone.prefix.split(".");
  let shared = 0;
  while (shared < path.length - 1 && paths.every((other) => other[shared] === path[shared])) shared++;
  const theirs = new Set(paths.map((other) => other[shared]));
  return (name) => {
    const part = name.split(".")[shared];
    return path[shared] === "" ? theirs.has(part) : others.length > 0 && part !== path[shared];
  };
}

/** Says what the state dict has that is not opened, and what was put between the layers of the head. */
function warnOf({ layers, modules, isGuessed, unused }: FoundHead, features: number): void {
  if (isGuessed) {
    warn(
      `The state dict does not say which activations stand between ${listed(modules.map((name) => `'${name}'`))}: ReLU is taken. ` +
        "If they are others, build the model with those as layers of their own, and call model.loadWeights(file).",
    );
  }
  if (unused.length === 0) return;
  const names = listed(unused.map((name) => `'${name.slice(0, 200)}'`));
  warn(
    layers.length > 0
      ? `The state dict has tensors that no layer of the model takes; they are left out: ${names}.`
      : `Only the features of the state dict are opened, without a head: from ${names} no Dense layers follow that take ${features} features. ` +
          "Build the model with a head of yours, and load the features into it: model.loadWeights(file, { skipMismatch: true }).",
  );
}

function listed(texts: readonly string[]): string {
  const more = texts.length - MAX_LISTED;
  return texts.slice(0, MAX_LISTED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
