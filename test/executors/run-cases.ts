/** Runs the cases against an executor. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Tensor } from "../../src/core/tensor.ts";
import { evaluate } from "../../src/graph/evaluate.ts";
import type { Program } from "../../src/graph/program.ts";
import { decibels, maxDifference, maxMagnitude } from "../support/compare.ts";
import type { ExecutorUnderTest } from "./executors.ts";

export interface Case {
  /** What is said if it fails. */
  readonly what: string;
  readonly program: Program;
  readonly inputs: readonly Tensor<Float32Array>[];
  /** Of all outputs; those of the layers' own forwards unless given. */
  readonly expected?: readonly Tensor<Float32Array>[];
}

export interface CaseGroup {
  readonly name: string;
  /** The largest error, relative to the largest magnitude (at least 1) of an output. */
  readonly within: number;
  /** The least signal over noise in integers; undefined for what has none, or too little signal. */
  readonly decibels?: number;
  cases(): Promise<Case[]> | Case[];
}

type Known = Required<Case>;

const known = new Map<CaseGroup, Promise<readonly Known[]>>();

/** The cases of a group with what is expected of them, found once for all executors. */
function casesOf(group: CaseGroup): Promise<readonly Known[]> {
  const found = known.get(group) ?? withExpected(group);
  known.set(group, found);
  return found;
}

async function withExpected(group: CaseGroup): Promise<readonly Known[]> {
  return (await group.cases()).map((one) => ({ ...one, expected: one.expected ?? evaluate(one.program, one.inputs) }));
}

export function runCases(executor: ExecutorUnderTest, groups: readonly CaseGroup[]): void {
  const { name, skip, floats, make } = executor;
  describe(name, { skip }, () => {
    for (const group of groups) {
      const least = group.decibels;
      if (!floats && least === undefined) continue;
      const tolerance = floats ? `within ${group.within}` : `${least} dB over noise`;
      it(`${group.name}: ${tolerance}`, async () => {
        for (const { what, program, inputs, expected } of await casesOf(group)) {
          using made = await make(program, inputs);
          const answers = await made.run(inputs);
          assert.equal(answers.length, expected.length, what);
          for (const [i, { shape, data }] of expected.entries()) {
            const answer = answers[i];
            assert.deepEqual(answer?.shape, shape, `${what}, output ${i}`);
            if (floats) {
              const difference =
                maxDifference(answer?.data ?? [], data) / Math.max(1, maxMagnitude(data.filter(Number.isFinite)));
              assert.ok(difference <= group.within, `${what}, output ${i}: off by ${difference}`);
            } else {
              const found = decibels(data, answer?.data ?? []);
              assert.ok(found > (least ?? Infinity), `${what}, output ${i}: ${found} dB`);
            }
          }
        }
      });
    }
  });
}
