/** The penalties that the layers' regularizers add to the loss and to the gradients (keras.regularizers: L1, L2, L1L2). */
import { MobileNetV2Error, show } from "../../core/errors.ts";
import { isRecord } from "../../layers/arguments.ts";
import type { Layer } from "../../layers/layer.ts";
import type { Weight } from "../../layers/weight.ts";

interface Penalty {
  /** The index of the weight among the trainable weights. */
  readonly index: number;
  readonly l1: number;
  readonly l2: number;
}

/** The penalties of all trainable weights that have a regularizer. */
export class Penalties {
  readonly #weights: readonly Weight[];
  readonly #penalties: readonly Penalty[];

  /** `weights` are the trainable weights; only their regularizers count. @throws UnsupportedError for constraints and for any other regularizer. */
  constructor(layers: ReadonlySet<Layer>, weights: readonly Weight[]) {
    this.#weights = weights;
    this.#penalties = [...layers].flatMap((layer) => penaltiesOf(layer, weights));
  }

  /** The sum of all penalties, to be added to the loss. */
  get loss(): number {
    let loss = 0;
    for (const { index, l1, l2 } of this.#penalties) {
      let magnitudes = 0;
      let squares = 0;
      for (const value of this.#weights[index]?.values ?? []) {
        magnitudes += Math.abs(value);
        squares += value * value;
      }
      loss += l1 * magnitudes + l2 * squares;
    }
    return loss;
  }

  /** Adds the gradients of the penalties to the weights' gradients, in place. */
  addTo(gradients: readonly Float32Array[]): void {
    for (const { index, l1, l2 } of this.#penalties) {
      const values = this.#weights[index]?.values ?? [];
      const gradient = gradients[index] ?? new Float32Array(0);
      for (let i = 0; i < values.length; i++) {
        const value = values[i] ?? 0;
        gradient[i] = (gradient[i] ?? 0) + l1 * Math.sign(value) + 2 * l2 * value;
      }
    }
  }
}

function penaltiesOf(layer: Layer, weights: readonly Weight[]): readonly Penalty[] {
  return Object.entries(layer.getConfig()).flatMap(([name, value]) => {
    if (value === null || value === undefined || !/(?:Regularizer|Constraint)$/.test(name)) return [];
    // DepthwiseConv2D's options call its kernel `depthwise`.
    const of = name.replace(/(?:Regularizer|Constraint)$/, "").replace("depthwise", "kernel");
    const index = weights.findIndex((weight) => weight.name === of && layer.weights.includes(weight));
    if (index < 0 && of !== "activity") return [];
    const factors = index >= 0 && name.endsWith("Regularizer") ? factorsOf(value) : undefined;
    if (factors === undefined) {
      throw new MobileNetV2Error(
        "UnsupportedError",
        `Layer '${layer.name}' has ${name}=${show(value)}. In training, only the regularizers L1, L2 and L1L2 of weights are known.`,
      );
    }
    return [{ index, ...factors }];
  });
}

/** The factors of a regularizer given as Keras's name or config, with Keras's defaults; undefined for any other regularizer. */
function factorsOf(value: unknown): { readonly l1: number; readonly l2: number } | undefined {
  const name: unknown = isRecord(value) ? (value["className"] ?? value["class_name"]) : value;
  const config: unknown = isRecord(value) ? value["config"] : undefined;
  const number = (key: "l1" | "l2", fallback: number): number => {
    const given = isRecord(config) ? config[key] : undefined;
    return typeof given === "number" ? given : fallback;
  };
  switch (typeof name === "string" ? name.toLowerCase().replaceAll("_", "") : undefined) {
    case "l1":
      return { l1: number("l1", 0.01), l2: 0 };
    case "l2":
      return { l1: 0, l2: number("l2", 0.01) };
    case "l1l2":
      return typeof value === "string" ? { l1: 0.01, l2: 0.01 } : { l1: number("l1", 0), l2: number("l2", 0) };
    default:
      return undefined;
  }
}
