/** The pool of threads, on tasks in which every step needs all of the step before. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ThreadPool } from "../../../src/engine/threads/pool.ts";
import { type Shape, alone, expected, synthetic } from "./synthetic.ts";

const SHAPES: readonly Shape[] = [
  { numbers: 1, most: 1, steps: 1 },
  { numbers: 100, most: 7, steps: 5 },
  { numbers: 5000, most: 300, steps: 40 },
  { numbers: 3, most: 1, steps: 60 },
];

describe("shares", () => {
  for (const shape of SHAPES) {
    it(`one thread does all of ${JSON.stringify(shape)}`, async () => {
      assert.deepEqual(await alone(shape), expected(shape));
    });
  }
});

describe("the pool", () => {
  for (const threads of [1, 2, 3, 8]) {
    it(`gives what one thread gives, exactly, run after run, with ${threads} threads`, async () => {
      const pool = new ThreadPool();
      for (const shape of SHAPES) {
        const { task, reset, result } = await synthetic(shape);
        pool.add(task);
        const right = expected(shape);
        for (let run = 0; run < 200; run++) {
          reset();
          await pool.exclusively(() => pool.run(task, 0, threads));
          assert.deepEqual(result(), right);
          // Lets workers arrive.
          if (run % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
        }
        pool.drop(task);
      }
    });
  }
});
