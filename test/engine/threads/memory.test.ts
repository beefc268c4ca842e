/** Systems that refuse to share as much memory as is asked for, or any: fewer threads, the same answers. */
import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import { ThreadPool } from "../../../src/engine/threads/pool.ts";
import { answer, limitSharedMemory } from "./limited-memory.ts";

describe("shared memory", () => {
  afterEach(() => mock.restoreAll());

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
