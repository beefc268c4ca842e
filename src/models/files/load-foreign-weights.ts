/** Weights for an existing model from a file of any format that describes its model, provided that both models compute the same. */
import { warn } from "#platform";
import { show, valueError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import { leafLayers } from "../../graph/leaf-layers.ts";
import type { Network } from "../../graph/network.ts";
import { layerFromConfig } from "../../layers/registry.ts";
import { type AssignOptions, type Assignment, assignAll, fits } from "../../saving/assignment.ts";
import type { FileSource, LayerDescription, ModelDescription } from "../../saving/checkpoint.ts";
import { openCheckpoint } from "../../saving/formats.ts";
import { type Leaf, leavesOf, weightNames } from "../../saving/layer-weights.ts";
import { refuseUnread } from "../../saving/unread.ts";
import { describeModel } from "./describe-model.ts";

/** The layers to compare: those with weights or constants. The others of a model follow from these. */
const TELLING: ReadonlySet<string> = new Set([
  "Conv2D",
  "DepthwiseConv2D",
  "Dense",
  "BatchNormalization",
  "ZeroPadding2D",
  "Rescaling",
]);

/** The arguments to compare: those that change a layer's output. */
const COMPUTING: readonly string[] = [
  "kernelSize",
  "strides",
  "padding",
  "dilationRate",
  "groups",
  "depthMultiplier",
  "activation",
  "useBias",
  "epsilon",
  "scale",
  "center",
  "offset",
];

export interface ForeignWeightsOptions extends AssignOptions {
  /** Whether layers that differ are left as they are, with a warning, instead of being an error. Default: false. */
  readonly skipMismatch?: boolean | undefined;
}

/**
 * Assigns the weights of a checkpoint to a model, in the order of the layers: all of them or, on any error, none.
 * @throws ValueError that names the first layer in which the models differ; FormatError or UnsupportedError for the file's content
 */
export async function loadForeignWeights(
  model: Network,
  file: FileSource,
  options: ForeignWeightsOptions,
): Promise<void> {
  const checkpoint = await openCheckpoint(file);
  refuseUnread(checkpoint);
  if (checkpoint.quantized === true) {
    throw valueError("The file is a quantized model: its weights are integers. Open it with loadQuantized().");
  }
  if (checkpoint.model === undefined) {
    throw valueError(`The file (${checkpoint.format}) does not say which layers its tensors belong to.`);
  }
  const own = telling(describeModel(model));
  const theirs = telling(checkpoint.model);
  const layers = new Map(leafLayers(model));
  const { format, weights } = checkpoint;
  /** The tensors of a layer, or in a sentence why they do not fit. */
  const assignmentsOf = (
    k: number,
    mine: Leaf | undefined,
    other: Leaf | undefined,
  ): readonly Assignment[] | string => {
    const difference = differenceOf(mine?.layer, other?.layer);
    if (difference !== undefined || mine === undefined || other === undefined) {
      return (
        `The file (${format}) has weights for another model. The first difference is layer #${k}: ` +
        `${difference ?? ""}. loadModel() opens the file's own model.`
      );
    }
    const found: Assignment[] = [];
    for (const [name] of weightNames(mine.layer)) {
      const weight = layers.get(mine.path)?.weight(name);
      const tensor = weights.get(`${other.path}/${name}`);
      if (weight === undefined || tensor === undefined) {
        return `The file has no tensor for weight '${mine.path}/${name}'.`;
      }
      if (!fits({ weight, tensor })) {
        return (
          `Shape mismatch in layer #${k} (named ${mine.layer.name}) for weight ${mine.path}/${name}. ` +
          `Weight expects shape ${formatShape(weight.shape)}. Received saved weight with shape ${formatShape(tensor.shape)}`
        );
      }
      found.push({ weight, tensor });
    }
    return found;
  };
  const assignments: Assignment[] = [];
  const skipped: string[] = [];
  for (let k = 0; k < Math.max(own.length, theirs.length); k++) {
    const [mine, other] = [own[k], theirs[k]];
    const found = assignmentsOf(k, mine, other);
    if (typeof found !== "string") assignments.push(...found);
    else if (options.skipMismatch === true) skipped.push(found);
    else throw valueError(found);
  }
  const [first] = skipped;
  if (first !== undefined) {
    const many = skipped.length === 1 ? "a layer that does" : `${skipped.length} layers that do`;
    warn(`Skipping loading weights for ${many} not fit. ${first}`);
  }
  assignAll(assignments, options);
}

function telling(model: ModelDescription): readonly Leaf[] {
  return leavesOf(model).filter(({ layer }) => TELLING.has(layer.className));
}

function differenceOf(mine: LayerDescription | undefined, other: LayerDescription | undefined): string | undefined {
  if (mine === undefined) return `the model has no such layer, the file has ${shown(other)}`;
  if (other === undefined) return `the model has ${shown(mine)}, the file has no such layer`;
  if (mine.className !== other.className) return `the model has ${shown(mine)}, the file ${shown(other)}`;
  // The layer is made, so that its config has the defaults that the description may leave out.
  const config = layerFromConfig(other.className, { ...other.config, name: other.name }).getConfig();
  for (const argument of COMPUTING) {
    const [a, b] = [mine.config[argument], config[argument]];
    if (JSON.stringify(a) !== JSON.stringify(b)) {
      return `${argument} of ${shown(mine)} is ${show(a)} in the model, ${show(b)} in the file`;
    }
  }
  return undefined;
}

function shown(layer: LayerDescription | undefined): string {
  return `${layer?.className ?? ""} '${layer?.name ?? ""}'`;
}
