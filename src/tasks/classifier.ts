/** A model that classifies pictures: with the names of its classes, and the way in which it wants its pictures. */
import type { Prediction } from "../applications/class-names.ts";
import { decodePredictions } from "../applications/imagenet-utils.ts";
import { valueError } from "../core/errors.ts";
import { frozen } from "../core/frozen.ts";
import { checkOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import type { BytesSource } from "../platform/contract.ts";
import type { Labels } from "./labels.ts";
import type { OpenedModel } from "./opened-model.ts";
import type { PixelFacts } from "./pixels.ts";
import { answersWithLogits, requireNumbers, softmax } from "./scores.ts";

/** The options of `classify`. */
export interface ClassifyOptions {
  /** The number of classes to return, the best first. Default: 5. */
  readonly top?: number | undefined;
}

/** An output of a model, as Keras names it: by its layer. */
export interface ClassifierOutput {
  readonly name: string;
  /** The names of the classes, if the output is of their probabilities; undefined for other values, such as the corners of a box. */
  readonly labels: Labels | undefined;
}

/** A model with the names of its classes. It holds memory outside of JavaScript's: `dispose()` frees it, as does `using`. */
export interface Classifier extends Disposable {
  /** The name of the model. */
  readonly name: string;
  /** The source of the weights: `imagenet`, `nsfwjs`, the path or URL of a checkpoint, or `bytes`. */
  readonly weights: string;
  readonly model: OpenedModel;
  /** The width multiplier; undefined if the model is not recognized as a MobileNetV2. */
  readonly alpha: number | undefined;
  /** The height and width of the pictures, in pixels: one number if they are equal. */
  readonly size: number | readonly [rows: number, cols: number];
  /** The scaling of pixels, and where it is known from. */
  readonly pixels: PixelFacts;
  /** The names of the classes, in the order of the model's scores; of several outputs, those of the first that has classes. */
  readonly labels: Labels;
  /** The outputs of the model: one, but for models that say several things of a picture. */
  readonly outputs: readonly ClassifierOutput[];
  /** A picture as the model takes it: [rows, cols, channels]. @throws what `loadImg` throws. */
  prepare(picture: BytesSource): Promise<Tensor>;
  /**
   * The probabilities of all classes; if the model gives logits, their softmax.
   *
   * @param input a picture as `prepare` makes it, or a batch of them, [samples, rows, cols, channels]
   * @returns a tensor [samples, classes], with one sample for a single picture
   * @throws ShapeError, ValueError if the input does not fit the model, it has several outputs, or it answers with NaN or infinity.
   */
  scores(input: Tensor): Promise<Tensor<Float32Array>>;
  /**
   * What each of the `outputs` says, in their order: with one output, the `scores`; with several, their values as the model gives them.
   *
   * @param input as `scores` takes it
   * @throws ShapeError, ValueError if the input does not fit the model, or it answers with NaN or infinity.
   */
  answers(input: Tensor): Promise<readonly Tensor<Float32Array>[]>;
  /** The best classes of a picture, best first. @throws what `loadImg` throws. */
  classify(picture: BytesSource, options?: ClassifyOptions): Promise<readonly Prediction[]>;
  dispose(): void;
}

type ClassifierFacts = Pick<Classifier, "weights" | "alpha" | "size" | "pixels" | "labels" | "prepare"> & {
  /** Left out for one output, which has the labels. */
  readonly outputs?: readonly ClassifierOutput[] | undefined;
};

export class LoadedClassifier implements Classifier {
  readonly name: string;
  readonly weights: string;
  readonly model: OpenedModel;
  readonly alpha: number | undefined;
  readonly size: number | readonly [rows: number, cols: number];
  readonly pixels: PixelFacts;
  readonly labels: Labels;
  readonly outputs: readonly ClassifierOutput[];
  readonly prepare: (picture: BytesSource) => Promise<Tensor>;
  readonly #areLogits: boolean;

  constructor(model: OpenedModel, { weights, alpha, size, pixels, labels, outputs, prepare }: ClassifierFacts) {
    this.name = model.name;
    this.weights = weights;
    this.model = model;
    this.alpha = alpha;
    this.size = size;
    this.pixels = pixels;
    this.labels = frozen(labels);
    this.outputs = outputs ?? [{ name: model.output.node.layer.name, labels }];
    this.prepare = prepare;
    this.#areLogits = answersWithLogits(model.output);
  }

  async scores(input: Tensor): Promise<Tensor<Float32Array>> {
    const [answer, ...more] = await this.answers(input);
    if (answer !== undefined && more.length === 0) return answer;
    throw valueError(`Model '${this.name}' has ${more.length + 1} outputs, not one.`);
  }

  async answers(input: Tensor): Promise<readonly Tensor<Float32Array>[]> {
    const answers = (await this.model.predictAll(input)).map((answer) => requireNumbers(answer, this.name));
    const [only, ...more] = answers;
    if (only === undefined || more.length > 0) return answers;
    const samples = input.shape.length === 4 ? (input.shape[0] ?? 1) : 1;
    const rows = only.reshape([samples, only.size / samples]);
    return [this.#areLogits ? softmax(rows) : rows];
  }

  async classify(picture: BytesSource, options: ClassifyOptions = {}): Promise<readonly Prediction[]> {
    checkOptions("classify()", options, { top: true });
    const scores = await this.scores(await this.prepare(picture));
    const [predictions = []] = decodePredictions(scores, { top: options.top, labels: this.labels });
    return predictions;
  }

  dispose(): void {
    this.model.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
