/** Run by wide-simd.test.ts in a process of its own, as the switch is for a whole process: prints what it found as JSON. */
import { MobileNetV2 } from "../../src/applications/mobilenet-v2.ts";
import { Engine } from "../../src/engine/engine.ts";
import { enableWideSimd } from "../../src/engine/wide-simd.ts";
import { programOf } from "../../src/graph/program.ts";
import { features } from "../../src/wasm/features.ts";
import { maxDifference } from "../support/compare.ts";
import { seedWeights, seededInput } from "../support/seeded.ts";

const model = await MobileNetV2({ alpha: 0.35, inputShape: [96, 96, 3], weights: null, includeTop: false });
seedWeights(model, "wide");
const program = programOf(model.graph);
const x = seededInput("wide", [1, 96, 96, 3]);
const [before] = await (await Engine.create(program, { features: features() })).run([x]);
const enabled = enableWideSimd();
const again = enableWideSimd();
const engine = await Engine.create(program);
let difference = 0;
// Long enough for the optimized code to take over.
for (let i = 0; i < 150; i++) {
  const [after] = await engine.run([x]);
  difference = Math.max(difference, maxDifference(after?.data ?? [], before?.data ?? []));
}
console.log(JSON.stringify({ enabled, again, difference }));
