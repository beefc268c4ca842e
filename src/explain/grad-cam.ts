/**
 * Grad-CAM (Selvaraju et al. 2017): a layer's channels, each weighted by the mean gradient of the class's score. As in the paper and in Keras's
 * example, the score is the logit, before softmax or sigmoid.
 */
import { MobileNetV2Error, valueError } from "../core/errors.ts";
import { MODEL } from "../graph/network.ts";
import { NUMBER, TEXT, check } from "../core/kinds.ts";
import { checkOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { executorOf } from "../engine/executor-of.ts";
import type { Differentiator, LossGradient } from "../graph/differentiator.ts";
import type { Executor } from "../graph/executor.ts";
import { programOf } from "../graph/program.ts";
import { splitProgram } from "../graph/split.ts";
import type { BaseModel } from "../models/base-model.ts";
import { type ExplainOptions, type Explanation, classOf, heatmapOf, pictureOf, weightedSum } from "./explanation.ts";
import { featureMapOf } from "./feature-maps.ts";

/** The options of `gradCam`. */
export interface GradCamOptions extends ExplainOptions {
  /**
   * The layer to explain by: its name, or its path if it is in a nested model (`mobilenetv2_0.35_96/out_relu`). Default: the last layer whose
   * output has rows and columns, `out_relu` in MobileNetV2. Earlier layers give finer maps, but say less about the class.
   */
  readonly layer?: string | undefined;
}

/**
 * Grad-CAM for one model and layer, prepared once for many pictures: the layers up to that one run only forwards. It holds memory until
 * `dispose()`; `using` disposes of it at the end of a block.
 */
export class GradCam {
  readonly #model: BaseModel;
  readonly #layer: string;
  readonly #base: Executor;
  readonly #tail: Differentiator;

  private constructor(model: BaseModel, layer: string, base: Executor, tail: Differentiator) {
    this.#model = model;
    this.#layer = layer;
    this.#base = base;
    this.#tail = tail;
  }

  /**
   * Prepares Grad-CAM for a model.
   * @throws ValueError if the model has no such layer, or several outputs; UnsupportedError for a quantized model
   */
  static async create(model: BaseModel, options: Pick<GradCamOptions, "layer"> = {}): Promise<GradCam> {
    checkOptions("GradCam.create()", options, { layer: TEXT });
    // Without type checks, a quantized model could get here.
    if (model instanceof Object && "predict" in model && !("graph" in model)) {
      throw new MobileNetV2Error(
        "UnsupportedError",
        "A model of integers has no gradient. Explain the one that it was made of.",
      );
    }
    check("GradCam.create()", "model", model, MODEL);
    const program = programOf(model.graph);
    if (program.outputs.length !== 1) {
      throw valueError(
        `Model '${model.name}' has ${program.outputs.length} outputs. One with one output can be explained.`,
      );
    }
    const { path, value } = featureMapOf(model, program, options.layer);
    const after = new Set([value]);
    for (const { inputs, output } of program.steps) if (inputs.some((input) => after.has(input))) after.add(output);
    after.delete(value);
    const split = splitProgram(
      { ...program, outputs: [...program.outputs, value] },
      ({ output }) => !after.has(output),
    );
    const { threads } = model;
    const { differentiatorOf } = await import("../engine/differentiator-of.ts");
    const tail = await differentiatorOf(split.tail, { training: false, weights: [], outputs: [1], threads });
    return new GradCam(model, path, await executorOf(split.base, { threads }), tail);
  }

  /**
   * Explains the prediction for a picture.
   * @param image one preprocessed picture, [rows, cols, channels] or [1, rows, cols, channels], as `predict` takes it
   * @throws ValueError if the picture does not fit, or there is no such class; UnsupportedError if a layer after the chosen one has no gradient
   */
  async explain(image: Tensor, options: ExplainOptions = {}): Promise<Explanation> {
    checkOptions("explain()", options, { classIndex: NUMBER });
    const values = await this.#base.run(pictureOf(image, this.#model));
    let asked: Pick<Explanation, "classIndex" | "score"> | undefined;
    const ofClass: LossGradient = ({ outputs: [answer], logits: [logits] }) => {
      if (answer === undefined) return [];
      asked = classOf(answer, options);
      const gradient = new Float32Array(answer.size);
      gradient[asked.classIndex] = 1;
      return [{ of: logits === undefined ? "output" : "logits", values: gradient }];
    };
    const { outputs, outputGradients } = await this.#tail.run(values, ofClass, { seed: 0 });
    const [, activations] = outputs;
    const [gradient] = outputGradients;
    if (asked === undefined || activations === undefined || gradient === undefined) {
      throw valueError(`Model '${this.#model.name}' has no output to explain.`);
    }
    const { shape } = activations;
    // The sum over the pixels in place of their mean: the factor does not matter, as the map is scaled in the end.
    const weights = new Float64Array(shape[3] ?? 0);
    for (const [i, value] of gradient.data.entries())
      weights[i % weights.length] = (weights[i % weights.length] ?? NaN) + value;
    const heatmap = heatmapOf(weightedSum(activations, weights), 0, shape);
    return { heatmap, ...asked, layer: this.#layer };
  }

  /** Frees the memory. The object cannot be used after that. */
  dispose(): void {
    this.#base.dispose();
    this.#tail.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Explains the prediction for a picture by Grad-CAM: a heat map of the regions that speak for a class. For many pictures, one
 * `GradCam.create` and an `explain` for each is faster.
 *
 * @param model the model, with one output
 * @param image one preprocessed picture, [rows, cols, channels] or [1, rows, cols, channels], as `predict` takes it
 * @throws ValueError if the picture does not fit, or there is no such layer or class; UnsupportedError if a layer after the chosen one has
 *   no gradient
 */
export async function gradCam(model: BaseModel, image: Tensor, options: GradCamOptions = {}): Promise<Explanation> {
  checkOptions("gradCam()", options, { layer: TEXT, classIndex: NUMBER });
  const { layer, classIndex } = options;
  using explainer = await GradCam.create(model, { layer });
  return await explainer.explain(image, { classIndex });
}
