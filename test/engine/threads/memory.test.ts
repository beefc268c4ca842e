/** Systems that refuse to share as much memory as is asked for, or any: fewer threads, the same answers. */
import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import { MobileNetV2 } from "../../../src/applications/mobilenet-v2.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { ThreadPool } from "../../../src/engine/threads/pool.ts";
import { programOf } from "../../../src/graph/program.ts";
import { seedWeights, seededInput } from "../../support/seeded.ts";

/** Memory can be shared up to so many pages. Tells how many pages were asked for. */
function limitSharedMemory(most: number): readonly number[] {
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
  /** Of the engine. */
  readonly pages: number;
}

async function answer(rows: number, options: { threads: number; pool?: ThreadPool }): Promise<Answer> {
  const model = await MobileNetV2({ alpha: 0.35, inputShape: [rows, rows, 3], weights: null });
  seedWeights(model, "threads");
  using engine = await Engine.create(programOf(model.graph), options);
  const [y] = await engine.run([seededInput("threads", [1, rows, rows, 3])]);
  return { y: y?.data ?? new Float32Array(), pages: engine.memoryBytes / 65536 };
}

describe("shared memory", () => {
  afterEach(() => mock.restoreAll());

  // The first of all: no shared memory is left over from others, which could grow.
  it("that cannot grow as far as a picture needs makes way for memory that can, for one thread", async () => {
    const right = await answer(1100, { threads: 1 });
    const asked = limitSharedMemory(1024);
    const { y, pages } = await answer(1100, { threads: 2, pool: new ThreadPool() });
    assert.deepEqual(y, right.y);
    assert.deepEqual(asked, [65536, 16384, 4096, 1024]);
    // What two threads do needs more than 1024 pages.
    assert.equal(pages, right.pages);
  });

  it("is asked for in smaller and smaller sizes", async () => {
    const right = await answer(64, { threads: 1 });
    const asked = limitSharedMemory(4096);
    assert.deepEqual((await answer(64, { threads: 2, pool: new ThreadPool() })).y, right.y);
    assert.deepEqual(asked, [65536, 16384, 4096]);
  });

  it("is not needed", async () => {
    const right = await answer(64, { threads: 1 });
    limitSharedMemory(0);
    assert.deepEqual((await answer(64, { threads: 2, pool: new ThreadPool() })).y, right.y);
  });
});
