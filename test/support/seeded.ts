/** Seeded weights and inputs, the same bit for bit as the Python side of the references makes them. */
import { uniform } from "../../src/core/random.ts";
import { sizeOf } from "../../src/core/shape.ts";
import { Tensor } from "../../src/core/tensor.ts";
import type { Layer } from "../../src/layers/layer.ts";

const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  gamma: [0.5, 1.5],
  beta: [-0.5, 0.5],
  moving_mean: [-0.5, 0.5],
  moving_variance: [0.5, 1.5],
  bias: [-0.1, 0.1],
};

/** Gives every weight of the model's own layers its seeded value. */
export function seedWeights(model: { readonly layers: readonly Layer[] }, seed: string): void {
  for (const layer of model.layers) {
    for (const weight of layer.weights) {
      let range = RANGES[weight.name];
      if (weight.name === "kernel") {
        const fanIn =
          layer.className === "DepthwiseConv2D" ? sizeOf(weight.shape.slice(0, 2)) : sizeOf(weight.shape.slice(0, -1));
        range = [-Math.sqrt(6 / fanIn), Math.sqrt(6 / fanIn)];
      }
      if (range === undefined) throw new Error(`no seeded range for a weight named ${weight.name}`);
      weight.assign(uniform(`${seed}/${layer.name}/${weight.name}`, weight.size, ...range));
    }
  }
}

/** The input of a reference case: uniform in [-1, 1). */
export function seededInput(seed: string, shape: readonly number[]): Tensor<Float32Array> {
  return new Tensor(shape, uniform(`${seed}/input`, sizeOf(shape), -1, 1));
}
