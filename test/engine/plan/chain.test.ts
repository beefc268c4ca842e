/** Which convolutions are chained, and which padding is spread: the same convolutions in the same order, and nothing that others see is left out. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chainConvolutions } from "../../../src/engine/plan/chain.ts";
import { spreadPadding } from "../../../src/engine/plan/spread-padding.ts";
import type { EngineOperation } from "../../../src/engine/operations.ts";
import { LARGE, SMALL, operationsOf, randomProgram, selectedOf } from "./random-programs.ts";
import { readsOf } from "./simulation.ts";

function uses(list: readonly EngineOperation[], value: number): number {
  return list.flatMap((operation) => readsOf(operation)).filter((read) => read === value).length;
}

describe("chains", () => {
  it("of 60 random programs: the same operations in the same order; what lies between is large, and nobody else's", () => {
    let links = 0;
    for (let i = 0; i < 60; i++) {
      const operations = selectedOf(operationsOf(randomProgram(`large ${i}`, LARGE)));
      for (const pieces of [1, 2]) {
        const { list, outputs } = chainConvolutions(operations, pieces);
        assert.deepEqual(
          list.flatMap((one): readonly EngineOperation[] => (one.kind === "chain" ? one.links : [one])),
          operations.list,
        );
        for (const operation of list) {
          if (operation.kind !== "chain") continue;
          assert.ok(operation.links.length > 1 && operation.output === operation.links.at(-1)?.output);
          for (const { output, to } of operation.links.slice(0, -1)) {
            links++;
            assert.equal(uses(operations.list, output), 1);
            assert.ok(!outputs.includes(output));
            assert.ok(to.rows * to.cols * to.channels * 4 >= 2 ** 18);
          }
        }
      }
    }
    assert.ok(links > 50, `${links} links`);
  });

  it("none where all that lies between stays in the cache", () => {
    for (let i = 0; i < 100; i++) {
      const operations = selectedOf(operationsOf(randomProgram(`no chain ${i}`, SMALL)));
      assert.deepEqual(chainConvolutions(operations, 1).list, operations.list);
    }
  });
});

describe("spread padding", () => {
  it("of 200 random programs: matrix convolutions have none left, others theirs, and what is around a picture has its size", () => {
    let spreads = 0;
    let direct = 0;
    for (let i = 0; i < 200; i++) {
      const operations = selectedOf(operationsOf(randomProgram(`padding ${i}`, SMALL)));
      const spread = spreadPadding(operations);
      assert.deepEqual(
        spread.list.filter(({ kind }) => kind === "convolution").map(({ output }) => output),
        operations.list.filter(({ kind }) => kind === "convolution").map(({ output }) => output),
      );
      for (const operation of spread.list) {
        if (operation.kind !== "convolution" || operation.groups === operation.from.channels) continue;
        assert.deepEqual(operation.window.pads, [
          [0, 0],
          [0, 0],
        ]);
      }
      for (const operation of spread.list.filter((one) => !operations.list.includes(one))) {
        if (operation.kind !== "pad") continue;
        spreads++;
        const { from, pads } = operation;
        const [rows, cols] = [pads[0][0] + from.rows + pads[0][1], pads[1][0] + from.cols + pads[1][1]];
        assert.deepEqual(spread.shapes[operation.output], [rows, cols, from.channels]);
      }
      for (const [position, border] of spread.padded) {
        direct++;
        assert.equal(uses(operations.list, operations.inputs[position] ?? -1), 1, "nobody else reads the picture");
        const { top, left, right, from } = border;
        const [rows = 0, cols = 0, channels] = spread.shapes[spread.inputs[position] ?? -1] ?? [];
        assert.deepEqual([cols, channels], [left + from.cols + right, from.channels]);
        assert.ok(rows >= top + from.rows);
      }
    }
    assert.ok(spreads > 50 && direct > 0, `${spreads}, of which ${direct} are written by the caller`);
  });
});
