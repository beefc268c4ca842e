/** Chooses the fastest differentiator that the machine has. */
import { differentiate } from "../graph/differentiate.ts";
import type { MakeDifferentiator } from "../graph/differentiator.ts";
import { TrainingEngine } from "./training/training-engine.ts";
import { machineFeatures } from "./wide-simd.ts";

/** The engine's, or without WebAssembly SIMD the layers' own, which is many times slower. */
export const differentiatorOf: MakeDifferentiator = async (program, options) =>
  machineFeatures().simd ? await TrainingEngine.create(program, options) : differentiate(program, options);
