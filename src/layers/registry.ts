/** Makes layers from their class names and configs. */
import { MobileNetV2Error, show } from "../core/errors.ts";
import { Activation } from "./activations/activation.ts";
import { Add } from "./merging/add.ts";
import { fromConfig } from "./arguments.ts";
import { AveragePooling2D } from "./pooling/average-pooling2d.ts";
import { BatchNormalization } from "./normalization/batch-normalization.ts";
import { CenterCrop } from "./preprocessing/center-crop.ts";
import { Concatenate } from "./merging/concatenate.ts";
import { Conv2D } from "./convolutional/conv2d.ts";
import { Dense } from "./core/dense.ts";
import { DepthwiseConv2D } from "./convolutional/depthwise-conv2d.ts";
import { Dropout } from "./regularization/dropout.ts";
import { Flatten } from "./reshaping/flatten.ts";
import { GlobalAveragePooling2D } from "./pooling/global-average-pooling2d.ts";
import { GlobalMaxPooling2D } from "./pooling/global-max-pooling2d.ts";
import { InputLayer } from "./core/input-layer.ts";
import type { Layer, LayerConfig } from "./layer.ts";
import { MaxPooling2D } from "./pooling/max-pooling2d.ts";
import { isPassingClass } from "./regularization/passing-classes.ts";
import { Passing } from "./regularization/passing.ts";
import { ReLU } from "./activations/relu.ts";
import { Rescaling } from "./preprocessing/rescaling.ts";
import { Reshape } from "./reshaping/reshape.ts";
import { Resizing } from "./preprocessing/resizing.ts";
import { Softmax } from "./activations/softmax.ts";
import { ZeroPadding2D } from "./reshaping/zero-padding2d.ts";

type Make = (config: object) => Layer;

const CLASSES: ReadonlyMap<string, Make> = new Map<string, Make>([
  ["Activation", fromConfig(Activation)],
  ["Add", fromConfig(Add)],
  ["AveragePooling2D", fromConfig(AveragePooling2D)],
  ["BatchNormalization", fromConfig(BatchNormalization)],
  ["CenterCrop", fromConfig(CenterCrop)],
  ["Concatenate", fromConfig(Concatenate)],
  ["Conv2D", fromConfig(Conv2D)],
  ["Dense", fromConfig(Dense)],
  ["DepthwiseConv2D", fromConfig(DepthwiseConv2D)],
  ["Dropout", fromConfig(Dropout)],
  ["Flatten", fromConfig(Flatten)],
  ["GlobalAveragePooling2D", fromConfig(GlobalAveragePooling2D)],
  ["GlobalMaxPooling2D", fromConfig(GlobalMaxPooling2D)],
  ["InputLayer", fromConfig(InputLayer)],
  ["MaxPooling2D", fromConfig(MaxPooling2D)],
  ["ReLU", fromConfig(ReLU)],
  ["Rescaling", fromConfig(Rescaling)],
  ["Reshape", fromConfig(Reshape)],
  ["Resizing", fromConfig(Resizing)],
  ["Softmax", fromConfig(Softmax)],
  ["ZeroPadding2D", fromConfig(ZeroPadding2D)],
]);

/** The class names of all layers that compute something. */
export const LAYER_CLASSES: readonly string[] = [...CLASSES.keys()];

/** Whether `layerFromConfig` makes layers of this class: one of `LAYER_CLASSES`, or one that does nothing in inference. */
export function isLayerClass(className: string): boolean {
  return CLASSES.has(className) || isPassingClass(className);
}

/** Arguments in Keras's configs that make no difference to what a layer computes in float32. */
const IGNORED: ReadonlySet<string> = new Set(["dtype", "renormMomentum"]);

/**
 * Makes a layer from its class name and a config as `getConfig()` returns it. An argument that the class does not have is accepted if its
 * value says that it is not used (null or false).
 *
 * @param className Keras's name of the class, such as `Conv2D`
 * @param config the constructor arguments under their camelCase names
 * @throws UnsupportedError for an unknown class or argument, ValueError for a value that does not fit.
 */
export function layerFromConfig(className: string, config: LayerConfig): Layer {
  if (isPassingClass(className)) return new Passing(className, config);
  const make = CLASSES.get(className);
  if (make === undefined) {
    throw new MobileNetV2Error(
      "UnsupportedError",
      `Unknown layer: '${show(className)}'. Known layers are: ${LAYER_CLASSES.join(", ")}.`,
    );
  }
  const layer = named(make, className, config);
  const known = layer.getConfig();
  for (const [argument, value] of Object.entries(config)) {
    const unused = value === null || value === undefined || value === false;
    if (!unused && !IGNORED.has(argument) && !Object.hasOwn(known, argument)) {
      throw new MobileNetV2Error(
        "UnsupportedError",
        `Unrecognized keyword arguments passed to ${className} '${layer.name}': ${argument}=${show(value)}`,
      );
    }
  }
  return layer;
}

/** Errors of the constructor say of which layer its arguments are. */
function named(make: Make, className: string, config: LayerConfig): Layer {
  try {
    return make(config);
  } catch (error) {
    const { name } = config;
    if (!(error instanceof MobileNetV2Error) || typeof name !== "string" || error.message.includes(name)) throw error;
    throw new MobileNetV2Error(error.code, `${className} '${show(name)}': ${error.message}`, { cause: error });
  }
}
