/** Random programs on the engine, whole: lowering, folding, plans and kernels together keep what the layers compute. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LARGE, SMALL, type Random, randomProgram } from "./plan/random-programs.ts";
import { PLAIN, engineDifference, seededTensors } from "./run.ts";

async function assertSame(seed: string, { program, shapes }: Random, batch: number): Promise<void> {
  const inputs = seededTensors(shapes.map((shape) => [batch, ...shape]));
  for (const features of [undefined, PLAIN]) {
    const difference = await engineDifference(program, inputs, features);
    assert.ok(difference <= 1e-5, `program '${seed}': off by ${difference}`);
  }
}

describe("random programs equal the layers' own forwards, within 1e-5 of each output's largest magnitude", () => {
  it("80 small ones, with one picture and with two", async () => {
    for (let i = 0; i < 80; i++) {
      const seed = `engine ${i}`;
      await assertSame(seed, randomProgram(seed, SMALL), (i % 2) + 1);
    }
  });

  it("4 larger ones, with chains", async () => {
    for (let i = 0; i < 4; i++) {
      const seed = `chained ${i}`;
      await assertSame(seed, randomProgram(seed, { ...LARGE, sides: [48, 56] }), 1);
    }
  });
});
