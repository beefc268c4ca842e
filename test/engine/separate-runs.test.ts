import assert from "node:assert/strict";
import { test } from "node:test";
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { compile } from "../../src/engine/emit/compile.ts";
import { fold } from "../../src/lowering/fold.ts";
import { lower } from "../../src/lowering/lower.ts";
import { EngineMemory } from "../../src/engine/memory/memory.ts";
import { plan } from "../../src/engine/plan/plan.ts";
import { PackedWeights } from "../../src/engine/memory/weights.ts";
import { programOf } from "../../src/graph/program.ts";
import { TILINGS } from "../../src/kernels/f32/tilings.ts";
import { seedWeights } from "../support/seeded.ts";

test("separate runs, a run an operation, compute exactly what one run does", async () => {
  const model = await MobileNetV2({ alpha: 0.35, inputShape: [32, 32, 3], weights: null });
  seedWeights(model, "separate");
  const planned = plan(fold(lower(programOf(model.graph), [[32, 32, 3]])), { tiling: TILINGS.mul });

  async function scores(separate: boolean): Promise<{ runs: number; values: Float32Array }> {
    const memory = new EngineMemory();
    const weights = new PackedWeights(memory);
    weights.reserve(planned.operations);
    const arena = memory.reserveArena(planned.bytes);
    const { bytes, stages } = compile(planned, { arena, weights, shared: false, separate });
    const { instance } = await WebAssembly.instantiate(bytes, { env: { memory: memory.memory } });
    weights.refresh({ address: arena, bytes: planned.bytes });
    const [input] = planned.inputs;
    if (input !== undefined) {
      for (let row = 0; row < input.rows; row++) {
        const from = (arena + input.address) / 4 + row * input.stride;
        memory.floats.fill(0.5, from, from + input.length);
      }
    }
    for (const stage of stages) {
      assert.equal(stage.kind, "run");
      const run = stage.kind === "run" ? instance.exports[stage.name] : undefined;
      assert.ok(typeof run === "function");
      run();
    }
    const from = (arena + (planned.outputs[0]?.offset ?? 0)) / 4;
    return { runs: stages.length, values: memory.floats.slice(from, from + 1000) };
  }

  const [whole, separate] = [await scores(false), await scores(true)];
  assert.equal(whole.runs, 1);
  const computed = planned.operations.filter(({ kind }) => kind !== "alias").length;
  assert.equal(separate.runs, computed + (planned.zeros.bytes > 0 ? 1 : 0));
  assert.ok(Math.max(...whole.values) > 1e-3);
  assert.deepEqual(separate.values, whole.values);
});
