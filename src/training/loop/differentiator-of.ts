/** The fastest differentiator that the machine can run. */
import { TrainingEngine } from "../../engine/training/training-engine.ts";
import { machineFeatures } from "../../engine/wide-simd.ts";
import { differentiate } from "../../graph/differentiate.ts";
import type { MakeDifferentiator } from "./programs.ts";

/** The engine's differentiator; without WebAssembly SIMD, the layers' own scalar code, which is many times slower. */
export const differentiatorOf: MakeDifferentiator = async (program, options) =>
  machineFeatures().simd ? await TrainingEngine.create(program, options) : differentiate(program, options);
