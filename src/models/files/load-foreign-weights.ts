/** Weights for an existing model from a file of any format that describes its model, provided that both models compute the same. */
import { warn } from "#platform";
import { MobileNetV2Error, show, valueError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import { leafLayers } from "../../graph/leaf-layers.ts";
import type { Network } from "../../graph/network.ts";
import type { Weight } from "../../layers/weight.ts";
import { layerFromConfig } from "../../layers/registry.ts";
import { type AssignOptions, type Assignment, assignAll, fits } from "../../saving/assignment.ts";
import type { FileSource, LayerDescription, ModelDescription } from "../../saving/checkpoint.ts";
import { openCheckpoint } from "../../saving/formats.ts";
import { type Leaf, leavesOf } from "../../saving/layer-weights.ts";
import type { StoredLayer, StoredTensor } from "../../saving/stored-tensor.ts";
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
  if (checkpoint.layers !== undefined) {
    assignAll(inOrder(model, checkpoint.layers), options);
    return;
  }
  if (checkpoint.model === undefined) {
    throw valueError(`The file (${checkpoint.format}) does not say which layers its tensors belong to.`);
  }
  const own = telling(describeModel(model));
  const theirs = telling(checkpoint.model);
  const layers = new Map(leafLayers(model));
  const { format, weights } = checkpoint;
  const assignmentsOf = (k: number, mine: Leaf | undefined, other: Leaf | undefined): readonly Assignment[] => {
    const difference = differenceOf(mine?.layer, other?.layer);
    if (difference !== undefined || mine === undefined || other === undefined) {
      throw valueError(
        `The file (${format}) has weights for another model. The first difference is layer #${k}: ` +
          `${difference ?? ""}. loadModel() opens the file's own model.`,
      );
    }
    return (layers.get(mine.path)?.weights ?? []).map((weight) =>
      assignmentOf(weight, weights.get(`${other.path}/${weight.name}`), { k, path: mine.path }),
    );
  };
  const assignments: Assignment[] = [];
  const skipped: string[] = [];
  for (let k = 0; k < Math.max(own.length, theirs.length); k++) {
    try {
      assignments.push(...assignmentsOf(k, own[k], theirs[k]));
    } catch (error) {
      const isMisfit = error instanceof MobileNetV2Error && error.code === "ValueError";
      if (options.skipMismatch !== true || !isMisfit) throw error;
      skipped.push(error.message);
    }
  }
  const [first] = skipped;
  if (first !== undefined) {
    const many = skipped.length === 1 ? "a layer that does" : `${skipped.length} layers that do`;
    warn(`Skipping loading weights for ${many} not fit. ${first}`);
  }
  assignAll(assignments, options);
}

/** The tensors for the weights of a model whose layers follow one another as those of the file. */
function inOrder(model: Network, stored: readonly StoredLayer[]): readonly Assignment[] {
  const own = leafLayers(model).filter(([, layer]) => layer.weights.length > 0);
  if (own.length !== stored.length) {
    throw valueError(
      "Layer count mismatch when loading weights from file. " +
        `Model expected ${own.length} layers, found ${stored.length} saved layers.`,
    );
  }
  return own.flatMap(([path, layer], k) => {
    const tensors = new Map(stored[k]?.tensors.map((tensor) => [tensor.name, tensor]));
    if (tensors.size !== layer.weights.length) {
      throw valueError(
        `Weight count mismatch for layer #${k} (named ${path}): it expects ${layer.weights.length} weight(s), ` +
          `the file has ${tensors.size}: ${[...tensors.keys()].slice(0, 10).join(", ").slice(0, 200)}.`,
      );
    }
    return layer.weights.map((weight) => assignmentOf(weight, tensors.get(weight.name), { k, path }));
  });
}

/** @throws ValueError if there is no tensor, or one of another shape. `path` is that of the layer, the `k`-th. */
function assignmentOf(
  weight: Weight,
  tensor: StoredTensor | undefined,
  { k, path }: { readonly k: number; readonly path: string },
): Assignment {
  if (tensor === undefined) throw valueError(`The file has no tensor for weight '${path}/${weight.name}'.`);
  if (fits({ weight, tensor })) return { weight, tensor };
  throw valueError(
    `Shape mismatch in layer #${k} (named ${path}) for weight ${path}/${weight.name}. ` +
      `Weight expects shape ${formatShape(weight.shape)}. Received saved weight with shape ${formatShape(tensor.shape)}`,
  );
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
