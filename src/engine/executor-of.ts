/** Chooses the fastest executor that the machine has. */
import { MobileNetV2Error } from "../core/errors.ts";
import { execute } from "../graph/execute.ts";
import type { Executor } from "../graph/executor.ts";
import type { Program } from "../graph/program.ts";
import { Engine, type EngineOptions } from "./engine.ts";
import { machineFeatures } from "./wide-simd.ts";

/**
 * An executor for a program: the WebAssembly engine, or without WebAssembly SIMD the layers' own forwards, which are many times slower.
 * @throws MissingError for integers without WebAssembly SIMD.
 */
export async function executorOf(program: Program, options: EngineOptions = {}): Promise<Executor> {
  const { features = machineFeatures(), transform } = options;
  if (features.simd) return await Engine.create(program, { ...options, features });
  if (transform === undefined) return execute(program);
  throw new MobileNetV2Error("MissingError", "A quantized model needs WebAssembly SIMD, which is missing here.");
}
