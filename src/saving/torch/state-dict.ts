/** A state dict of PyTorch, from whatever file, as a checkpoint. */
import type { Checkpoint, FileSource } from "../checkpoint.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import { assembleMobileNet } from "./assemble.ts";
import { describeMobileNet } from "./describe.ts";
import { namingOf } from "./names.ts";
import { surroundingsOf } from "./traits.ts";

export interface StateDict {
  /** What messages call the format. */
  readonly format: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The prefixes that DataParallel and torch.compile put before every name. */
const WRAPPERS = ["module.", "_orig_mod."];

/** True if the names are those of a MobileNetV2 in one of the namings that are read. */
export function isNamedByTorch(names: Iterable<string>): boolean {
  const bare = new Set(Array.from(names, bareName));
  return namingOf((name) => bare.has(name)) !== undefined;
}

/** @throws UnsupportedError, naming what does not fit, if it is no MobileNetV2; FormatError. */
export async function openStateDict(source: FileSource, dict: StateDict): Promise<Checkpoint> {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of dict.tensors) {
    const bare = bareName(name);
    if (tensors.has(bare)) throw formatError(`The state dict has two tensors '${bare}'.`);
    tensors.set(bare, tensor);
  }
  const naming = namingOf((name) => tensors.has(name));
  if (naming === undefined) {
    const [first] = tensors.keys();
    throw unsupportedError(
      first === undefined
        ? "The state dict has no tensors."
        : `The state dict begins with '${first.slice(0, 200)}': it is not named as the MobileNetV2 of torchvision, timm or Hugging Face.`,
    );
  }
  const colors = tensors.get(`${naming.stem.convolution}.weight`)?.shape[1] ?? 0;
  const { traits, outputStride, classNames, preprocessing } = await surroundingsOf(
    naming,
    colors,
    source,
    dict.metadata,
  );
  const net = assembleMobileNet(tensors, naming, outputStride);
  const classes = net.classifier?.bias.shape[0] ?? 0;
  return {
    format: dict.format,
    origin: naming.id,
    ...describeMobileNet(net, traits),
    tensors: [...dict.tensors.values()],
    classNames: classNames?.length === classes ? classNames : undefined,
    preprocessing,
  };
}

function bareName(name: string): string {
  let bare = name;
  for (const wrapper of WRAPPERS) if (bare.startsWith(wrapper)) bare = bare.slice(wrapper.length);
  return bare;
}
