/** A system that shares less memory than a picture needs. In a process of its own: memory that others left behind could grow. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ThreadPool } from "../../../src/engine/threads/pool.ts";
import { answer, limitSharedMemory } from "./limited-memory.ts";

test("shared memory that cannot grow as far as a picture needs makes way for memory that can, for one thread", async () => {
  const right = await answer(1100, { threads: 1 });
  const asked = limitSharedMemory(1024);
  const { y, pages } = await answer(1100, { threads: 2, pool: new ThreadPool() });
  assert.deepEqual(y, right.y);
  assert.deepEqual(asked, [65536, 16384, 4096, 1024]);
  // What two threads do needs more than 1024 pages.
  assert.equal(pages, right.pages);
});
