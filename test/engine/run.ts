/** Runs a graph on the engine and by the layers' own forwards, with seeded weights and inputs. */
import { Tensor } from "../../src/core/tensor.ts";
import { Engine } from "../../src/engine/engine.ts";
import { evaluate } from "../../src/graph/evaluate.ts";
import { buildGraph } from "../../src/graph/graph.ts";
import { type Program, programOf } from "../../src/graph/program.ts";
import type { KerasTensor } from "../../src/layers/layer.ts";
import { uniform } from "../../src/core/random.ts";
import { sizeOf } from "../../src/core/shape.ts";
import type { Features } from "../../src/wasm/features.ts";
import { maxDifference, maxMagnitude } from "../support/compare.ts";
import { seedWeights } from "../support/seeded.ts";

export function seededProgram(
  inputs: KerasTensor | readonly KerasTensor[],
  outputs: KerasTensor | readonly KerasTensor[],
): Program {
  const graph = buildGraph([inputs].flat(), [outputs].flat());
  seedWeights(graph, "engine");
  return programOf(graph);
}

export function seededTensors(shapes: readonly (readonly number[])[]): Tensor<Float32Array>[] {
  return shapes.map((shape, i) => new Tensor(shape, uniform(`engine/input ${i}`, sizeOf(shape), -1, 1)));
}

export const PLAIN: Features = { simd: true, relaxedSimd: false, wideSimd: false };

/** The largest difference over all outputs, relative to the largest magnitude (at least 1) of each. */
export async function engineDifference(
  program: Program,
  inputs: readonly Tensor<Float32Array>[],
  features?: Features,
): Promise<number> {
  using engine = await Engine.create(program, features === undefined ? {} : { features });
  const actual = await engine.run(inputs);
  const expected = evaluate(program, inputs);
  const differences = expected.map(({ shape, data }, i) => {
    if (actual[i]?.shape.join() !== shape.join())
      throw new Error(`shape ${actual[i]?.shape.join()}, expected ${shape.join()}`);
    return maxDifference(actual[i]?.data ?? [], data) / Math.max(1, maxMagnitude(data));
  });
  return Math.max(...differences);
}
