/** Finds the MobileNetV2 among the tensors of a state dict, whatever module or wrapper it is a part of, by the names that only its first layers have. */
import { type Naming, NAMINGS, flatTorchvision } from "./names.ts";

export interface Backbone {
  readonly naming: Naming;
  /** What stands before every name of the network: `module.`, `model.backbone.`; often nothing. */
  readonly prefix: string;
  /** The name of a tensor of the file in its package's own naming; undefined if the tensor is none of the network's. */
  readonly ownName: (name: string) => string | undefined;
}

/** The name of the first convolution in each naming, after its prefix. */
const FIRST = /^(.*\.)?(?:conv_stem\.first_conv\.convolution|conv_stem|features\.0\.0)\.weight$/s;
/** A Sequential of torchvision's features under another name than `features`: `backbone.1.conv.0.0.weight`. */
const FIRST_BLOCK = /^(.*\.)?1\.conv\.0(?:\.0)?\.weight$/s;
const FEATURES = "features.";
/** Averaged weights come before those in training. */
const AVERAGED = /(?:^|[._])(?:ema|averag|avg|swa)/i;

/** Every MobileNetV2 among tensors of these names, that with averaged weights first, then in the order of the names. */
export function backbonesOf(names: Iterable<string>): readonly Backbone[] {
  const all = new Set(names);
  const found = new Map<string, Backbone>();
  for (const name of all) {
    const backbone = firstOf(name, all) ?? featuresOf(name, all);
    if (backbone !== undefined && !found.has(backbone.prefix)) found.set(backbone.prefix, backbone);
  }
  return [...found.values()].toSorted((a, b) => Number(AVERAGED.test(b.prefix)) - Number(AVERAGED.test(a.prefix)));
}

/** The network whose first convolution has that name. */
function firstOf(name: string, all: ReadonlySet<string>): Backbone | undefined {
  const match = FIRST.exec(name);
  if (match === null) return undefined;
  const [, prefix = ""] = match;
  const has = (own: string): boolean => all.has(prefix + own);
  const ownName = (other: string): string | undefined =>
    other.startsWith(prefix) ? other.slice(prefix.length) : undefined;
  if (has("features.0.0.weight")) return { naming: torchvision(has), prefix, ownName };
  return { naming: has("conv_stem.weight") ? NAMINGS.timm : NAMINGS.huggingfaceBase, prefix, ownName };
}

/** The network whose first block has that name, in a Sequential that is not called `features`. */
function featuresOf(name: string, all: ReadonlySet<string>): Backbone | undefined {
  const match = FIRST_BLOCK.exec(name);
  if (match === null) return undefined;
  const [, prefix = ""] = match;
  if (`.${prefix}`.endsWith(`.${FEATURES}`) || !all.has(`${prefix}0.0.weight`)) return undefined;
  return {
    naming: torchvision((own) => own.startsWith(FEATURES) && all.has(prefix + own.slice(FEATURES.length))),
    prefix,
    ownName: (other) => (other.startsWith(prefix) ? FEATURES + other.slice(prefix.length) : undefined),
  };
}

function torchvision(has: (name: string) => boolean): Naming {
  return flatTorchvision(has("features.1.conv.3.weight"), has("conv.0.weight"));
}
