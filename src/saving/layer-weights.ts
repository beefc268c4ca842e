/** Which weights a described layer has, without making it: their names in Keras's order, and the order in which Keras's HDF5 files have them. */
import type { MobileNetV2Error } from "../core/errors.ts";
import { layerFromConfig } from "../layers/registry.ts";
import type { LayerDescription, ModelDescription } from "./checkpoint.ts";
import { formatError } from "./file-errors.ts";

/** Whether the model has no input shape, and so no weights: a Sequential that was saved before it was given data. */
export function isUnbuilt({ className, inputs, buildShape, layers }: ModelDescription): boolean {
  if (className !== "Sequential" || inputs.length > 0 || buildShape !== undefined) return false;
  // If the first layer is a model, its input shape is that of the stack.
  const first = layers[0]?.model;
  return first === undefined || isUnbuilt(first);
}

export interface DescribedWeight {
  /** The name of its layer and its own, after those of the models around: `base/Conv1/kernel`. */
  readonly path: string;
  /** The weight's own name: `kernel`. */
  readonly name: string;
  /** True if an optimizer may move it: it is neither a moving average nor in a frozen layer. */
  readonly trainable: boolean;
}

/** A layer that is no model, with its name after those of the models around: `base/Conv1`. */
export interface Leaf {
  readonly layer: LayerDescription;
  readonly path: string;
}

/** Every layer that is no model, in order; the layers of a model stand in its place. */
export function leavesOf(model: ModelDescription, prefix = ""): readonly Leaf[] {
  return model.layers.flatMap((layer) =>
    layer.model === undefined
      ? [{ layer, path: prefix + layer.name }]
      : leavesOf(layer.model, `${prefix}${layer.name}/`),
  );
}

/** The names of a layer's weights in Keras's order (`layer.weights`); `[name, trainable]`. */
export function weightNames({ className, config }: LayerDescription): readonly (readonly [string, boolean])[] {
  switch (className) {
    case "Conv2D":
    case "DepthwiseConv2D":
    case "Dense":
      return config.useBias === false
        ? [["kernel", true]]
        : [
            ["kernel", true],
            ["bias", true],
          ];
    case "BatchNormalization": {
      const own: [string, boolean][] = [];
      if (config.scale !== false) own.push(["gamma", true]);
      if (config.center !== false) own.push(["beta", true]);
      return [...own, ["moving_mean", false], ["moving_variance", false]];
    }
    default:
      return [];
  }
}

/** The weights of a layer, or of a model that is a layer, in the order of Keras's HDF5 files: the trainable before all others. */
export function legacyWeights(layer: LayerDescription, prefix = ""): readonly DescribedWeight[] {
  const weights = weightsOf(layer, prefix, true);
  return [...weights.filter(({ trainable }) => trainable), ...weights.filter(({ trainable }) => !trainable)];
}

function weightsOf(layer: LayerDescription, prefix: string, parent: boolean): readonly DescribedWeight[] {
  const path = `${prefix}${layer.name}/`;
  const { model } = layer;
  if (model !== undefined) {
    return model.layers.flatMap((inner) => weightsOf(inner, path, parent && model.trainable));
  }
  const moves = parent && layer.config.trainable !== false;
  return weightNames(layer).map(([name, trainable]) => ({ path: path + name, name, trainable: moves && trainable }));
}

/**
 * For weights that do not fit a layer: the file is broken, unless the layer has an argument that is not read and has weights of its own.
 * @throws UnsupportedError that names the argument
 */
export function weightsMismatch(
  { className, config, name, model }: LayerDescription,
  message: string,
): MobileNetV2Error {
  if (model === undefined) layerFromConfig(className, { ...config, name });
  return formatError(message);
}
