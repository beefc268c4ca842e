import assert from "node:assert/strict";
import { test } from "node:test";
import { Tally } from "../../src/tasks/tally.ts";

test("the tally: top-5 by Keras's order of equal scores, precision and recall, classes that are only answered", () => {
  const tally = new Tally(["a", "b", "c", "d", "e", "f", "g"]);
  tally.add("1", 0, [0.9, 0, 0, 0, 0, 0, 0.1]);
  tally.add("2", 6, [0.9, 0, 0, 0, 0, 0, 0.1]);
  tally.add("3", 6, [0.5, 0.1, 0.1, 0.1, 0.1, 0, 0.1]);
  tally.add("4", 1, [0, 0, 1, 0, 0, 0, 0]);
  assert.deepEqual([tally.pictures, tally.top1, tally.top5], [4, 0.25, 0.75]);
  assert.ok(Math.abs(tally.logLoss + (Math.log(0.9) + 2 * Math.log(0.1) + Math.log(1e-7)) / 4) < 1e-12);
  const byName = new Map(tally.classes().map((one) => [one.name, one]));
  assert.deepEqual([...byName.keys()], ["a", "b", "c", "g"]);
  assert.deepEqual(byName.get("a"), {
    index: 0,
    name: "a",
    pictures: 1,
    top1: 1,
    top5: 1,
    answered: 3,
    precision: 1 / 3,
    recall: 1,
    f1: 0.5,
    takenFor: undefined,
  });
  assert.deepEqual([byName.get("g")?.takenFor, byName.get("g")?.recall], [{ name: "a", pictures: 2 }, 0]);
  assert.deepEqual([byName.get("c")?.recall, byName.get("c")?.precision], [undefined, 0]);
  assert.equal(tally.mistakes.length, 3);
});

test("a class that there is not, and another number of scores, are refused and not counted", () => {
  const tally = new Tally(["a", "b"]);
  assert.throws(() => tally.add("x.png", 2, [0.5, 0.5]), {
    code: "ValueError",
    message: "The tally is of 2 classes. Received: class 2 and 2 scores for x.png",
  });
  assert.throws(() => tally.add("x.png", 0, [1]), { code: "ValueError" });
  assert.deepEqual([tally.pictures, tally.mistakes.length], [0, 0]);
});
