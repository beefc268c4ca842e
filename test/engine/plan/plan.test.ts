/** Plans of random programs: nothing is read that is not there any more, or not yet. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LARGE, SMALL, integersOf, operationsOf, planOf, randomProgram } from "./random-programs.ts";
import { assertHolds, assertSized } from "./simulation.ts";

/** The failure says which program it was. */
function named(seed: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    throw new Error(`program '${seed}': ${String(error)}`, { cause: error });
  }
}

describe("plans", () => {
  it("of 500 small random programs: values that are needed at once lie apart, and outputs stay to the end", () => {
    const kinds = new Set<string>();
    for (let i = 0; i < 500; i++) {
      const seed = `small ${i}`;
      const operations = operationsOf(randomProgram(seed, SMALL));
      named(seed, () => {
        const plan = planOf(operations);
        for (const { kind } of plan.operations) kinds.add(kind);
        assertHolds(plan, operations);
        assertSized(plan, operations);
      });
    }
    assert.deepEqual(
      [...kinds].toSorted(),
      ["affine", "alias", "clamp", "convolution", "host", "map", "pad", "pool", "softmax", "sum"],
      "all kinds of operations have come up",
    );
  });

  it("of 60 larger ones with chains, in one piece and in several: the same, and chains keep the rows that are needed", () => {
    const chains = new Map<number, number>();
    for (let i = 0; i < 60; i++) {
      const seed = `large ${i}`;
      const operations = operationsOf(randomProgram(seed, LARGE));
      for (const pieces of [1, 2, 3]) {
        named(seed, () => {
          const plan = planOf(operations, pieces);
          const found = plan.operations.filter(({ kind }) => kind === "chain").length;
          chains.set(pieces, (chains.get(pieces) ?? 0) + found);
          assertHolds(plan, operations);
          assertSized(plan, operations);
        });
      }
    }
    for (const [pieces, found] of chains) assert.ok(found >= 10, `${found} chains in ${pieces} pieces`);
    assert.equal(chains.size, 3);
  });

  it("of 40 quantized ones: the same, with the working memory of integers", async () => {
    const kinds = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const seed = `integers ${i}`;
      const operations = await integersOf(randomProgram(seed, SMALL));
      named(seed, () => {
        const plan = planOf(operations);
        for (const { kind } of plan.operations) kinds.add(kind);
        assertHolds(plan, operations);
        assertSized(plan, operations);
      });
    }
    for (const kind of ["quantize", "dequantize", "integer pad", "integer convolution", "integer mean"]) {
      assert.ok(kinds.has(kind), `${kind} has come up`);
    }
  });
});
