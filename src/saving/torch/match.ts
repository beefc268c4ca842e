/** Finds a MobileNetV2 in a model of Keras's layers, whatever they are called: the inverse of describe.ts. */
import { type Padding2D, samePadding } from "../../core/padding.ts";
import { Tensor } from "../../core/tensor.ts";
import { Activation } from "../../layers/activations/activation.ts";
import type { ActivationName } from "../../layers/activations/activations.ts";
import { Add } from "../../layers/merging/add.ts";
import { BatchNormalization } from "../../layers/normalization/batch-normalization.ts";
import { Conv2D } from "../../layers/convolutional/conv2d.ts";
import { Dense } from "../../layers/core/dense.ts";
import { DepthwiseConv2D } from "../../layers/convolutional/depthwise-conv2d.ts";
import { Dropout } from "../../layers/regularization/dropout.ts";
import { Flatten } from "../../layers/reshaping/flatten.ts";
import { GlobalAveragePooling2D } from "../../layers/pooling/global-average-pooling2d.ts";
import type { Layer } from "../../layers/layer.ts";
import { ReLU } from "../../layers/activations/relu.ts";
import { Reshape } from "../../layers/reshaping/reshape.ts";
import { Softmax } from "../../layers/activations/softmax.ts";
import { ZeroPadding2D } from "../../layers/reshaping/zero-padding2d.ts";
import type { SavedModel } from "../checkpoint.ts";
import { formatError, unsupportedError } from "../file-errors.ts";
import { type StepValue, stepsOf } from "../graphs/steps.ts";
import type { InvertedResidual, MobileNet, StridedPadding, Traits, Unit } from "./parts.ts";

type Values = Tensor<Float32Array>;

export interface Matched {
  readonly net: MobileNet<Values>;
  readonly traits: Traits;
}

/**
 * @param preferred the padding to name if the sizes of the model make both the same
 * @throws UnsupportedError naming the first layer that a MobileNetV2 does not have.
 */
export function matchMobileNet(saved: SavedModel, preferred: StridedPadding): Matched {
  return new Matcher(saved).match(preferred);
}

/** The value at which an activation caps, null for ReLU without a cap; `linear` for no activation. */
type Cap = 6 | null | "linear";

/** A convolution that was found, with what its unit does not say. */
interface Found {
  readonly unit: Unit<Values>;
  readonly isDepthwise: boolean;
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  readonly cap: Cap;
  readonly path: string;
}

class Matcher {
  readonly #weights: SavedModel["weights"];
  readonly #consumers = new Map<StepValue, StepValue[]>();
  /** The sums that no block was found to end with, so far. */
  readonly #sums: Set<StepValue>;
  readonly #input: StepValue;
  readonly #output: StepValue;
  #at: StepValue;
  #epsilon: number | undefined;
  #momentum: number | undefined;
  #cap: Cap | undefined;
  readonly #paddings = new Set<StridedPadding>(["symmetric", "same"]);

  constructor({ model, weights }: SavedModel) {
    const { inputs, values, outputs } = stepsOf(model);
    const [[input, ...moreInputs], [output, ...moreOutputs]] = [inputs, outputs];
    if (input === undefined || output === undefined || moreInputs.length > 0 || moreOutputs.length > 0) {
      throw unsupportedError("A MobileNetV2 of PyTorch's packages has one input and one output.");
    }
    for (const value of values) {
      for (const from of value.step?.inputs ?? []) {
        const list = this.#consumers.get(from);
        if (list === undefined) this.#consumers.set(from, [value]);
        else list.push(value);
      }
    }
    this.#sums = new Set(values.filter(({ step }) => step?.layer instanceof Add));
    this.#weights = weights;
    this.#input = this.#at = input;
    this.#output = output;
    // The epsilon must be known before a convolution without a normalization is met.
    const normalization = values.find(({ step }) => step?.layer instanceof BatchNormalization)?.step?.layer;
    if (normalization instanceof BatchNormalization) {
      this.#epsilon = normalization.epsilon;
      this.#momentum = normalization.momentum;
    }
  }

  match(preferred: StridedPadding): Matched {
    const stem = this.#unit();
    if (stem.isDepthwise || stem.size !== 3 || stem.stride !== 2 || stem.cap === "linear") {
      throw misfit(stem.path, "a MobileNetV2 begins with a 3 × 3 convolution of stride 2 and an activation");
    }
    const blocks: InvertedResidual<Values>[] = [];
    for (;;) {
      const input = this.#at;
      const first = this.#unit();
      const startsBlock = first.isDepthwise || this.#next(ZeroPadding2D) || this.#next(DepthwiseConv2D);
      if (!startsBlock) {
        checkPointwise(first, "its last convolution is 1 × 1 with an activation", true);
        const { classifier, dropout, activation } = this.#top();
        const [sum] = this.#sums;
        if (sum !== undefined) throw misfit(sum.path, "nothing is added but the input of a block to its output");
        return {
          net: { stem: stem.unit, blocks, head: first.unit, classifier },
          traits: {
            size: [this.#input.shape[1] ?? null, this.#input.shape[2] ?? null],
            padding: this.#paddings.has(preferred) ? preferred : ([...this.#paddings][0] ?? preferred),
            epsilon: this.#epsilon ?? 1e-3,
            momentum: this.#momentum ?? 0.9,
            maxValue: this.#cap === 6 ? 6 : null,
            dropout,
            activation,
          },
        };
      }
      blocks.push(this.#block(first, input));
    }
  }

  #block(first: Found, input: StepValue): InvertedResidual<Values> {
    if (!first.isDepthwise) checkPointwise(first, "a block begins with an expansion of 1 × 1 and an activation", true);
    const depthwise = first.isDepthwise ? first : this.#unit();
    if (!depthwise.isDepthwise || depthwise.size !== 3 || depthwise.cap === "linear") {
      throw misfit(depthwise.path, "in the middle of a block is a depthwise convolution of 3 × 3 with an activation");
    }
    const project = this.#unit();
    checkPointwise(project, "a block ends with a projection of 1 × 1 without an activation", false);
    const parts = [input, this.#at];
    const adds = ({ step }: StepValue): boolean =>
      step?.inputs.length === 2 && parts.every((part) => step.inputs.includes(part));
    const sum = [...this.#sums].find(adds);
    if (sum !== undefined) {
      this.#sums.delete(sum);
      this.#at = sum;
    }
    const { stride, dilation } = depthwise;
    const expand = first.isDepthwise ? undefined : first.unit;
    return {
      expand,
      depthwise: depthwise.unit,
      project: project.unit,
      stride,
      dilation,
      isResidual: sum !== undefined,
    };
  }

  /** A convolution with the zeros before it and the normalization and the activation after it. */
  #unit(): Found {
    const padded = this.#at;
    const zeros = this.#take(ZeroPadding2D)?.layer.padding;
    const path = this.#following()?.path ?? "";
    const convolution = this.#take(Conv2D) ?? this.#take(DepthwiseConv2D);
    if (convolution === undefined) throw this.#unexpected("a convolution");
    const { layer } = convolution;
    const isDepthwise = layer instanceof DepthwiseConv2D;
    const [[size, cols], [stride, colStride], [dilation, colDilation]] = [
      layer.kernelSize,
      layer.strides,
      layer.dilationRate,
    ];
    const isPlain = layer instanceof Conv2D ? layer.groups === 1 : layer.depthMultiplier === 1;
    if (size !== cols || stride !== colStride || dilation !== colDilation || !isPlain) {
      throw misfit(path, "its convolutions are square and have neither groups nor a depth multiplier");
    }
    this.#checkPadding(padded, zeros, layer, path);
    const normalization = this.#take(BatchNormalization);
    return {
      unit: this.#values(path, layer, normalization),
      isDepthwise,
      size,
      stride,
      dilation,
      cap: this.#activation(layer.activation),
      path,
    };
  }

  #checkPadding(padded: StepValue, zeros: Padding2D | undefined, layer: Conv2D | DepthwiseConv2D, path: string): void {
    const [size] = layer.kernelSize;
    const [stride] = layer.strides;
    const window = (size - 1) * (layer.dilationRate[0] ?? 1) + 1;
    const isSame = layer.padding === "same";
    const fits = (padding: StridedPadding): boolean =>
      [0, 1].every((axis) => {
        const length = padded.shape[axis + 1] ?? null;
        const half = (window - 1) / 2;
        // Keras takes a length that is not known for an even one.
        const same = samePadding(length ?? 2 * stride * window, window, stride);
        const wanted = padding === "same" ? same : [half, half];
        const given = isSame && zeros === undefined ? same : (zeros?.[axis] ?? [0, 0]);
        const isCertain = length !== null || !isSame || stride === 1 || padding === "same";
        return isCertain && wanted[0] === given[0] && wanted[1] === given[1];
      });
    for (const padding of this.#paddings) if (!fits(padding)) this.#paddings.delete(padding);
    if (this.#paddings.size === 0 || (isSame && zeros !== undefined)) {
      throw misfit(path, "it is padded as PyTorch pads, or as TensorFlow does, and in all layers alike");
    }
  }

  /** The values of a unit. A bias without a normalization becomes a normalization that does nothing but add it. */
  #values(
    path: string,
    layer: Conv2D | DepthwiseConv2D,
    normalization: { readonly layer: BatchNormalization; readonly path: string } | undefined,
  ): Unit<Values> {
    const kernel = this.#weight(`${path}/kernel`);
    const bias = layer.useBias ? this.#weight(`${path}/bias`) : undefined;
    const filters = kernel.shape[layer instanceof Conv2D ? 3 : 2] ?? 0;
    const all = (value: number): Values => new Tensor([filters], new Float32Array(filters).fill(value));
    if (normalization === undefined) {
      const epsilon = this.#epsilon ?? 1e-3;
      return { kernel, gamma: all(1), beta: bias ?? all(0), mean: all(0), variance: all(1 - epsilon) };
    }
    const { epsilon, scale, center } = normalization.layer;
    const name = normalization.path;
    if (epsilon !== this.#epsilon) {
      throw misfit(name, `its normalizations all have one epsilon, here ${this.#epsilon}`);
    }
    const mean = this.#weight(`${name}/moving_mean`);
    return {
      kernel,
      gamma: scale ? this.#weight(`${name}/gamma`) : all(1),
      beta: center ? this.#weight(`${name}/beta`) : all(0),
      mean:
        bias === undefined
          ? mean
          : new Tensor(
              mean.shape,
              mean.data.map((m, i) => m - (bias.data[i] ?? 0)),
            ),
      variance: this.#weight(`${name}/moving_variance`),
    };
  }

  #weight(path: string): Values {
    const tensor = this.#weights.get(path);
    if (tensor === undefined) throw formatError(`The model has no values for its weight '${path}'.`);
    return tensor;
  }

  /** The activation of a convolution: its own, or the layer after it. */
  #activation(own: ActivationName): Cap {
    const { path } = this.#at;
    const cap = own === "linear" ? this.#activationLayer() : capOf(own, path);
    if (cap === "linear") return cap;
    if (this.#cap !== undefined && this.#cap !== cap) throw misfit(path, "its activations all cap at the same value");
    this.#cap = cap;
    return cap;
  }

  #activationLayer(): Cap {
    const relu = this.#take(ReLU);
    if (relu !== undefined) {
      const { maxValue, negativeSlope, threshold } = relu.layer;
      if (negativeSlope === 0 && threshold === 0 && (maxValue === 6 || maxValue === null)) return maxValue;
      throw misfit(relu.path, "its activation is ReLU6 or ReLU");
    }
    const activation = this.#take(Activation);
    return activation === undefined ? "linear" : capOf(activation.layer.activation, activation.path);
  }

  /** What follows the last activation: nothing, pooling, or a classifier. */
  #top(): {
    readonly classifier: MobileNet<Values>["classifier"];
    readonly dropout: number;
    readonly activation: ActivationName;
  } {
    const features = { classifier: undefined, dropout: 0, activation: "linear" } as const;
    if (this.#at === this.#output) return features;
    if (this.#take(GlobalAveragePooling2D) === undefined) throw this.#unexpected("a GlobalAveragePooling2D");
    while (this.#take(Flatten) !== undefined || this.#take(Reshape) !== undefined);
    const dropout = this.#take(Dropout)?.layer.rate ?? 0;
    if (this.#at === this.#output) return { ...features, dropout };
    const dense = this.#take(Dense);
    if (dense === undefined) throw this.#unexpected("a Dense layer");
    const { layer, path } = dense;
    let { activation } = layer;
    if (activation === "linear") {
      if (this.#take(Softmax) !== undefined) activation = "softmax";
      else activation = this.#take(Activation)?.layer.activation ?? "linear";
    }
    if (this.#at !== this.#output) throw this.#unexpected("the end");
    const kernel = this.#weight(`${path}/kernel`);
    const units = kernel.shape[1] ?? 0;
    const bias = layer.useBias ? this.#weight(`${path}/bias`) : new Tensor([units], new Float32Array(units));
    return { classifier: { kernel, bias }, dropout, activation };
  }

  /** The one value that is made of the current one, apart from sums. */
  #following(): StepValue | undefined {
    const [only, ...more] = (this.#consumers.get(this.#at) ?? []).filter(({ step }) => !(step?.layer instanceof Add));
    if (more[0] !== undefined) throw misfit(more[0].path, "its layers follow one another, but for the sums");
    return only;
  }

  #next(kind: abstract new (...args: never[]) => Layer): boolean {
    return this.#following()?.step?.layer instanceof kind;
  }

  /** Steps over the next layer, if it is of that class, and gives it. */
  #take<L extends Layer>(
    kind: abstract new (...args: never[]) => L,
  ): { readonly layer: L; readonly path: string } | undefined {
    const next = this.#following();
    const layer = next?.step?.layer;
    if (next === undefined || !(layer instanceof kind)) return undefined;
    this.#at = next;
    return { layer, path: next.path };
  }

  #unexpected(wanted: string): Error {
    const next = this.#following();
    return next === undefined
      ? unsupportedError(`The model ends after '${this.#at.path}', where a MobileNetV2 has ${wanted}.`)
      : misfit(next.path, `there is ${wanted} at this place, not a ${next.step?.layer.className ?? "layer"}`);
  }
}

function checkPointwise({ isDepthwise, size, stride, cap, path }: Found, what: string, isActivated: boolean): void {
  if (isDepthwise || size !== 1 || stride !== 1 || (cap !== "linear") !== isActivated) throw misfit(path, what);
}

function capOf(activation: ActivationName, path: string): Cap {
  if (activation === "linear") return "linear";
  if (activation === "relu6") return 6;
  if (activation === "relu") return null;
  throw misfit(path, "its activation is ReLU6 or ReLU");
}

function misfit(path: string, expected: string): Error {
  return unsupportedError(
    `Layer '${path}' does not fit: the model is to be written as a MobileNetV2 of PyTorch's packages, and ${expected}.`,
  );
}
