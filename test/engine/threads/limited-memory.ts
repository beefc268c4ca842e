/** An engine's answers on systems that do not share as much memory as is asked for. */
import { mock } from "node:test";
import { MobileNetV2 } from "../../../src/applications/mobilenet-v2.ts";
import { Engine } from "../../../src/engine/engine.ts";
import type { ThreadPool } from "../../../src/engine/threads/pool.ts";
import { programOf } from "../../../src/graph/program.ts";
import { seedWeights, seededInput } from "../../support/seeded.ts";

/** Memory can be shared up to so many pages. Tells how many pages were asked for. */
export function limitSharedMemory(most: number): readonly number[] {
  const asked: number[] = [];
  const { Memory } = WebAssembly;
  const Limited = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      if (descriptor.shared === true) {
        asked.push(descriptor.maximum ?? 0);
        if ((descriptor.maximum ?? 0) > most) throw new RangeError("could not allocate memory");
      }
      super(descriptor);
    }
  };
  mock.property(WebAssembly, "Memory", Limited);
  return asked;
}

interface Answer {
  readonly y: Float32Array;
  /** The pages of 64 KiB that the engine holds. */
  readonly pages: number;
}

export async function answer(rows: number, options: { threads: number; pool?: ThreadPool }): Promise<Answer> {
  const model = await MobileNetV2({ alpha: 0.35, inputShape: [rows, rows, 3], weights: null });
  seedWeights(model, "threads");
  using engine = await Engine.create(programOf(model.graph), options);
  const [y] = await engine.run([seededInput("threads", [1, rows, rows, 3])]);
  return { y: y?.data ?? new Float32Array(), pages: engine.memoryBytes / 65536 };
}
