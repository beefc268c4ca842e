/** Runs a graph on the engine and by the layers' own forwards, with seeded weights and inputs. */
import { Tensor } from "../../src/core/tensor.ts";
import { compile } from "../../src/engine/emit/compile.ts";
import { Engine } from "../../src/engine/engine.ts";
import { EngineMemory } from "../../src/engine/memory/memory.ts";
import type { Plan } from "../../src/engine/plan/plan.ts";
import { PackedWeights } from "../../src/engine/memory/weights.ts";
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

/** The first output of a plan for the first of these pictures, compiled by itself. */
export async function runPlan(planned: Plan, inputs: readonly Tensor<Float32Array>[]): Promise<Float32Array> {
  const memory = new EngineMemory();
  const weights = new PackedWeights(memory);
  weights.reserve(planned.operations);
  const arena = memory.reserveArena(planned.bytes);
  const { bytes, stages } = compile(planned, { arena, weights, shared: false });
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory: memory.memory } });
  weights.refresh({ address: arena, bytes: planned.bytes });
  for (const [i, { address, rows, length, stride }] of planned.inputs.entries()) {
    for (let row = 0; row < rows; row++) {
      const from = inputs[i]?.data.subarray(row * length, (row + 1) * length) ?? [];
      memory.floats.set(from, (arena + address) / 4 + row * stride);
    }
  }
  for (const stage of stages) {
    const run = stage.kind === "run" ? instance.exports[stage.name] : undefined;
    if (typeof run !== "function") throw new Error("only plans without steps of the host");
    run();
  }
  const [output] = planned.outputs;
  const from = (arena + (output?.offset ?? 0)) / 4;
  return memory.floats.slice(from, from + sizeOf(output?.shape ?? []));
}
