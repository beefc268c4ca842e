/**
 * Run by wide.test.ts in a process of its own: the cases with vectors that V8 joins to 256 bits. Vectors are joined in optimized code only, so
 * that process has no other (`--no-liftoff`).
 */
import { enableWideSimd, machineFeatures } from "../../src/engine/wide-simd.ts";
import { engine } from "./executors.ts";
import { GRAPH_CASES } from "./graph-cases.ts";
import { LAYER_CASES } from "./layer-cases.ts";
import { runCases } from "./run-cases.ts";

const enabled = enableWideSimd();
const executor = engine("vectors joined to 256 bits", machineFeatures());
runCases({ ...executor, skip: enabled ? executor.skip : "V8 joins no vectors here" }, [...LAYER_CASES, ...GRAPH_CASES]);
