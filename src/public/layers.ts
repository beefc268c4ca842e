/** `mobilenet-v2/layers`: every layer and initializer, as keras.layers and keras.initializers have them. */
export { Activation, type ActivationOptions } from "../layers/activations/activation.ts";
export type { ActivationIdentifier, ActivationName } from "../layers/activations/activations.ts";
export { Add } from "../layers/merging/add.ts";
export { AveragePooling2D, type AveragePooling2DOptions } from "../layers/pooling/average-pooling2d.ts";
export { BatchNormalization, type BatchNormalizationOptions } from "../layers/normalization/batch-normalization.ts";
export { CenterCrop, type CenterCropOptions } from "../layers/preprocessing/center-crop.ts";
export { Concatenate, type ConcatenateOptions } from "../layers/merging/concatenate.ts";
export { Constant, Identity, Ones, Zeros } from "../layers/initializers/constant-initializers.ts";
export { Conv2D, type Conv2DOptions } from "../layers/convolutional/conv2d.ts";
export { Dense, type DenseOptions } from "../layers/core/dense.ts";
export { DepthwiseConv2D, type DepthwiseConv2DOptions } from "../layers/convolutional/depthwise-conv2d.ts";
export { Dropout, type DropoutOptions } from "../layers/regularization/dropout.ts";
export { Flatten, type FlattenOptions } from "../layers/reshaping/flatten.ts";
export { GlobalAveragePooling2D } from "../layers/pooling/global-average-pooling2d.ts";
export { GlobalMaxPooling2D } from "../layers/pooling/global-max-pooling2d.ts";
export type { GlobalPooling2DOptions } from "../layers/pooling/global-pooling2d.ts";
export type { InitializerConfig, InitializerIdentifier } from "../layers/initializers/initializers.ts";
export { Input, InputLayer, type InputOptions } from "../layers/core/input-layer.ts";
export type { BackwardPass, LayerGradients, OutputActivation, TrainingPass } from "../layers/gradients.ts";
export type { InputSpec } from "../layers/input-spec.ts";
export {
  type CallOptions,
  KerasTensor,
  Layer,
  type LayerConfig,
  type LayerOptions,
  type Node,
} from "../layers/layer.ts";
export { clearSession } from "../layers/naming.ts";
export {
  type FanDistribution,
  type FanMode,
  type FanOptions,
  GlorotNormal,
  GlorotUniform,
  HeNormal,
  HeUniform,
  LecunNormal,
  LecunUniform,
  type NormalOptions,
  Orthogonal,
  type OrthogonalOptions,
  RandomNormal,
  RandomUniform,
  type SeedOptions,
  TruncatedNormal,
  type UniformOptions,
  VarianceScaling,
  type VarianceScalingOptions,
} from "../layers/initializers/random-initializers.ts";
export { layerFromConfig } from "../layers/registry.ts";
export { MaxPooling2D, type MaxPooling2DOptions } from "../layers/pooling/max-pooling2d.ts";
export { ReLU, type ReLUOptions } from "../layers/activations/relu.ts";
export { Rescaling, type RescalingOptions } from "../layers/preprocessing/rescaling.ts";
export { Reshape, type ReshapeOptions } from "../layers/reshaping/reshape.ts";
export { Resizing, type ResizingOptions } from "../layers/preprocessing/resizing.ts";
export { Softmax, type SoftmaxOptions } from "../layers/activations/softmax.ts";
export type { Initializer, Weight, WeightSpec } from "../layers/weight.ts";
export { ZeroPadding2D, type ZeroPadding2DOptions } from "../layers/reshaping/zero-padding2d.ts";
