/** The fastest differentiator that the machine has. */
import { TrainingEngine } from "../../engine/training/training-engine.ts";
import { machineFeatures } from "../../engine/wide-simd.ts";
import { differentiate } from "../../graph/differentiate.ts";
import type { MakeDifferentiator } from "./programs.ts";

/** The engine's; the layers' own, which are many times slower, where WebAssembly SIMD is missing. */
export const differentiatorOf: MakeDifferentiator = async (program, options) =>
  machineFeatures().simd ? await TrainingEngine.create(program, options) : differentiate(program, options);
