/** Describes a MobileNetV2 of PyTorch's packages in Keras's terms, under the names that keras.applications gives the layers. */
import { type Padding, correctPad } from "../../core/padding.ts";
import type { LayerConfig } from "../../layers/layer.ts";
import type { LayerDescription, ModelDescription, TensorReference } from "../checkpoint.ts";
import type { StoredTensor } from "../stored-tensor.ts";
import type { HeadLayer, InvertedResidual, MobileNet, Traits, Unit } from "./parts.ts";

export interface DescribedNet {
  readonly model: ModelDescription;
  readonly weights: ReadonlyMap<string, StoredTensor>;
}

/** @param head what follows the pooled features, if it is not the network's own classifier */
export function describeMobileNet(
  net: MobileNet<StoredTensor>,
  traits: Traits,
  head: readonly HeadLayer<StoredTensor>[] = [],
): DescribedNet {
  return new Describer(net, traits).described(head);
}

/** The epsilon and the momentum (in Keras's sense) of PyTorch's BatchNorm1d. */
const HEAD_NORMALIZATION = { epsilon: 1e-5, momentum: 0.9 };

class Describer {
  readonly #net: MobileNet<StoredTensor>;
  readonly #traits: Traits;
  readonly #layers: LayerDescription[] = [];
  readonly #weights = new Map<string, StoredTensor>();
  #size: Traits["size"];

  constructor(net: MobileNet<StoredTensor>, traits: Traits) {
    this.#net = net;
    this.#traits = traits;
    this.#size = traits.size;
  }

  described(headLayers: readonly HeadLayer<StoredTensor>[]): DescribedNet {
    const { stem, blocks, head, classifier } = this.#net;
    const image = this.#layer("InputLayer", "input_layer", {
      batchShape: [null, ...this.#size, stem.kernel.shape[2] ?? 0],
      dtype: "float32",
    });
    let x = this.#strided(image, stem, { className: "Conv2D", name: "Conv1", padName: "Conv1_pad", stride: 2 });
    x = this.#activated(x, stem, "bn_Conv1", "Conv1_relu");
    for (const [i, block] of blocks.entries()) x = this.#block(x, block, i === 0 ? "expanded_conv_" : `block_${i}_`);
    // Of Keras's 1 × 1 convolutions this one says `valid`.
    x = this.#pointwise(x, head, "Conv_1", "valid");
    x = this.#activated(x, head, "Conv_1_bn", "out_relu");
    x = this.#layer("GlobalAveragePooling2D", "global_average_pooling2d", {}, x);
    if (classifier !== undefined) {
      const { dropout, activation } = this.#traits;
      if (dropout > 0) x = this.#layer("Dropout", "dropout", { rate: dropout }, x);
      x = this.#layer("Dense", "predictions", { units: classifier.kernel.shape[1] ?? 0, activation }, x);
      this.#weights.set("predictions/kernel", classifier.kernel);
      this.#weights.set("predictions/bias", classifier.bias);
    }
    x = this.#head(x, headLayers);
    const model: ModelDescription = {
      className: "Functional",
      name: "mobilenetv2",
      trainable: true,
      layers: this.#layers,
      inputs: [image],
      outputs: [x],
    };
    return { model, weights: this.#weights };
  }

  /** The last layer with weights is called as the classifier of keras.applications, the others by Keras's own numbering. */
  #head(input: TensorReference, layers: readonly HeadLayer<StoredTensor>[]): TensorReference {
    let x = input;
    const counts = new Map<string, number>();
    const numbered = (name: string): string => {
      const count = counts.get(name) ?? 0;
      counts.set(name, count + 1);
      return count === 0 ? name : `${name}_${count}`;
    };
    for (const [i, layer] of layers.entries()) {
      if (layer.kind === "relu") x = this.#layer("ReLU", numbered("re_lu"), {}, x);
      else if (layer.kind === "normalization") {
        x = this.#normalized(x, layer, numbered("batch_normalization"), HEAD_NORMALIZATION);
      } else {
        const { kernel, bias } = layer;
        const name = i === layers.length - 1 ? "predictions" : numbered("dense");
        x = this.#layer("Dense", name, { units: kernel.shape[1] ?? 0, useBias: bias !== undefined }, x);
        this.#weights.set(`${name}/kernel`, kernel);
        if (bias !== undefined) this.#weights.set(`${name}/bias`, bias);
      }
    }
    return x;
  }

  #block(input: TensorReference, block: InvertedResidual<StoredTensor>, prefix: string): TensorReference {
    const { expand, depthwise, project, stride, dilation } = block;
    let x = input;
    if (expand !== undefined) {
      x = this.#pointwise(x, expand, `${prefix}expand`);
      x = this.#activated(x, expand, `${prefix}expand_BN`, `${prefix}expand_relu`);
    }
    x = this.#strided(x, depthwise, {
      className: "DepthwiseConv2D",
      name: `${prefix}depthwise`,
      padName: `${prefix}pad`,
      stride,
      dilation,
    });
    x = this.#activated(x, depthwise, `${prefix}depthwise_BN`, `${prefix}depthwise_relu`);
    x = this.#pointwise(x, project, `${prefix}project`);
    x = this.#normalized(x, project, `${prefix}project_BN`);
    return block.isResidual ? this.#layer("Add", `${prefix}add`, {}, input, x) : x;
  }

  /** A 3 × 3 convolution; one with a stride has its zeros before it, as keras.applications has them. */
  #strided(
    input: TensorReference,
    { kernel }: Unit<StoredTensor>,
    at: {
      readonly className: "Conv2D" | "DepthwiseConv2D";
      readonly name: string;
      readonly padName: string;
      readonly stride: number;
      readonly dilation?: number;
    },
  ): TensorReference {
    const { className, name, padName, stride, dilation = 1 } = at;
    let x = input;
    const [rows, cols] = this.#size;
    // Keras's first convolution says `same`, while the others have a layer of zeros: the same in effect, unless the size is not known.
    const isKnown = rows !== null && cols !== null;
    const padsAsKeras = className === "DepthwiseConv2D" && isKnown;
    const pads = stride === 2 && (padsAsKeras || this.#traits.padding === "symmetric");
    if (pads) {
      const symmetric = [
        [1, 1],
        [1, 1],
      ];
      const padding = this.#traits.padding === "symmetric" ? symmetric : correctPad(this.#size, 3);
      x = this.#layer("ZeroPadding2D", padName, { padding }, x);
    }
    const config = {
      kernelSize: 3,
      strides: stride,
      padding: pads ? "valid" : "same",
      dilationRate: dilation,
      useBias: false,
    };
    const filters = className === "Conv2D" ? { filters: kernel.shape[3] ?? 0 } : {};
    this.#size = isKnown ? [Math.ceil(rows / stride), Math.ceil(cols / stride)] : this.#size;
    this.#weights.set(`${name}/kernel`, kernel);
    return this.#layer(className, name, { ...filters, ...config }, x);
  }

  #pointwise(
    input: TensorReference,
    { kernel }: Unit<StoredTensor>,
    name: string,
    padding: Padding = "same",
  ): TensorReference {
    this.#weights.set(`${name}/kernel`, kernel);
    const filters = kernel.shape[3] ?? 0;
    return this.#layer("Conv2D", name, { filters, kernelSize: 1, padding, useBias: false }, input);
  }

  #normalized(
    input: TensorReference,
    unit: Omit<Unit<StoredTensor>, "kernel">,
    name: string,
    { epsilon, momentum }: Pick<Traits, "epsilon" | "momentum"> = this.#traits,
  ): TensorReference {
    this.#weights.set(`${name}/gamma`, unit.gamma);
    this.#weights.set(`${name}/beta`, unit.beta);
    this.#weights.set(`${name}/moving_mean`, unit.mean);
    this.#weights.set(`${name}/moving_variance`, unit.variance);
    return this.#layer("BatchNormalization", name, { epsilon, momentum }, input);
  }

  #activated(input: TensorReference, unit: Unit<StoredTensor>, name: string, reluName: string): TensorReference {
    const x = this.#normalized(input, unit, name);
    return this.#layer("ReLU", reluName, { maxValue: this.#traits.maxValue }, x);
  }

  #layer(className: string, name: string, config: LayerConfig, ...inputs: readonly TensorReference[]): TensorReference {
    const nodes = inputs.length === 0 ? [] : [inputs];
    this.#layers.push({ className, name, config: { name, ...config }, nodes });
    return { layer: name, node: 0, output: 0 };
  }
}
