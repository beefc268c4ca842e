/** Split programs give what the whole gives, whatever the cut. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { buildGraph } from "../../src/graph/graph.ts";
import { evaluate } from "../../src/graph/evaluate.ts";
import { type Step, programOf } from "../../src/graph/program.ts";
import { splitProgram } from "../../src/graph/split.ts";
import { Activation } from "../../src/layers/activations/activation.ts";
import { Add } from "../../src/layers/merging/add.ts";
import { Dense } from "../../src/layers/core/dense.ts";
import { Input } from "../../src/layers/core/input-layer.ts";
import { seededInput } from "../support/seeded.ts";

/** Two branches that meet again, and a second output from the middle. */
function example() {
  const input = Input({ shape: [3] });
  const a = new Dense({ units: 4, name: "a" }).apply(input);
  const b = new Dense({ units: 4, name: "b" }).apply(a);
  const c = new Activation({ activation: "tanh", name: "c" }).apply(a);
  const sum = new Add({ name: "sum" }).apply([b, c]);
  const d = new Dense({ units: 2, name: "d" }).apply(sum);
  return programOf(buildGraph([input], [d, c]));
}

describe("splitProgram", () => {
  const program = example();
  const x = seededInput("split", [2, 3]);
  const whole = evaluate(program, [x]).map(({ data }) => [...data]);
  const names = program.steps.map(({ layer }) => layer.name);

  for (let mask = 0; mask < 2 ** names.length; mask++) {
    const chosen = new Set(names.filter((_, i) => (mask >> i) & 1));
    it(`with {${[...chosen].join()}} for the base, gives the same bits`, () => {
      const { base, tail } = splitProgram(program, ({ layer }: Step) => chosen.has(layer.name));
      assert.equal(base.steps.length + tail.steps.length, program.steps.length);
      assert.equal(base.outputs.length, tail.inputs.length);
      const parts = evaluate(tail, evaluate(base, [x]));
      assert.deepEqual(
        parts.map(({ data }) => [...data]),
        whole,
      );
      assert.ok(base.steps.every(({ layer }) => chosen.has(layer.name)));
    });
  }

  it("passes as little as can be", () => {
    const { base, tail } = splitProgram(program, ({ layer }) => layer.name !== "d");
    assert.deepEqual(
      base.outputs.map((value) => base.shapes[value]),
      [
        [null, 4],
        [null, 4],
      ],
    );
    assert.deepEqual(
      tail.steps.map(({ layer }) => layer.name),
      ["d"],
    );
    const all = splitProgram(program, () => true);
    assert.deepEqual(all.tail.steps, []);
    assert.deepEqual(all.base.outputs.length, 2);
  });
});
